"""What `import ganart` offers: runs, training, scores and parts for notebooks and programs."""
