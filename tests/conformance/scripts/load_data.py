"""Reads a data set by its hub name with datasets, whole and as a stream: prints its rows. Argument: the name."""

import json
import sys

import datasets

name = sys.argv[1]
whole = [dict(row) for row in datasets.load_dataset(name, split="train")]
streamed = [dict(row) for row in datasets.load_dataset(name, split="train", streaming=True)]
print(json.dumps({"whole": whole, "streamed": streamed}))
