"""Who made it: names, the keys that make two spellings one artist, and credits.

Runs in the parser process, after `formats` has read the tags and before anything is written; `releases`
uses `key_of` as well, in the scan. Pure: text in, text out. It knows neither files nor rows, and has no
opinion on which spelling of an artist the catalogue shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from unicodedata import normalize

from shelfread.model.music import Credit

#: Longer keys are cut and hashed: a key is indexed, and an index entry has a size limit.
KEY_LENGTH = 250

_SPELLINGS = str.maketrans(
    dict.fromkeys("`´‘’‚‛ʹʻʼʽˈ′‵＇", "'")
    | dict.fromkeys("“”„‟«»″‶＂", '"')
    | dict.fromkeys("‐‑‒–—―−﹘﹣－⁃", "-")
    # Invisible characters that editors and web pages leave behind: nobody can see that they differ.
    | dict.fromkeys("\0\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f", None)
)

#: Names that hold a separator and are one artist all the same, by key. Names such as "AC/DC" or "Tyler, The
#: Creator" need no entry: "/" without spaces, "," and "&" never separate artists.
WHOLE_NAMES = frozenset({"+ / -", "ac / dc", "ashes / divide", "either / or", "little feat", "mono / poly"})

# One blank on each side is enough to match (the pieces are stripped), and keeps the search linear.
_ARTIST_SEPARATOR = re.compile(r"\s/\s|;\s|\s([(\[]?)(?:feat\.?|ft\.?|featuring)\s", re.IGNORECASE)
_ROLE_SEPARATOR = re.compile(r"\s/\s|;")
_WHOLE_NAME = re.compile(
    "|".join(rf"(?<!\S){re.escape(name)}(?!\S)" for name in sorted(WHOLE_NAMES)), re.IGNORECASE
)
_INSTRUMENT = re.compile(r"\s\([^()]*\)(?=\s*(?:$|;|\s/\s))")
_CLOSING = {"(": ")", "[": "]"}


@lru_cache(maxsize=8192)
def key_of(name: str) -> str:
    """Reduce a name to what makes two spellings of it the same.

    Compatibility forms, case, runs of blanks, kinds of quotes and dashes, and invisible characters do not
    count. Accents do: "Björk" and "Bjork" stay two, as "Ænima" and "Anima" would.

    Args:
        name: A name as written.

    Returns:
        The key: never empty for a name that is not, at most `KEY_LENGTH` characters for ordinary names and
        for long ones their beginning and a hash. The key of a key is itself.
    """
    if name.isascii() and "`" not in name and "\0" not in name:
        key = " ".join(name.lower().split())
    else:
        key = name
        # Folding can undo the normal form and the other way round; it settles after a round or two.
        for _ in range(4):
            before = key
            key = normalize("NFKC", normalize("NFKC", key.translate(_SPELLINGS)).casefold())
            key = " ".join(key.translate(_SPELLINGS).split())
            if key == before:
                break
    if not key:
        return name[:KEY_LENGTH]
    if len(key) > KEY_LENGTH:
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        key = f"{key[:200].rstrip()} #{digest}"
    return key


def distinct(names: Iterable[str]) -> list[str]:
    """The names without blanks around them, empty ones and repeats; the first spelling stays."""
    found: dict[str, str] = {}
    for name in names:
        if name := name.strip():
            found.setdefault(key_of(name), name)
    return list(found.values())


def split_artists(values: Sequence[str]) -> list[str]:
    """Find the single artists in the values of an artist tag.

    Several values are the tagger's own list and are not split. One value is split on " / ", "; " and
    " feat. ", " ft. ", " featuring " (with or without the dot, in any case, also as "(feat. X)"). "," and "&"
    belong to names far too often to be separators.

    Args:
        values: The values as written.

    Returns:
        The names in order, without repeats.
    """
    if len(values) == 1:
        return list(_split_artist(values[0]))
    return distinct(values)


def split_role(values: Sequence[str], *, instruments: bool = False) -> list[str]:
    """Find the single people in the values of any other role: split on " / " and ";".

    Args:
        values: The values as written.
        instruments: Names may carry one ("Carol Kaye (bass)"), which is dropped.

    Returns:
        The names in order, without repeats.
    """
    names: list[str] = []
    for value in values:
        if instruments and "(" in value:
            value = _INSTRUMENT.sub("", value)
        names += _ROLE_SEPARATOR.split(value) if ";" in value or "/" in value else (value,)
    return distinct(names)


def credits_for(
    role: str,
    names: Sequence[str],
    mbids: Sequence[str | None] = (),
    sort_names: Sequence[str] = (),
) -> list[Credit]:
    """Make the credits of one role.

    Ids and sort names go with names by position, and only if there are as many of them: pairing lists of
    different lengths gives people the identity of somebody else.

    Args:
        role: The role, as in `Credit.role`.
        names: The single names, as `split_artists` or `split_role` gave them.
        mbids: MusicBrainz ids as written in the file, None for one that is not an id.
        sort_names: Sort names as written in the file.

    Returns:
        One credit for each name, in order.
    """
    count = len(names)
    paired = mbids if len(mbids) == count else (None,) * count
    sorts = sort_names if len(sort_names) == count else (None,) * count
    return [
        Credit(role, name, key_of(name), sort_name, mbid)
        for name, mbid, sort_name in zip(names, paired, sorts, strict=True)
    ]


def share_mbids(credited: list[Credit]) -> None:
    """Give the ids known for a name to its credits in other roles, in place.

    A name with two different ids in one file keeps them as they are: they may be two people.
    """
    known: dict[str, str | None] = {}
    for credit in credited:
        if credit.mbid is not None:
            known[credit.key] = credit.mbid if known.get(credit.key, credit.mbid) == credit.mbid else None
    if known:
        for credit in credited:
            if credit.mbid is None:
                credit.mbid = known.get(credit.key)


@lru_cache(maxsize=4096)
def _split_artist(value: str) -> tuple[str, ...]:
    """Split one artist text; cached, because an album says the same one on every track."""
    if _ARTIST_SEPARATOR.search(value) is None or key_of(value) in WHOLE_NAMES:
        return tuple(distinct((value,)))
    kept = [match.span() for match in _WHOLE_NAME.finditer(value)]
    pieces: list[str] = []
    start, bracket = 0, ""
    position = 0
    while (match := _ARTIST_SEPARATOR.search(value, position)) is not None:
        inside = next((end for begin, end in kept if begin <= match.start() + 1 < end), None)
        if inside is not None:
            position = inside
            continue
        pieces.append(_unbracketed(value[start : match.start()], bracket))
        start, bracket = match.end(), match.group(1) or ""
        # The blank that ends one separator may begin the next.
        position = max(match.end() - 1, match.start() + 1)
    pieces.append(_unbracketed(value[start:], bracket))
    return tuple(distinct(pieces)) or (value.strip(),)


def _unbracketed(piece: str, bracket: str) -> str:
    """Take the closing bracket off a piece that a bracketed "(feat." began."""
    piece = piece.strip()
    if bracket:
        closing = _CLOSING[bracket]
        if piece.endswith(closing) and piece.count(closing) > piece.count(bracket):
            return piece[:-1]
    return piece
