"""Run folders: writing, finding, reading, summaries."""
