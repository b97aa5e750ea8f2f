"""The kinds of checks that suites can name. Each judges one answer alone, and never raises for what a model wrote."""
