"""Files: places, safe reading, atomic writing, the cache."""
