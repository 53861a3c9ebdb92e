"""The command line before Hydra composes: arguments, personal defaults, shell completion, run directories."""
