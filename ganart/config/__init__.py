"""Configurations: their values, the targets they may name, building, and error messages for users."""
