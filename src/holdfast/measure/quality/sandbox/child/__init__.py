"""What runs in the sandbox's processes: Python's own library alone."""
