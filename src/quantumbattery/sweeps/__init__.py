"""Many points: sweeps that are parallel and go on after any stop, and studies that files describe.

A sweep knows a function of a point, and not what the function works out; a study knows systems.
"""
