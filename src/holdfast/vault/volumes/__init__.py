"""Bundles: many files as few volumes of a chosen size, with digests and parity, to be carried over a gap."""
