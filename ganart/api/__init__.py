"""The Python interface of `import ganart`: runs, training, scores and parts, for notebooks and programs."""
