"""What is offered when the tab key is pressed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def offered(ganart, monkeypatch):
    """What the shell is told when `line` has been typed."""

    def ask(line: str) -> list[str]:
        monkeypatch.setenv("COMP_LINE", line)
        status, text = ganart("-sc", "query=bash")
        assert status == 0, text
        return text.split()

    return ask


def test_verbs_then_groups_options_keys_and_flags_are_offered(offered):
    assert {"train", "generate", "report"} <= set(offered("ganart "))
    assert offered("ganart ge") == ["generate"]
    assert "loss=" in offered("ganart train lo")
    assert "loss=hinge" in offered("ganart train loss=")
    assert offered("ganart train loss=hinge dataset=image_f") == ["dataset=image_folder"]
    assert offered("ganart train loss=hinge penalty.r1.g") == ["penalty.r1.gamma="]
    assert offered("ganart generate runs/x see") == ["seeds="]
    assert offered("ganart train --multi") == ["--multirun"]


def test_paths_are_offered_where_one_is_typed(offered, tmp_path):
    (tmp_path / "水墨画").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "works.csv").touch()
    assert offered("ganart train dataset.root=") == ["dataset.root=works.csv", "dataset.root=水墨画/"]
    assert offered("ganart dataset dataset.labels=w") == ["dataset.labels=works.csv"]


@pytest.mark.parametrize(
    "line", ["ganart nix x", "ganart train [x (", "ganart train nonsense.x=", "ganart train --nix "]
)
def test_what_cannot_be_read_yet_is_no_error(offered, line):
    assert isinstance(offered(line), list)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_a_script_that_asks_ganart(ganart, shell):
    status, text = ganart("-sc", f"install={shell}")
    assert (status, "complete" in text, "ganart" in text) == (0, True, True)


def test_another_shell_is_told_which_there_are(ganart):
    status, text = ganart("-sc", "install=powershell")
    assert (status, "one of bash, fish, zsh" in text) == (1, True)


def test_nobody_who_types_waits_for_torch():
    code = "import sys; from ganart import cli; sys.argv = ['ganart', '-sc', 'query=bash']; cli.main(); "
    code += "assert 'torch' not in sys.modules"
    asked = os.environ | {"COMP_LINE": "ganart train loss="}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=asked)
    assert "loss=hinge" in done.stdout


ASKED = {
    "ganart ge": "ganart generate",
    "ganart train loss=hin": "ganart train loss=hinge",
    "ganart train penalty.r1.g": "ganart train penalty.r1.gamma=",
    "ganart dataset dataset.root=my_": "ganart dataset dataset.root=my_pictures/",
}
"""What is typed before the tab key, and what then stands there."""

ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
await() { local out; repeat 300 { zpty -r -t shell out && all+=$out; [[ $all == *$1* ]] && break; sleep 0.05 } }
all=""
zpty -w shell 'PS1=; eval "$(ganart -sc install=zsh)"; echo REA""DY'
await READY
all=""
zpty -w -n shell "$ASKED"$'\\t'
await "$EXPECTED"
print -r -- "$all"
"""


@pytest.fixture
def in_shell(tmp_path, monkeypatch):
    """Run a script in one of the shells, with `ganart` on its path and a folder to offer."""
    (tmp_path / "my_pictures").mkdir()
    program = tmp_path / "bin/ganart"
    program.parent.mkdir()
    source = Path(__file__).parents[2]
    lines = [f"#!{sys.executable}", f"import sys; sys.path.insert(0, {str(source)!r})"]
    program.write_text("\n".join([*lines, "from ganart.cli import main; main()", ""]))
    program.chmod(0o755)

    def run(shell: str, script: str, **variables: str) -> str:
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
        no_startup = {"fish": "--no-config", "zsh": "-f", "bash": "--norc"}[shell]
        path = f"{program.parent}:{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "TERM": "dumb", "HOME": str(tmp_path)} | variables
        done = subprocess.run(
            [shell, no_startup, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )
        return done.stdout + done.stderr

    return run


@pytest.mark.parametrize("asked", ASKED)
def test_fish_completes(in_shell, asked):
    said = in_shell("fish", 'ganart -sc install=fish | source; complete -C"$ASKED"', ASKED=asked)
    assert ASKED[asked].split()[-1] in said.split()


@pytest.mark.parametrize("asked", ASKED)
def test_zsh_completes_without_anything_set_up_before(in_shell, asked):
    assert ASKED[asked] in in_shell("zsh", ZSH, ASKED=asked, EXPECTED=ASKED[asked])
