"""Natural order: "page 9" before "page 10". Pure; for pages of a book, books of a series, names in a list."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = re.compile(r"[0-9]+")
#: More digits than this are no number that anybody counts with.
_MOST_DIGITS = 99


def natural_key(text: str) -> str:
    """A text that sorts, character by character, as people number things.

    Case and compatibility forms do not count. Every run of digits is led by its length without leading
    zeros, so that the longer number comes later. Whoever needs to tell equal keys apart has the text.
    """
    plain = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return _DIGITS.sub(_counted, plain)


def _counted(match: re.Match[str]) -> str:
    digits = match.group().lstrip("0")
    return f"{min(len(digits), _MOST_DIGITS):02d}{digits}"
