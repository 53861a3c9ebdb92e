"""Shell completion of verbs, groups, options, keys and paths."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Sequence

from ganart.config.values import TEXT, matches, options_of

FLAGS = ("--help", "--multirun", "--cfg", "--config-dir", "--resolve")
SHELLS = ("bash", "fish", "zsh")


def complete(arguments: Sequence[str], verbs: Sequence[str], hydra_of: Callable[[str], Callable[[], object]]) -> None:
    """Answer `ganart -sc install=SHELL` with a script for the shell, and the `-sc query=SHELL` that the script asks.

    Args:
        arguments: the arguments after `-sc`.
        verbs: all verbs of `ganart`.
        hydra_of: returns the Hydra application of a verb, which completes groups and keys.
    """
    asked, _, shell = (arguments[0] if arguments else "").partition("=")
    if asked not in ("install", "uninstall", "query") or shell not in SHELLS:
        print(f"ganart -sc install=SHELL, where SHELL is one of {', '.join(SHELLS)}. For bash: {INSTALL}")
        sys.exit(1)
    if asked != "query":
        if (asked, shell) == ("install", "zsh"):
            print(FOR_ZSH)
        _ask_hydra(hydra_of("train"), arguments[0])
        return
    typed = os.environ.get("COMP_LINE", "").split()[1:]
    is_new = os.environ.get("COMP_LINE", "").endswith(" ")
    verb, word = (typed or [""])[0], "" if is_new or not typed else typed[-1]
    separator = "\n" if shell == "fish" else " "
    if len(typed) < 2 and not (typed and is_new):
        print(separator.join(name for name in verbs if name.startswith(verb)))
    elif word.startswith("-"):
        print(separator.join(flag for flag in FLAGS if flag.startswith(word)))
    elif verb in verbs and (found := _paths(word)):
        print(separator.join(found))
    elif verb in verbs:
        whole = [other for other in typed[1:] if "=" in other or other == word]
        os.environ["COMP_LINE"] = " ".join(["ganart", *whole, *([""] if is_new else [])])
        _ask_hydra(hydra_of(verb), arguments[0])


def _ask_hydra(application: Callable[[], object], question: str) -> None:
    """Print Hydra's completion; hide its errors, because the typed line may be incomplete."""
    sys.argv = [sys.argv[0], "-sc", question]
    with contextlib.suppress(Exception, SystemExit), contextlib.redirect_stderr(io.StringIO()):
        application()


def _paths(word: str) -> list[str]:
    """Return completions of a path value, as in `dataset.root=pai…`; folders end with a slash."""
    key, equals, begun = word.partition("=")
    if not equals or not matches(key, TEXT) or options_of(key):
        return []
    folder, name = os.path.split(begun)
    try:
        found = [entry for entry in os.scandir(os.path.expanduser(folder) or ".") if entry.name.startswith(name)]
    except OSError:
        return []
    shown = [entry for entry in found if name.startswith(".") or not entry.name.startswith(".")]
    return sorted(f"{key}={os.path.join(folder, entry.name)}{'/' if entry.is_dir() else ''}" for entry in shown)


FOR_ZSH = """(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
autoload -Uz bashcompinit && bashcompinit"""
"""The lines that let zsh run Hydra's script for bash, also where zsh's own completion is off."""

INSTALL = 'eval "$(ganart -sc install=bash)"'
