"""New pictures from trained generators: recipes, the painter, origins."""
