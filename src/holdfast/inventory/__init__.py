"""Which models does this code, host or cluster use? Reads files; never imports, runs or fetches them."""
