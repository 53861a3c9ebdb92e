"""What is typed: arguments, personal defaults, shell completion, run directories; all before Hydra composes."""
