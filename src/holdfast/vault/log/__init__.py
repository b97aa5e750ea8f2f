"""The vault's append-only log: a Merkle tree of events in C2SP tlog-tiles, under signed checkpoints.

docs/format.md#log is its law.
"""
