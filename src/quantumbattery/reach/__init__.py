"""Which states a preparation can reach, found from local terms and never from the product space.

It knows descriptions, and neither times nor numbers: coefficients stay symbols.
"""
