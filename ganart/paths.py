"""Where things lie: the Hydra groups, and what can be made again (decoded data sets, feature networks, statistics)."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """`$GANART_CACHE`, else `$XDG_CACHE_HOME/ganart`, else `~/.cache/ganart`."""
    if "GANART_CACHE" in os.environ:
        return Path(os.environ["GANART_CACHE"]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "ganart"


def conf_dir() -> Path:
    """The folder of the Hydra groups: inside the installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "conf"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "conf"


def quoted(value: object) -> str:
    """`value` as one quoted string of Hydra's override grammar, whatever characters it has."""
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def write_atomically(file: Path, text: str) -> None:
    """Write `text` so that a reader sees the old file or the new one, never half of it."""
    unfinished = file.with_name(f".{file.name}.unfinished-{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, file)
