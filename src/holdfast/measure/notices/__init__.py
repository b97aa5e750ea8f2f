"""The catalogue watch: notices of retirement read from files and feeds, and withdrawals told from outages."""
