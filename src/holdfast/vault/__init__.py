"""The tensor-aware archive: objects, packs, catalogue, verification, repair, pruning. docs/format.md is its law."""
