"""Floor 3: nothing is left broken: undo records, healing, the watchdog."""
