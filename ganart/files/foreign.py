"""Safe reading of files from others: plain data, bounded size, no links out of the folder, printable text."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ganart.errors import UserError

MOST_BYTES = {".yaml": 2_000_000, ".json": 200_000_000, ".csv": 2_000_000_000}
MOST_LEVELS = 40
"""Maximum nesting depth of a configuration or of JSON; ganart's own have at most ten levels."""

MOST_VALUES = 100_000
"""Maximum number of values of a configuration once its references are followed; ganart's own have hundreds."""


def read_text(file: Path) -> str:
    """Return the text of `file`, decoded as UTF-8.

    Raises:
        UserError: if it is not a regular file, is too large for its kind, or is not text.
    """
    try:
        if not file.is_file():
            raise UserError(f"{file} is not there." if not file.exists() else f"{file} is not a file.")
        most = MOST_BYTES.get(file.suffix, MOST_BYTES[".yaml"])
        if (size := file.stat().st_size) > most:
            raise UserError(f"{file} has {size / 1e6:,.0f} MB; at most {most / 1e6:,.0f} MB of it are read.")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise UserError(f"{file} cannot be read: {error}") from error


def read_json(file: Path) -> dict[str, Any]:
    """Return the mapping in `file`.

    Raises:
        UserError: if it holds anything else.
    """
    text = read_text(file)
    try:
        found = parsed(text)
    except ValueError as error:
        raise _damaged(file, error) from error
    if not isinstance(found, dict):
        raise UserError(f"{file} is damaged: it is no mapping.")
    return found


def parsed(text: str) -> Any:
    """Parse JSON from others; limits on depth and digits keep any code that walks through it from failing.

    Raises:
        ValueError: with a short message, if it is damaged, nested more than `MOST_LEVELS` deep, or has a number of
            thousands of digits.
    """
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError:  # Python's limit on digits; its message advises raising the limit in code
        raise ValueError("it has a number of thousands of digits") from None
    if text.count("[") + text.count("{") > MOST_LEVELS and _is_deeper(found, MOST_LEVELS):
        raise ValueError(_TOO_DEEP)
    return found


_TOO_DEEP = f"it is nested more than {MOST_LEVELS} levels deep"


def _is_deeper(found: Any, levels: int) -> bool:
    """Return whether lists and mappings in `found` are nested more than `levels` deep."""
    layer = [found] if isinstance(found, dict | list) else []
    for _ in range(levels):
        nodes = (node.values() if isinstance(node, dict) else node for node in layer)
        layer = [inner for node in nodes for inner in node if isinstance(inner, dict | list)]
    return bool(layer)


