"""Gaussian states: oscillators by means and covariances, where H and losses are quadratic."""
