"""Configurations: what they may name, what is built from them, and messages for users."""
