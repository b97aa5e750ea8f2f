"""Runs code that a model wrote where it can harm nothing: no network, no files, little memory and time."""
