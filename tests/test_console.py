"""What reaches the terminal."""

import io

import pytest
from rich.table import Table

from ganart.console import PrintableConsole
from ganart.foreign import printable


@pytest.fixture
def terminal():
    return PrintableConsole(
        file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False, width=80
    )


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "\x1b[2J", "\x9b31m", "a\rb", "\u202etxt.exe", "\x08\x08"])
def test_names_cannot_command_the_terminal(terminal, name):
    sheet = Table()
    sheet.add_column(name)
    sheet.add_row(name)
    terminal.print(name, markup=False)
    terminal.print(sheet)
    shown = terminal.file.getvalue()
    for letter in "\x07\x08\x9b\r\u202e":
        assert letter not in shown
    assert "\x1b]" not in shown
    assert "\x1b[2J" not in shown


def test_styles_and_other_letters_stay(terminal):
    terminal.print("[green]saved[/] 水墨画 é ↓\tx\ny")
    assert terminal.file.getvalue().startswith("\x1b[32msaved\x1b[0m 水墨画 é ↓")
    assert printable("a\n\tb") == "a\n\tb"
