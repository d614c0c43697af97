"""Floor 1: replication that the bank manages itself, one adapter for each engine. Speaks SQL, and knows no AWS."""
