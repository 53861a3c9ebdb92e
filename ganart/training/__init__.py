"""Training runs: checks, assembly, processes, resuming."""
