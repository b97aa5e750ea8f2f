"""Load: requests on a schedule, stamps of what comes back, and the client's own error. Reports no figure itself."""
