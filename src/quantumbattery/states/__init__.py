"""How a state is held: kets, or elements of its density matrix, in blocks; and what is read of it.

It knows what can be reached, and not how anything moves.
"""
