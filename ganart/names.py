"""Names of factors and classes as keys that can be typed, and as names of files."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

PUNYCODE = "xn--"
"""The prefix of keys encoded for Hydra's grammar, as in domain names (RFC 3492)."""


def keys_of(names: Sequence[str]) -> list[str]:
    """Return the key of each of `names` after `labels.`: its letters and digits, with one _ for anything between.

    "art movement" becomes art_movement, "Style (main)" Style_main; "風格" stays as it is. Names with equal keys are
    numbered: the name that equals its key comes first, then the others in their order, with _2, _3 and so on.
    """
    keys: dict[int, str] = {}
    taken: set[str] = set()
    for index, name in sorted(enumerate(names), key=lambda item: _key(item[1]) != item[1]):
        key, number = _key(name), 1
        while key.casefold() in taken:
            number += 1
            key = f"{_key(name)}_{number}"
        taken.add(key.casefold())
        keys[index] = key
    return [keys[index] for index in range(len(names))]


def named(typed: str, names: Sequence[str]) -> str | None:
    """Return the name that was `typed`, itself or its key, in any case and with any sign for _; None if none fits."""
    typed = from_hydra(typed)
    by_key = {key.casefold(): name for key, name in zip(keys_of(names), names, strict=True)}
    return typed if typed in names else by_key.get(_key(typed).casefold())


def to_hydra(typed: str) -> str:
    """Return a key that Hydra's grammar can read: ASCII letters, digits, _ and -, and no digit in front."""
    key = _key(typed)
    return key if re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) else PUNYCODE + key.encode("punycode").decode("ascii")


def from_hydra(key: str) -> str:
    """Return the key that `to_hydra` encoded as `key`."""
    try:
        return key.removeprefix(PUNYCODE).encode("ascii").decode("punycode") if key.startswith(PUNYCODE) else key
    except UnicodeError:
        return key


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", name)).strip("_") or "factor"


def file_names(wanted: Sequence[str], wholes: Sequence[str], longest: int) -> list[str]:
    """Return a file name for each of `wanted`, all different also on disks that ignore case or accents.

    Only letters, digits, _ and - are kept. Names that become equal, empty or longer than `longest` bytes get digits of
    the hash of their `wholes`, which are different.
    """
    plain = [re.sub(r"[^\w-]+", "-", unicodedata.normalize("NFC", name)).strip("-") for name in wanted]
    short = [
        name.encode()[: longest - 13].decode(errors="ignore") if _bytes(name) > longest else name for name in plain
    ]
    counts = Counter(map(_on_disk, short))
    is_marked = [
        not name or name != whole_name or counts[_on_disk(name)] > 1
        for name, whole_name in zip(short, plain, strict=True)
    ]
    for digits in (6, 12):
        names = [
            f"{name}-{hashlib.sha256(whole.encode()).hexdigest()[:digits]}".strip("-") if marked else name
            for name, whole, marked in zip(short, wholes, is_marked, strict=True)
        ]
        if len(set(map(_on_disk, names))) == len(names):
            break
    return names


def _bytes(name: str) -> int:
    return len(name.encode())


def _on_disk(name: str) -> str:
    """Return a form that is equal for names that some file systems do not distinguish."""
    return unicodedata.normalize("NFKC", name).casefold()
