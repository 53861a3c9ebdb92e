"""Reading of picture files and label tables."""
