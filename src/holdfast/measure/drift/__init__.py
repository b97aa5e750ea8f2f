"""Whether the served distribution changed: bets against *nothing changed*, valid at every look. Records and arrays in,
records out; it asks nobody, reads no clock and keeps nothing.
"""
