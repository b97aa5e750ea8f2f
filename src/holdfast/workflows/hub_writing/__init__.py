"""Writing to the vault as a hub's clients do: repositories, uploads, commits, branches and tags. It knows no HTTP."""
