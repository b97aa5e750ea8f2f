"""The command line: words in, tables or JSON out, one exit code per kind of failure."""
