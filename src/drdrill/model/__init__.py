"""Floor 0: the nouns. Frozen values and ports, no input or output."""
