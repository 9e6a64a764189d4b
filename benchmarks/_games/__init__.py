"""What the benchmarks of training share: runs that go on where they were, and known mixtures."""
