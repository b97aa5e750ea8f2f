"""The book of a watch: an append-only chain of signed entries in SQLite or PostgreSQL. docs/watchbook.md is its law."""
