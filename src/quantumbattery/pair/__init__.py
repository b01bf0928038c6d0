"""The founding pair of qubits in closed form.

It knows formulas over arrays; what is no Bloch preparation it hands to `charging`.
"""
