"""Database snapshots of the lab: real base backups on a shelf in each region, really copied over a link, really restored."""
