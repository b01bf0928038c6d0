"""Figures of merit of any state: energies, ergotropies, and what correlations hold.

Each formula stands under its public name. No function here knows a system: all take a density
matrix, and the Hamiltonian that measures it.
"""
