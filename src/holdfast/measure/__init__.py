"""Measure: how fast, how good and how dear an endpoint is, with intervals, and with the client's own error beside it."""
