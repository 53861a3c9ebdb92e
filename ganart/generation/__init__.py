"""Generation with trained generators: recipes, latents, the painter, and origins of pictures."""
