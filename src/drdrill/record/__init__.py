"""Floor 2: crash-safe writers of the record, and its reader."""
