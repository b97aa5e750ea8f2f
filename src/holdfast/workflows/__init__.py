"""One file per verb: the only place where the subjects meet."""
