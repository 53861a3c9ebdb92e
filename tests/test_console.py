"""What ganart prints, whatever the terminal, the pipe or the names in the data are like."""

import io
import os
import shlex
import subprocess
import sys
import threading
import time

import pytest
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.table import Table
from rich.text import Text

from ganart import console as speaking
from ganart.console import console, fail, progress, remark, working
from ganart.files.paths import from_here, shell, shown

NAMES = ["[/i]", "[bold]", "[red]x[/]", "a[b", ":smile:", "\\[x]", "[link=http://x]y"]


@pytest.fixture
def written(monkeypatch):
    """Give standard output an encoding; returns a function that says what was written since, as text."""

    def begin(encoding: str):
        buffer = io.BytesIO()
        stream = io.TextIOWrapper(buffer, encoding=encoding, write_through=True)
        monkeypatch.setattr(sys, "stdout", stream)
        return lambda: buffer.getvalue().decode(encoding)

    return begin


@pytest.mark.parametrize("name", NAMES)
def test_brackets_are_no_markup_anywhere(written, name):
    said = written("utf-8")
    sheet = Table(title=name)
    sheet.add_column(name)
    sheet.add_row(name)
    console.print(name)
    console.print(sheet)
    remark("saved", "green", name)
    console.print(Text(name))
    with working(name), progress(name, 3) as advance:
        advance(1)
    assert said().count(name) == 6


def test_control_characters_are_shown_and_not_obeyed(written):
    said = written("utf-8")
    sheet = Table("a\x1b[31m")
    sheet.add_row("\x9b2J\u202e")
    console.print("\x1b]0;title\x07\tb\r")
    console.print(sheet)
    remark("saved", "green", "\x08c")
    console.print(Text("\x1b[2J"))
    assert not {"\x1b", "\x07", "\x08", "\r", "\x9b", "\u202e"} & set(said())
    assert "title" in said()


def test_styles_and_other_letters_stay(written, monkeypatch):
    said = written("utf-8")
    monkeypatch.setattr(console, "_force_terminal", True)
    monkeypatch.setattr(console, "_color_system", ColorSystem.TRUECOLOR)
    remark("saved", "green", "水墨画 é ↓\tx\ny")
    assert said().startswith("\x1b[32msaved\x1b[0m 水墨画 é ↓")


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "3×4 … ▇ é 山"), ("cp1252", "3×4 … # é ?"), ("ascii", "3x4 ... # e ?"), ("gbk", "3×4 … ▇ é 山")],
)
def test_letters_that_an_encoding_does_not_have_are_substituted(written, encoding, shown):
    said = written(encoding)
    console.print("3×4 … ▇ é 山", soft_wrap=True)
    assert said() == shown + "\n"


def test_half_a_letter_of_a_file_name_is_no_error(written):
    said = written("utf-8")
    console.print("caf\udce9")
    assert said() == "caf?\n"


def test_a_table_fits_into_ascii(written):
    said = written("ascii")
    sheet = Table("x")
    sheet.add_row("y")
    console.print(sheet)
    assert "?" not in said()


