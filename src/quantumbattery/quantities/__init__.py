"""Checked numbers: parameters and matrices as they come in, names and units as they go out.

Ground floor: it knows no battery, no system and no solver.
"""
