"""What a data set holds: counts, colours, duplicates, contact sheet."""
