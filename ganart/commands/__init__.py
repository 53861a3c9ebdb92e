"""The verbs of the command line, one file each: compose the configuration, call what does it, say what came of it."""
