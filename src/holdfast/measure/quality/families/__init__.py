"""Families of tasks that are made here: endless, never published, each with a check that needs no judge."""
