"""The command `ganart VERB key=value …`: dispatch to the verb's Hydra application, and error messages for users."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

from rich.text import Text

from ganart import __version__
from ganart.command_line.arguments import as_typed, flags_first, with_path_named
from ganart.console import console, fail, printing_anything
from ganart.errors import did_you_mean


class Verb(NamedTuple):
    """One verb of the command line: the module with its `main`, a summary, and an example."""

    module: str
    summary: str
    example: str


VERBS = {
    "train": Verb("ganart.commands.train", "train a GAN", "ganart train experiment=mnist"),
    "sweep": Verb(
        "ganart.commands.sweep", "search for better values of any keys", "ganart sweep experiment=mnist n_trials=50"
    ),
    "generate": Verb(
        "ganart.commands.generate", "generate pictures with a trained one", "ganart generate RUN_FOLDER seeds=0-63"
    ),
    "regenerate": Verb(
        "ganart.commands.regenerate", "make a picture again from its own origin", "ganart regenerate FILE.png"
    ),
    "evaluate": Verb("ganart.commands.evaluate", "score it, or any folder of pictures", "ganart evaluate RUN_FOLDER"),
    "report": Verb("ganart.commands.report", "a page about one run or many", "ganart report RUN_FOLDER RUN_FOLDER"),
    "audit": Verb("ganart.commands.audit", "find copies of training pictures", "ganart audit RUN_FOLDER"),
    "dataset": Verb("ganart.commands.dataset", "report on a collection of pictures", "ganart dataset FOLDER"),
}


def main() -> None:
    """Run the console script."""
    with printing_anything():
        dispatch(sys.argv[1:])


def dispatch(arguments: list[str]) -> None:
    """Run the verb, or print the help, version or completion, that `arguments` name."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        overview()
    elif arguments[0] in ("-V", "--version", "version"):
        console.say(f"ganart {__version__}")
    elif arguments[0] in ("-sc", "--shell-completion"):
        from ganart.command_line.completion import complete

        complete(arguments[1:], list(VERBS), lambda verb: importlib.import_module(VERBS[verb].module).main)
    elif arguments[0] not in VERBS:
        hint = did_you_mean(arguments[0], VERBS, prefix="ganart ")
        fail(f"ganart {arguments[0]} is not a verb.{hint} There are: {', '.join(VERBS)}.")
    else:
        run(arguments[0], arguments[1:])


def run(verb: str, arguments: list[str]) -> None:
    """Run one verb; print errors of the user without a traceback, and raise ganart's own."""
    # By default Hydra prints an error and exits; with this it raises, and `explain` writes the message.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    from ganart.command_line.defaults import with_defaults
    from ganart.config import guard as recipes
    from ganart.config import messages as complaints

    module = importlib.import_module(VERBS[verb].module)
    prepare: Callable[[list[str]], list[str]] = getattr(module, "prepare_arguments", list)
    try:
        typed = with_defaults(verb, with_path_named(verb, arguments))
        typed = as_typed(typed, comma_parts=verb == "sweep")
        sys.argv = [sys.argv[0], *flags_first(prepare(typed))]
        with recipes.checked():
            module.main()
    except KeyboardInterrupt:
        fail("Interrupted.", status=130)
    except Exception as error:
        message = complaints.explain(error, VERBS[verb].module)
        if message is None:
            raise
        fail(message)


def overview() -> None:
    """Print all verbs with a summary and an example each."""
    console.say(Text.assemble((f"ganart {__version__}", "bold"), "  the GAN laboratory for art\n"))
    for name, verb in VERBS.items():
        line = Text.assemble("  ", (f"{name:<11}", "bold"), f" {verb.summary:<41} ", (verb.example, "dim"))
        console.say(line)
    console.say(
        Text.assemble(
            "\nEvery verb takes key=value. Its own help: ganart VERB --help; its configuration: ganart VERB --cfg job\n"
            "Start with: ",
            ("ganart train", "bold"),
            "  (five minutes on two cores, no data needed)",
        )
    )
