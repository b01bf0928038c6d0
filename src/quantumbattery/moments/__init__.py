"""Means and covariances of oscillators, where the Hamiltonian and losses are quadratic."""
