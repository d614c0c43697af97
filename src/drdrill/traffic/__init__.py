"""Floor 3: customers: open-loop load, the prober, and how each request is sent and recorded."""
