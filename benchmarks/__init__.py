"""What drdrill costs, always as a ratio to something else that was measured in the same run."""
