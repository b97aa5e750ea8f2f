"""Measure: how fast, how good and how dear an endpoint is, with intervals, and the client's own error beside them."""
