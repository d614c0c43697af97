"""PostgreSQL as the data plane of the lab's Aurora: binaries, clusters, and what is asked of them."""
