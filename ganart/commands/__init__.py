"""The verbs of the command line, one file each: they compose a configuration, call the library and print results."""
