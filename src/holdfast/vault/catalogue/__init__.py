"""The catalogue: SQL tables for finding things quickly. Never the truth: all of it is made anew from the packs."""
