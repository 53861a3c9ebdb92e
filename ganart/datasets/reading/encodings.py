"""Which encoding text is in that does not say so: names in zips, tables of labels."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable, Sequence

from ganart.errors import UserError

_CJK_PUNCTUATION = range(0x3000, 0x3020)
_KANA = range(0x3041, 0x3100)


def _common_in(charset: str, first: int, last: int) -> Callable[[str], bool]:
    """Whether a character is one of the common ones of `charset`: its first byte there lies between two."""

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
    """How much a letter is to be expected: of two encodings that both give letters, one gives rare ones."""
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
"""The encodings of systems that do not say which they use, and which characters are to be expected in each."""

_PLAUSIBLE = 0.6
"""The share of expected characters from which an encoding is believed."""

_ENOUGH_KOREAN = 12
"""So many different syllables are no accident: all of them are common characters of `gbk`, too, of the first six tenths
in its order by sound, and of twelve Chinese ones all are of those in one of 300 texts."""

_AS_WINDOWS_HAS_THEM = {"shift_jis": "cp932", "euc_kr": "cp949", "gb2312": "gbk"}
"""What files are in that are said to be in the narrower standards; web browsers read them so, too."""

_MOST_OTHERS = 3
_SHOWN = 40


def known_encoding(asked: str | int | None) -> str | None:
    """Return `asked`, the encoding of text that the user named, by name or by the number of its code page.

    Raises:
        UserError: if there is none of that name.
    """
    if asked is None:
        return None
    try:
        b"a".decode(str(asked), "replace")  # there are codecs that are none of text
        found = codecs.lookup(str(asked)).name
        return _AS_WINDOWS_HAS_THEM.get(found, found)
    except (LookupError, ValueError):
        raise UserError(
            f"dataset.encoding={asked}: there is no such encoding. Names from Chinese Windows are in gbk, from "
            "Japanese in cp932, from Taiwan in big5, from Korea in cp949; others are cp1252, cp1251, cp437, utf-8."
        ) from None


def guess(texts: Sequence[bytes], otherwise: str) -> str:
    """Return the encoding that all of `texts` are most plausibly in, UTF-8 where they can be; else `otherwise`."""
    if _decoded(texts, "utf-8") is not None:
        return "utf-8"
    scores = {name: _plausibility(texts, name) for name in _CANDIDATES}
    best = max(scores, key=lambda name: scores[name])  # of equals the first
    if best == "gbk" and scores["cp949"] == scores["gbk"] and _num_syllables(texts) >= _ENOUGH_KOREAN:
        return "cp949"
    return best if scores[best] >= _PLAUSIBLE else otherwise


def otherwise_type(text: bytes, used: str) -> str:
    """Return what to type where `text` is not in `used`: keys, and how it reads with each, the likeliest first."""
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
    """The share of the characters beyond ASCII that are to be expected in `encoding`; 0 if it cannot be."""
    decoded = _decoded(texts, encoding)
    if decoded is None:
        return 0.0
    expected, told = _CANDIDATES[encoding], []
    for text in decoded:
        for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False):
            if not char.isascii():
                told.append(0.0 if _breaks_word(before, char, after, encoding) else float(expected(char)))
    return sum(told) / len(told) if told else 0.0


def _breaks_word(before: str, char: str, after: str, encoding: str) -> bool:
    """Whether `char` does not fit the letters beside it.

    Accented letters stand alone between plain ones; among plain letters there is no Russian one, nor one of two bytes
    of which the second is a plain letter.
    """
    if _latin(char):
        return not before.isascii() and not after.isascii()
    in_word = any(neighbour.isascii() and neighbour.isalpha() for neighbour in (before, after))
    code = char.encode(encoding)
    return in_word and (_russian(char) > 0 or (len(code) == 2 and code[1] < 0x80))
