"""A strict subset of JSON Schema 2020-12: what it does not know it refuses, instead of passing over it."""
