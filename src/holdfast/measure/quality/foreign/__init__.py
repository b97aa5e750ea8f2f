"""Reads what other tools measured: logs of Inspect, results of lm-evaluation-harness. Nothing in them is run."""
