"""Reed-Solomon parity over groups of immutable files: damage is found by digest and rebuilt as erasures.

Bytes are handed over only when they match the name of what they belong to. What cannot be rebuilt is named, and left
as it is.
"""
