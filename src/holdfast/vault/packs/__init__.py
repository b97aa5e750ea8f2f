"""Packs: files of frames with their index at the end, written once, named by their digest. docs/format.md, "Pack"."""
