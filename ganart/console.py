"""The one place where ganart speaks to the terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.segment import Segment

from ganart.foreign import printable


class PrintableConsole(Console):
    """Rich's, with whatever a terminal would obey taken out of what is said: names come from anybody's files."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(printable(text), style)


console = PrintableConsole(highlight=False)
error_console = PrintableConsole(stderr=True, highlight=False)


def fail(message: str, status: int = 1) -> NoReturn:
    """Tell the user what is wrong, and end."""
    error_console.print(message, markup=False, soft_wrap=True)
    sys.exit(status)


@contextmanager
def progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and nothing elsewhere; yields what to call with the number of things done since."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done: bar.advance(task, done)
