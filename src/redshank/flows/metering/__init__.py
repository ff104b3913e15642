"""How the meter works inside: the flow table, its kernels, and rows made of it; flows/meter.py is the way in."""
