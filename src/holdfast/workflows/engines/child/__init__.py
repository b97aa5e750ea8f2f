"""What runs in an engine's own Python, where holdfast is not installed: the standard library and the engine alone."""
