"""The one place where ganart speaks to the terminal."""

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
"""In a pipe or a log file, long work says how far it is as often as this."""

BAR, LINE = 16, 80
"""Letters that a bar takes, and that a line may have where nobody knows how wide its reader's window is."""

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

    def say(self, words: str | Text, style: str = "", indent: int | None = None) -> None:
        """Print lines of words: on a terminal broken between words, elsewhere whole, for programs that read lines.

        Args:
            words: one line or several; a `Text` keeps its styles.
            style: of all of it.
            indent: how far the rest of a broken line stands in; None: as far as what follows its label, or a little.
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
"""What a line begins with, `scores    …` or `  1. …`, if the rest of it stands below what follows that."""

COMMAND = re.compile(r"(?:(?<=: )|(?<= {2}))ganart [a-z]+(?= |$).*$|(?<=^ {2})[\w.@]+=\S.*$")
"""What is to be typed, at the end of a line: the command, or the values that are wanting in it."""

SHELL_WORD = re.compile(r"(?:'[^']*'|\"(?:\\.|[^\"])*\"|\\.|[^\s'\"])+|\S+")
LARGEST_INDENT = 30


def wrapped(line: Text, width: int, indent: int | None = None) -> list[Text]:
    """Break `line` between words into lines of `width` columns; a word that is longer stays whole, to be copied.

    A command at the end that does not fit begins a line of its own, and where that is too long, each ends with a
    backslash: it can be pasted as it stands.
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
    """Lines of as many of `words`, begin and end in `line`, as fit; all but the last end in `end`.

    The first begins where `line` does, or `first` columns in.
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
    """As much of `text` as fits into `room` columns, with … for the rest."""
    short = Text(text)
    short.truncate(max(room, 1), overflow="ellipsis")
    return short.plain


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
    error_console.say(message)
    sys.exit(status)


def remark(word: str, style: str, rest: str) -> None:
    """Print `word` in `style`, and `rest` as it is."""
    console.say(Text.assemble((word, style), " ", rest), indent=len(word) + 1 if len(word) < 10 else None)


class Described(ProgressColumn):
    """The line beside a bar, one line however long it would be."""

    def render(self, task: Task) -> Text:
        return Text(shortened(task.fields["line"], room_beside_bar()), no_wrap=True)


def room_beside_bar() -> int:
    return max(1, console.width - BAR - 1)


def bar(*, transient: bool = False, disable: bool = False) -> Progress:
    """A bar with a line beside it, which each task gives as its field `line`."""
    columns = (BarColumn(bar_width=BAR), Described())
    return Progress(*columns, console=console, transient=transient, disable=disable, refresh_per_second=4)


@contextmanager
def progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and a line every ten seconds elsewhere.

    Yields what to call with the number of things done since.
    """
    done, begun = 0, time.monotonic()

    def line(room: int = LINE) -> str:
        seconds = time.monotonic() - begun
        left = f", {clock(seconds / done * (total - done))} left" if done else ""
        count = f": {done:,}/{total:,}{left}"
        return f"{shortened(description, room - len(count))}{count}"

    with bar(transient=True, disable=not console.is_terminal) as shown, said_meanwhile(line):
        task = shown.add_task("", total=total, line=line(room_beside_bar()))

        def advance(count: int) -> None:
            nonlocal done
            done += count
            shown.update(task, completed=done, line=line(room_beside_bar()))

        yield advance


@contextmanager
def working(description: str) -> Iterator[None]:
    """Show that something is being done of which nobody knows how far it is."""
    begun = time.monotonic()
    if console.is_terminal:
        said = Text(shortened(description, console.width - 2))  # of a string it would read brackets as markup
        with console.status(said):
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
