"""The entry point of `python -m ganart VERB …`."""

from ganart.cli import main

if __name__ == "__main__":  # a configuration may name this module, and importing it must run nothing
    main()
