"""Floor 4: the instrument is tested like any other. Known outages and known losses, judged as a drill is judged."""
