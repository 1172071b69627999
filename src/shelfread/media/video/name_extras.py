"""Which videos are no film and no episode themselves: trailers, featurettes, samples and their kin.

For `names`. The folders that hold them are in `name_folders`; here are the words behind a name. A word counts
only where it is joined as people join it for this: "Film-short" is one, "The Big Short" is a film.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shelfread.media.video.name_release import SURE
from shelfread.media.video.name_words import EXTRA_SUFFIXES, key_of


class Extra(NamedTuple):
    """What sort of extra a name says it is, and the name without that."""

    sort: str
    stem: str


_WORDS = (
    r"trailers?|samples?|minta|scenes?|clips?|interviews?|behind[ ._-]?the[ ._-]?scenes"
    r"|deleted(?:[ ._-]?scenes?)?|featurettes?"
    r"|shorts?|extras?|other"
)
_JOINED = re.compile(rf"(?P<by> - |[-._])(?P<word>{_WORDS})(?:[ ._-]{{0,2}}[0-9]{{1,2}})?$", re.IGNORECASE)
_WHOLE = re.compile(r"(?P<word>trailer|sample|minta)s?(?:[ ._-]{0,2}[0-9]{1,2})?", re.IGNORECASE)
_SAMPLE_FIRST = re.compile(r"(?:sample|minta)[-._](?=[^\s])(?!of[-._ ])", re.IGNORECASE)
_SAMPLE_INSIDE = re.compile(r"[-._]sample[-._]", re.IGNORECASE)
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
#: Beside a dot or an underscore only these are no part of a title: "The.Big.Short".
_PLAIN = frozenset(("trailer", "sample", "minta", "featurette"))


def extra_of(stem: str) -> Extra | None:
    """The extra that a name without suffix says it is; None for films and episodes."""
    if (match := _WHOLE.fullmatch(stem)) is not None:
        return Extra(_sort(match["word"]), "")
    if (match := _JOINED.search(stem[-40:])) is not None:
        start = max(0, len(stem) - 40) + match.start()
        rest = stem[:start]
        if key_of(rest) and _counts(match, rest):
            return Extra(_sort(match["word"]), rest)
    if (match := _SAMPLE_FIRST.match(stem)) is not None and " " not in stem:
        return Extra("sample", stem[match.end() :])
    if " " not in stem and (match := _SAMPLE_INSIDE.search(stem)) is not None:
        before = stem[: match.start()]
        if _YEAR.search(before) or SURE.search(before):
            return Extra("sample", before)
    return None


def _sort(word: str) -> str:
    key = key_of(word)
    return EXTRA_SUFFIXES[key if key in EXTRA_SUFFIXES else key.removesuffix("s")]


def _counts(match: re.Match[str], rest: str) -> bool:
    by, plain = match["by"], key_of(match["word"]).removesuffix("s")
    if plain in _PLAIN:
        return True
    if by in "._":
        return plain in ("behindthescene", "deletedscene")
    if by == " - ":
        return plain in ("behindthescene", "deletedscene") or _YEAR.search(rest) is not None
    # "the-big-short" is joined throughout; "Film (2010)-short" and "The Film-short" are not. Behind "x264-"
    # stands who made the file, whatever they call themselves.
    return " " in rest or ("-" not in rest and SURE.search(rest) is None)
