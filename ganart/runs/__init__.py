"""Run folders: written, found, read and summed up."""
