"""Models on disk: caches, stores and loose files, told apart by layout and headers. Runs and loads nothing."""
