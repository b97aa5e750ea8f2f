"""Xet: files cut into chunks by their content, chunks gathered in xorbs, files told in shards. Bytes to records."""
