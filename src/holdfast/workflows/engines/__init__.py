"""Engines that run kept copies: what is installed, which fits, and how each is started without a network."""
