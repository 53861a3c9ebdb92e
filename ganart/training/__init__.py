"""One training run: checks, assembly, processes, resuming."""
