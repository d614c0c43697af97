"""Floor 3: reading back what survived, one reader for each kind of store."""
