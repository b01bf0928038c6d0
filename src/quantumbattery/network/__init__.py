"""The description: sites, what links them, what drives them, and how each of them starts.

Frozen values that are equal when equal. A network knows no solver, and nothing here moves in time.
"""
