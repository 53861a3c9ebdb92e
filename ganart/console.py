"""Output on the terminal: wrapped lines, progress bars, and streams that survive bad encodings and closed pipes."""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, NoReturn, TextIO, cast

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task
from rich.segment import Segment
from rich.text import Text

from ganart.files.foreign import printable

SECONDS_PER_LINE = 10.0
"""Time between two lines of progress in a pipe or a log file."""

BAR, LINE = 16, 80
"""Columns of a bar, and of a line where the width of the terminal is not known."""

SUBSTITUTES = str.maketrans(
    {"×": "x", "…": "...", "·": "-", "±": "+-", "↓": "v", "↑": "^", "▇": "#", "ı": "i", "ß": "ss"}
)
"""Substitutes for characters that an encoding lacks and that have no unaccented form."""


def substitute(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return ASCII substitutes for characters that an encoding lacks, a question mark where there are none."""
    assert isinstance(error, UnicodeEncodeError)
    wanted = error.object[error.start : error.end].translate(SUBSTITUTES)
    bare = (unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() for letter in wanted)
    return "".join(letter or "?" for letter in bare), error.end


codecs.register_error("ganart", substitute)


class Stream(io.TextIOBase):
    """A stream, or by its name the current standard output or error, that never raises on writing.

    Characters that the encoding lacks are replaced by substitutes. If writing fails, because a pipe is closed or a disk
    is full, this text and all later text is dropped.
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
    """Call `write`, which writes to `stream`; if that fails, redirect the stream to the null device.

    Otherwise Python would try to flush its buffer again at exit.
    """
    try:
        write()
    except OSError:
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


class Terminal(Console):
    """Rich's console for untrusted names: brackets are not markup, and control characters are not printed."""

    def __init__(self, name: str) -> None:
        stream = cast(Any, Stream(name))
        super().__init__(file=stream, stderr=name == "stderr", highlight=False, markup=False, emoji=False)

    def say(self, words: str | Text, style: str = "", indent: int | None = None) -> None:
        """Print lines of text: on a terminal wrapped between words, elsewhere whole, for programs that read lines.

        Args:
            words: one line or several; a `Text` keeps its styles.
            style: the style of the whole text.
            indent: indent of continuation lines; None: that of the text after the label, or two columns.
        """
        for line in (words if isinstance(words, Text) else Text(words)).split("\n", allow_blank=True):
            for part in wrapped(line, self.width, indent) if self.is_terminal else [line]:
                self.print(part, style=style or None, soft_wrap=True)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(printable(text), style)


# ---------------------------------------------------------------------------------------------- lines that fit

LABEL = re.compile(r" *\S+(?: \S+)*? {2,}| +\d+\. ")
"""The label of a line, `scores    …` or `  1. …`; continuation lines are indented to the text after it."""

COMMAND = re.compile(r"(?:(?<=: )|(?<= {2}))ganart [a-z]+(?= |$).*$|(?<=^ {2})[\w.@]+=\S.*$")
"""A command, or overrides for one, at the end of a line, to be copied by the user."""

SHELL_WORD = re.compile(r"(?:'[^']*'|\"(?:\\.|[^\"])*\"|\\.|[^\s'\"])+|\S+")
LARGEST_INDENT = 30


def wrapped(line: Text, width: int, indent: int | None = None) -> list[Text]:
    """Break `line` between words into lines of `width` columns; a longer word stays whole, to be copied.

    A command at the end that does not fit begins a new line; if it is longer than one line, its lines end with a
    backslash, so that it can be pasted.
    """
    if cell_len(line.plain) <= width:
        return [line]
    if indent is None:
        indent = _indent_of(line.plain)
    command = COMMAND.search(line.plain)
    words = [found.span() for found in re.finditer(r"\S+", line.plain[: command.start() if command else None])]
    parts = _filled(line, words, width, indent, end="")
    if command is None:
        return parts
    whole = line[command.start() :]
    room = width - cell_len(whole.plain)
    before = parts[-1] if parts else Text()
    if parts and cell_len(before.plain) + 1 <= room:
        return [*parts[:-1], Text.assemble(before, " ", whole)]
    indent = indent if indent <= room else 2
    typed = [found.span() for found in SHELL_WORD.finditer(whole.plain)]
    return [*parts, *_filled(whole, typed, width, indent + 2, first=indent, end=" \\")]


def _indent_of(line: str) -> int:
    label = LABEL.match(line)
    if label and label.end() <= LARGEST_INDENT:
        return label.end()
    return len(line) - len(line.lstrip(" ")) + 2


def _filled(
    line: Text, words: list[tuple[int, int]], width: int, indent: int, *, end: str, first: int | None = None
) -> list[Text]:
    """Fill lines with `words`, given as (begin, end) in `line`; all lines but the last end with `end`.

    The first line is indented by `first` columns, the others by `indent`.
    """
    parts: list[Text] = []
    begin, last, before = 0, 0, first or 0
    room = width - len(end)
    for start, stop in words:
        if last and before + cell_len(line.plain[begin:stop]) > room:
            parts.append(Text.assemble(" " * before, line[begin:last], end))
            begin, before = start, indent
        last = stop
    return [*parts, Text.assemble(" " * before, line[begin:last])] if words else []


def shortened(text: str, room: int) -> str:
    """Return `text` cut to `room` columns, with … at a cut."""
    short = Text(text)
    short.truncate(max(room, 1), overflow="ellipsis")
    return short.plain


console = Terminal("stdout")
error_console = Terminal("stderr")


@contextmanager
def printing_anything() -> Iterator[None]:
    """Wrap standard output and error in `Stream`, so that output of libraries, such as Hydra's help, never raises."""
    with redirect_stdout(Stream(sys.stdout)), redirect_stderr(Stream(sys.stderr)):
        try:
            yield
        finally:
            sys.stdout.flush()


def fail(message: str, status: int = 1) -> NoReturn:
    """Print `message` to standard error and exit with `status`."""
    error_console.say(message)
    sys.exit(status)


def remark(word: str, style: str, rest: str) -> None:
    """Print `word` in `style`, and `rest` as it is."""
    console.say(Text.assemble((word, style), " ", rest), indent=len(word) + 1 if len(word) < 10 else None)


class Described(ProgressColumn):
    """The text beside a bar, cut to one line."""

    def render(self, task: Task) -> Text:
        return Text(shortened(task.fields["line"], room_beside_bar()), no_wrap=True)


def room_beside_bar() -> int:
    return max(1, console.width - BAR - 1)


def bar(*, transient: bool = False, disable: bool = False) -> Progress:
    """Return a progress bar with a line beside it, the field `line` of each task."""
    columns = (BarColumn(bar_width=BAR), Described())
    return Progress(*columns, console=console, transient=transient, disable=disable, refresh_per_second=4)


@contextmanager
def progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and a line every ten seconds elsewhere.

    Yields:
        A function to call with the number of items done since its last call.
    """
    done, begun = 0, time.monotonic()

    def line(room: int = LINE) -> str:
        seconds = time.monotonic() - begun
        left = f", {clock(seconds / done * (total - done))} left" if done else ""
        count = f": {done:,}/{total:,}{left}"
        return f"{shortened(description, room - len(count))}{count}"

    with bar(transient=True, disable=not console.is_terminal) as shown, lines_without_terminal(line):
        task = shown.add_task("", total=total, line=line(room_beside_bar()))

        def advance(count: int) -> None:
            nonlocal done
            done += count
            shown.update(task, completed=done, line=line(room_beside_bar()))

        yield advance


@contextmanager
def working(description: str) -> Iterator[None]:
    """Show that work of unknown length is going on."""
    begun = time.monotonic()
    if console.is_terminal:
        said = Text(shortened(description, console.width - 2))  # in a string, brackets would be read as markup
        with console.status(said):
            yield
        return
    with lines_without_terminal(lambda: f"{description}: {clock(time.monotonic() - begun)} so far"):
        yield


@contextmanager
def lines_without_terminal(line: Callable[[], str]) -> Iterator[None]:
    """Print `line()` every ten seconds where there is no terminal."""
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
    """Return seconds as 2:05 or 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
