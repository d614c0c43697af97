"""The two-region lab: real processes, real PostgreSQL, real relays, on one machine's loopback."""
