"""Floor 3: the steps of a recovery: detect, promote, route, hold."""
