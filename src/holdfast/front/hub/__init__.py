"""The vault as a hub: the HTTP that tools for models speak already. It asks workflows.serve, and knows no packs."""
