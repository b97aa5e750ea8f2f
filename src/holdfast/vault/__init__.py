"""The tensor-aware archive: objects, packs, the catalogue, verification, repair and pruning. docs/format.md is its law."""
