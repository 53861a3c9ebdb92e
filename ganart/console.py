"""The one place where ganart speaks to the terminal."""

from __future__ import annotations

import codecs
import io
import os
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, NoReturn, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.text import Text

from ganart.foreign import printable

SECONDS_PER_LINE = 10.0
"""In a pipe or a log file, long work says how far it is as often as this."""

SUBSTITUTES = str.maketrans(
    {"×": "x", "…": "...", "·": "-", "±": "+-", "↓": "v", "↑": "^", "▇": "#", "ı": "i", "ß": "ss"}
)
"""What stands for a letter that an encoding does not have, where taking off its accents is not enough."""


def substitute(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return plain letters for what an encoding cannot hold, and a question mark where there are none."""
    assert isinstance(error, UnicodeEncodeError)
    wanted = error.object[error.start : error.end].translate(SUBSTITUTES)
    bare = (unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() for letter in wanted)
    return "".join(letter or "?" for letter in bare), error.end


codecs.register_error("ganart", substitute)


class Stream(io.TextIOBase):
    """A stream, or standard output or error as it is at the moment; nothing that happens to the text ends a command.

    Letters that the encoding cannot hold are written with substitutes. What cannot be written at all, because the
    reader of a pipe has gone or a disk is full, is dropped, and so is everything after it.
    """

    def __init__(self, stream: TextIO | str | None) -> None:
        self._stream = stream

    @property
    def _now(self) -> TextIO | None:
        stream = getattr(sys, self._stream) if isinstance(self._stream, str) else self._stream
        return cast(TextIO | None, getattr(stream, "rich_proxied_file", stream))

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._now, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        stream = self._now
        if stream is not None:
            shown = text.encode(self.encoding, "ganart").decode(self.encoding)
            attempt(lambda: stream.write(shown), stream)
        return len(text)

    def flush(self) -> None:
        stream = self._now
        if stream is not None:
            attempt(stream.flush, stream)

    def isatty(self) -> bool:
        return self._now is not None and self._now.isatty()

    def fileno(self) -> int:
        if self._now is None:
            raise io.UnsupportedOperation("fileno")
        return self._now.fileno()


def attempt(write: Callable[[], object], stream: TextIO) -> None:
    """Call `write`, which writes to `stream`; where that fails, turn the stream to nowhere.

    Else what it holds back would be tried again at exit.
    """
    try:
        write()
    except OSError:
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


class Terminal(Console):
    """Rich's console, for names from anybody's files: brackets are no markup, and nothing in them is obeyed."""

    def __init__(self, name: str) -> None:
        stream = cast(Any, Stream(name))
        super().__init__(file=stream, stderr=name == "stderr", highlight=False, markup=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(printable(text), style)


console = Terminal("stdout")
error_console = Terminal("stderr")


@contextmanager
def printing_anything() -> Iterator[None]:
    """Let no output of others, Hydra's help for one, end a command either."""
    with redirect_stdout(Stream(sys.stdout)), redirect_stderr(Stream(sys.stderr)):
        try:
            yield
        finally:
            sys.stdout.flush()


def fail(message: str, status: int = 1) -> NoReturn:
    """Tell the user what is wrong, and end."""
    error_console.print(message, soft_wrap=True)
    sys.exit(status)


def remark(word: str, style: str, rest: str) -> None:
    """Print `word` in `style`, and `rest` as it is."""
    console.print(Text.assemble((word, style), " ", rest), soft_wrap=True)


@contextmanager
def progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and a line every ten seconds elsewhere.

    Yields what to call with the number of things done since.
    """
    done, begun = 0, time.monotonic()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

    def line() -> str:
        seconds = time.monotonic() - begun
        left = f", {clock(seconds / done * (total - done))} left" if done else ""
        return f"{description}: {done:,}/{total:,}{left}"

    with (
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
        said_meanwhile(line),
    ):
        task = bar.add_task(description, total=total)

        def advance(count: int) -> None:
            nonlocal done
            done += count
            bar.advance(task, count)

        yield advance


@contextmanager
def working(description: str) -> Iterator[None]:
    """Show that something is being done of which nobody knows how far it is."""
    begun = time.monotonic()
    if console.is_terminal:
        with console.status(Text(description)):  # of a string it would read brackets as markup
            yield
        return
    with said_meanwhile(lambda: f"{description}: {clock(time.monotonic() - begun)} so far"):
        yield


@contextmanager
def said_meanwhile(line: Callable[[], str]) -> Iterator[None]:
    """Print `line()` every ten seconds, where there is no terminal to show anything livelier on."""
    if console.is_terminal:
        yield
        return
    done = threading.Event()

    def speak() -> None:
        while not done.wait(SECONDS_PER_LINE):
            console.print(line(), soft_wrap=True)

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield
    finally:
        done.set()
        speaker.join()


def clock(seconds: float) -> str:
    """Seconds as 2:05 or 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
