"""The nouns that cross package boundaries, the error tree, and canonical JSON. Standard library only."""
