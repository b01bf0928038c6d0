"""How states move: one file for each method, all asked for the same few things.

It knows blocks of numbers, and neither batteries nor figures of merit.
"""
