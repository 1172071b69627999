"""Genres: single names out of what people put into one tag.

Runs in the parser process, called by `tags`. Pure: text in, text out. It knows no list of genres and merges
no synonyms; "Hip-Hop" and "Hip Hop" are two until somebody says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from shelfread.media.music.people import distinct, key_of

#: Genres whose name holds a separator and whose parts are none. "Hip-Hop/Rap" or "R&B/Soul" are not here:
#: both halves are genres of their own, and such a track belongs under either.
WHOLE_GENRES = (
    "Folk, World, & Country",
    "Folk, World & Country",
    "Singer / Songwriter",
    "Singer/Songwriter",
)

_GENRE = re.compile(
    rf"\s*(?:{'|'.join(map(re.escape, WHOLE_GENRES))})(?=\s*(?:[;/,]|$))|[^;/,]+", re.IGNORECASE
)


def split_genres(values: Sequence[str]) -> list[str]:
    """Find the single genres in the values of a genre tag: split on ";", "/" and ",".

    Args:
        values: The values as written, one or several.

    Returns:
        The genres in order, trimmed, without repeats (case does not count, the first spelling stays).
    """
    return list(_split(tuple(values)))


def genre_keys(genres: Sequence[str]) -> list[str]:
    """Give the keys of genres, same order and length."""
    return [key_of(genre) for genre in genres]


@lru_cache(maxsize=2048)
def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    """Split; cached, because a library has few genres and many tracks."""
    return tuple(distinct(name for value in values for name in _GENRE.findall(value)))
