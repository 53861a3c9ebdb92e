"""The one place where ganart speaks to the terminal."""

import sys
from typing import NoReturn

from rich.console import Console

console = Console(highlight=False)
error_console = Console(stderr=True, highlight=False)


def fail(message: str, status: int = 1) -> NoReturn:
    """Tell the user what is wrong, and end."""
    error_console.print(message, markup=False, soft_wrap=True)
    sys.exit(status)