def test_a_pipe_that_is_closed_and_a_full_disk_end_nothing(monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        for _ in range(3):
            console.print("x" * 100_000, soft_wrap=True)
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w", encoding="utf-8") as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            console.print("x" * 100_000, soft_wrap=True)
        with open("/dev/full", "w", encoding="utf-8") as stream:
            monkeypatch.setattr(sys, "stderr", stream)
            with pytest.raises(SystemExit):
                fail("no")


def test_without_standard_output_nothing_is_said(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    console.print("x")


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--cfg", "job"]])
def test_who_reads_may_leave_before_the_end(arguments):
    with subprocess.Popen(
        [sys.executable, "-m", "ganart", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_long_work_says_how_far_it_is_where_there_is_no_terminal(written, monkeypatch):
    monkeypatch.setattr(speaking, "SECONDS_PER_LINE", 0.01)
    said = written("utf-8")
    heard = threading.Event()
    printed = console.print
    monkeypatch.setattr(console, "print", lambda *a, **k: (printed(*a, **k), heard.set()))
    with progress("reading works", 2000) as advance:
        advance(500)
        heard.clear()
        assert heard.wait(5)
    heard.clear()
    with working("comparing"):
        assert heard.wait(5)
    assert "reading works: 500/2,000, 0:0" in said()
    assert "comparing: 0:00 so far" in said()
    assert max(map(len, said().splitlines())) <= 80


def test_a_line_for_a_shell_comes_back_as_it_was():
    words = ["ganart", "generate", "run=runs/try (2)", 'labels.style=李\'s [art] & "more" $HOME']
    assert subprocess.check_output(["sh", "-c", f"printf '%s\\n' {shell(*words)}"], text=True).splitlines() == words
    assert shell("ganart", "train", "resume=runs/a-1") == "ganart train resume=runs/a-1"


# ---------------------------------------------------------------------------------------------- lines that fit


@pytest.fixture
def on_terminal(written, monkeypatch):
    """A terminal of 80 columns; returns a function that begins it, which returns one that gives its lines since."""
    monkeypatch.setattr(console, "_force_terminal", True)
    monkeypatch.setattr(console, "_color_system", None)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(type(console), "width", property(lambda _: 80))

    def begin():
        said = written("utf-8")
        return lambda: said().splitlines()

    return begin


WORDS = " ".join(f"word{n}" for n in range(40))


@pytest.mark.parametrize(
    ("line", "indent"),
    [
        (f"scores    {WORDS}", 10),
        (f"          try {WORDS}", 12),
        (f"  1. {WORDS}", 5),
        (WORDS, 2),
        (f"trial 3   (1 of 2)   {WORDS}", 10),
        (f"art  {'水墨画 ' * 60}", 5),
    ],
)
def test_a_long_line_is_broken_between_words_and_stands_in(on_terminal, line, indent):
    said = on_terminal()
    console.say(line)
    lines = said()
    assert max(cell_len(part) for part in lines) <= 80 < cell_len(line)
    assert {len(part) - len(part.lstrip(" ")) for part in lines[1:]} == {indent}
    assert " ".join(lines).split() == line.split()


def test_a_line_stays_whole_in_a_pipe(written):
    said = written("utf-8")
    console.say(f"scores    {WORDS}")
    assert said() == f"scores    {WORDS}\n"


def test_a_word_that_is_longer_than_the_window_stays_whole(on_terminal):
    path = "/data/" + "x" * 100
    said = on_terminal()
    console.say(f"saved {path}/summary.json (5 s)")
    assert f"{path}/summary.json" in "\n".join(said())


@pytest.mark.parametrize("label", ["generate pictures           ", "Stopped at 100 images, saved. Go on with: "])
@pytest.mark.parametrize("length", [5, 40, 60, 200])
def test_a_command_that_was_broken_can_be_pasted(on_terminal, label, length):
    words = ["ganart", "generate", f"run=runs/{'x' * min(length, 60)}", "labels.style=a b c " + "d " * (length // 10)]
    words += ["seeds=0-63"] * (length // 20)
    said = on_terminal()
    console.say(f"{label}{shell(*words)}")
    text = "\n".join(said())
    command = text[text.index("ganart generate") :]
    printed = subprocess.check_output(["sh", "-c", command.replace("ganart", "printf '%s\\n' ganart", 1)], text=True)
    assert printed.splitlines() == words
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("letter", ["y", "墨"])
def test_a_bar_takes_one_line_whatever_it_is_called(on_terminal, letter):
    said = on_terminal()
    beside = speaking.bar()
    beside.add_task("", total=10, line=letter * 200)
    console.print(beside.get_renderable())
    (line,) = said()
    assert 70 < cell_len(line.rstrip()) <= 80
    assert line.rstrip().endswith("…")


def test_what_is_counted_stays_whatever_it_is_called(written, monkeypatch):
    monkeypatch.setattr(speaking, "SECONDS_PER_LINE", 0.01)
    said = written("utf-8")
    with progress("reading " + "y" * 200, 1_000_000) as advance:
        advance(1000)
        time.sleep(0.1)
    assert "yyy…: 1,000/1,000,000, " in said()
    assert max(map(cell_len, said().splitlines())) <= 80


def test_paths_are_named_from_where_the_user_is_as_a_shell_takes_them(tmp_path, monkeypatch):
    (tmp_path / "here/deep/er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here/deep/er")
    assert from_here(tmp_path / "here/deep/er/runs/a") == "runs/a"
    assert from_here("runs/a") == "runs/a"
    assert from_here("/x/y") == "/x/y"
    assert shown("runs/try (2)", is_folder=True) == "'runs/try (2)/'"
    assert shlex.split(shown(tmp_path / "here/deep/er/runs/李's")) == ["runs/李's"]
