"""`python -m ganart VERB …`."""

from ganart.cli import main

if __name__ == "__main__":  # a configuration may name it, and is not to run it
    main()
