"""`python -m ganart VERB …`."""

from ganart.cli import main

main()
