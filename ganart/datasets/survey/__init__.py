"""The survey of a data set: counts, colours, duplicates, contact sheet."""
