"""The run file: everything that was measured and what it was measured with, in one zip that any tool opens."""