def read_yaml(file: Path) -> Any:
    """Return the content of `file` as lists, mappings and plain values; each `${…}` stays as written.

    Raises:
        UserError: if it is damaged, nested too deeply, or has aliases, with which a small file can fill the memory.
    """
    import yaml

    text = read_text(file)
    try:
        _refuse_what_grows(file, yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        return OmegaConf.to_container(OmegaConf.load(io.StringIO(text)), resolve=False)
    except UserError:
        raise
    except Exception as error:  # the parser fails in many ways, for one on numbers of thousands of digits
        raise _damaged(file, error) from error


def read_configuration(file: Path) -> DictConfig:
    """Return the configuration in `file`; its values may refer to one another (`${seed}`) and to nothing else.

    Raises:
        UserError: if it is damaged or calls a resolver: `${oc.env:…}` would copy an environment variable of this
            machine into the files made from it.
    """
    found = read_yaml(file)
    if not isinstance(found, dict):
        raise UserError(f"{file} is damaged: it is no mapping.")
    for text in _texts(found):
        if asks_outside(text):
            raise UserError(
                f"{file}: {text} would be looked up on this machine, and a run folder may only refer to its own "
                "values. Write the value there in its place, if you know that it may be there."
            )
    try:
        _References(found).refuse_too_many()
        return OmegaConf.create(found)
    except Exception as error:
        raise _damaged(file, error) from error


class _References:
    """The references between the values of a configuration, and its number of values once all are followed."""

    def __init__(self, root: dict[Any, Any]) -> None:
        self._root = root
        self._sizes: dict[tuple[str, ...], int] = {}

    def refuse_too_many(self) -> None:
        """Raise `ValueError` if values refer to themselves, or expand to more than `MOST_VALUES`."""
        if self._size(()) > MOST_VALUES:
            raise ValueError("its values refer to one another so often that they would fill the memory")

    def _size(self, place: tuple[str, ...]) -> int:
        if place not in self._sizes:
            self._sizes[place] = MOST_VALUES + 1  # reached again below only if the value refers to itself
            self._sizes[place] = 1 + sum(self._size(other) for other in self._next(place))
        return self._sizes[place]

    def _next(self, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        node = self._at(place)
        if isinstance(node, str):
            yield from (self._meant(place, name) for name in _REFERENCE.findall(node))
        else:
            yield from ((*place, name) for name in _children(node))

    def _at(self, place: tuple[str, ...]) -> Any:
        node: Any = self._root
        for part in place:
            node = _children(node)[part]
        return node

    def _meant(self, place: tuple[str, ...], name: str) -> tuple[str, ...]:
        """Return the place that `${name}` refers to when it is written at `place`.

        Raises:
            ValueError: if there is none.
        """
        dots = len(name) - len(name.lstrip("."))
        meant = place[:-dots] if dots else ()
        for part in re.split(r"[.\[\]]+", name.strip(".[] ")):
            node = self._at(meant)
            if isinstance(node, str) and (whole := _REFERENCE.fullmatch(node)):
                meant = self._meant(meant, whole.group(1))
            if part not in _children(self._at(meant)):
                raise ValueError(f"${{{name}}} is not among its values")
            meant = (*meant, part)
        return meant


_REFERENCE = re.compile(r"\$\{([^}]*)\}")


def _children(node: Any) -> dict[str, Any]:
    if isinstance(node, dict):
        return {str(name): value for name, value in node.items()}
    return {str(number): value for number, value in enumerate(node)} if isinstance(node, list) else {}


def asks_outside(text: str) -> bool:
    """Return whether a value calls a resolver (`${oc.env:…}`, `${hydra:…}`); `${seed}` does not."""
    _, opening, rest = text.partition("${")
    return bool(opening) and ":" in rest


def _refuse_what_grows(file: Path, events: Iterable[Any]) -> None:
    """Raise `UserError` for aliases, which can expand a few lines to gigabytes, and for deep nesting."""
    from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

    level = 0
    for event in events:
        if isinstance(event, AliasEvent):
            raise UserError(f"{file} has aliases (*{event.anchor}), which ganart neither writes nor reads.")
        level += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if level > MOST_LEVELS:
            raise UserError(f"{file} is nested more than {MOST_LEVELS} levels deep.")


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def _damaged(file: Path, error: Exception) -> UserError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    return UserError(f"{file} is damaged: {reason[:200]}")


# ---------------------------------------------------------------------------------------------- links


def is_inside(folder: Path, file: Path) -> bool:
    """Return whether `file` is a regular file or a folder and lies in `folder` once all links are followed."""
    try:
        return file.resolve().is_relative_to(folder.resolve()) and (file.is_file() or file.is_dir())
    except (OSError, RuntimeError):  # links in a circle
        return False


def refuse_links_out_of(folder: Path, asked: str, below: Iterable[str] = ()) -> None:
    """Raise `UserError` if an entry of `folder`, or of its subfolders named in `below`, is a link that leads out of it.

    Pipes and devices are refused too: reading them may never end.
    """
    for place in (folder, *(folder / name for name in below)):
        for entry in sorted(place.iterdir()) if place.is_dir() else ():
            if entry.exists() and not is_inside(folder, entry):
                what = f"a link to {entry.resolve()}, outside of the folder" if entry.is_symlink() else "no file"
                raise UserError(
                    f"{asked}: {entry.relative_to(folder)} is {what}, and is not followed. Put a file or folder in its "
                    "place, if you know that it belongs there."
                )


# ---------------------------------------------------------------------------------------------- letters


_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Replace escape sequences and bidirectional marks, which a terminal would obey instead of showing."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
