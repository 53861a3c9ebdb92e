"""Guessing of undeclared text encodings: names in zips, tables of labels."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable, Sequence

from ganart.errors import UserError

_CJK_PUNCTUATION = range(0x3000, 0x3020)
_KANA = range(0x3041, 0x3100)


def _common_in(charset: str, first: int, last: int) -> Callable[[str], bool]:
    """Return a test whether a character is common in `charset`: its first byte there is from `first` to `last`."""

    def is_common(char: str) -> bool:
        if ord(char) in _CJK_PUNCTUATION or ord(char) in _KANA:
            return True
        try:
            code = char.encode(charset)
        except UnicodeEncodeError:
            return False
        return len(code) == 2 and first <= code[0] <= last

    return is_common


def _hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7a3"


def _latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith("LATIN")


def _russian(char: str) -> float:
    """Return how likely a letter is, to choose between two encodings that both give letters."""
    return (1.0 if char.lower() in "оеаинтсрвлкм" else 0.8) if "\u0410" <= char <= "\u044f" else 0.0


_CANDIDATES: dict[str, Callable[[str], float]] = {
    "gbk": _common_in("gb2312", 0xB0, 0xD7),
    "cp932": _common_in("shift_jis", 0x88, 0x97),
    "big5": _common_in("big5", 0xA4, 0xC6),
    "cp949": _hangul,
    "cp437": _latin,
    "cp866": _russian,
    "cp1251": _russian,
    "cp1252": _latin,
}
"""Encodings that systems use without declaring them, with the likelihood of a character in each."""

_PLAUSIBLE = 0.6
"""Mean likelihood from which an encoding is accepted."""

_ENOUGH_KOREAN = 12
"""Number of different Hangul syllables from which a text counts as Korean.

Their bytes are those of the first six tenths of the common characters of `gbk` (ordered by sound), and twelve Chinese
characters all lie there in one of 300 texts.
"""

_AS_WINDOWS_HAS_THEM = {"shift_jis": "cp932", "euc_kr": "cp949", "gb2312": "gbk"}
"""Encodings to use for files declared in a narrower standard, as web browsers do."""

_MOST_OTHERS = 3
_SHOWN = 40


def known_encoding(asked: str | int | None) -> str | None:
    """Return the canonical name of `asked`, a text encoding given by name or by the number of its code page.

    Raises:
        UserError: if there is none of that name.
    """
    if asked is None:
        return None
    try:
        b"a".decode(str(asked), "replace")  # some codecs are not for text
        found = codecs.lookup(str(asked)).name
        return _AS_WINDOWS_HAS_THEM.get(found, found)
    except (LookupError, ValueError):
        raise UserError(
            f"dataset.encoding={asked}: there is no such encoding. Names from Chinese Windows are in gbk, from "
            "Japanese in cp932, from Taiwan in big5, from Korea in cp949; others are cp1252, cp1251, cp437, utf-8."
        ) from None


def guess(texts: Sequence[bytes], otherwise: str) -> str:
    """Return the most plausible encoding of all `texts`, UTF-8 if it can decode them; else `otherwise`."""
    if _decoded(texts, "utf-8") is not None:
        return "utf-8"
    scores = {name: _plausibility(texts, name) for name in _CANDIDATES}
    best = max(scores, key=lambda name: scores[name])  # the first of equals
    if best == "gbk" and scores["cp949"] == scores["gbk"] and _num_syllables(texts) >= _ENOUGH_KOREAN:
        return "cp949"
    return best if scores[best] >= _PLAUSIBLE else otherwise


def otherwise_type(text: bytes, used: str) -> str:
    """Return the overrides to type if `text` is not in `used`, each with the resulting text, most plausible first."""
    scores = {name: _plausibility([text], name) for name in _CANDIDATES if name != used}
    likely = sorted((name for name in scores if scores[name] > 0), key=lambda name: -scores[name])[:_MOST_OTHERS]
    lines = [f"dataset.encoding={name} ({_short(text.decode(name))})" for name in likely]
    return " or ".join(lines) or "dataset.encoding=gbk, cp932, big5, cp949, cp1252 …"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _num_syllables(texts: Sequence[bytes]) -> int:
    return len({char for text in _decoded(texts, "cp949") or () for char in text if _hangul(char)})


def _decoded(texts: Sequence[bytes], encoding: str) -> list[str] | None:
    try:
        return [text.decode(encoding) for text in texts]
    except UnicodeDecodeError:
        return None


def _plausibility(texts: Sequence[bytes], encoding: str) -> float:
    """Return the mean likelihood of the characters beyond ASCII in `encoding`; 0 if it cannot decode the texts."""
    decoded = _decoded(texts, encoding)
    if decoded is None:
        return 0.0
    expected, scores = _CANDIDATES[encoding], []
    for text in decoded:
        for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False):
            if not char.isascii():
                scores.append(0.0 if _breaks_word(before, char, after, encoding) else float(expected(char)))
    return sum(scores) / len(scores) if scores else 0.0


def _breaks_word(before: str, char: str, after: str, encoding: str) -> bool:
    """Return whether `char` does not fit the letters beside it.

    Accented letters stand alone between ASCII letters. Russian letters do not stand beside them, nor do two-byte
    characters whose second byte is ASCII.
    """
    if _latin(char):
        return not before.isascii() and not after.isascii()
    in_word = any(neighbour.isascii() and neighbour.isalpha() for neighbour in (before, after))
    code = char.encode(encoding)
    return in_word and (_russian(char) > 0 or (len(code) == 2 and code[1] < 0x80))
