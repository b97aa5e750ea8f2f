"""Shared by every test: makes `tests` importable, so that factories such as tests.reports can be used."""

from hypothesis import settings

settings.register_profile("fuzz", max_examples=20_000, deadline=None)
settings.register_profile("soak", max_examples=200_000, deadline=None)
