"""Shared by every test: makes `tests` importable, so that factories such as tests.reports can be used."""
