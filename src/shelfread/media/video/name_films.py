"""Names of films: title, year, edition, versions, parts.

For `names`, and for `name_folders`, since a folder of a film is named like the film. Pure: it cannot see the
siblings, so "Part 2" without a year stays in the title, and "cd2" is a part whether there is a first or not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from shelfread.media.video.name_release import (
    EDITION_AT_END,
    SURE,
    edition_in,
    is_release,
    read_release,
    title_end,
    written,
)
from shelfread.media.video.name_text import ids_apart, neat, spaced, year_in
from shelfread.media.video.name_words import key_of
from shelfread.model.video import Video


class Film(NamedTuple):
    """What the name of a file or a folder says of a film."""

    title: str | None
    year: int | None
    ids: tuple[tuple[str, str], ...]
    edition: str | None
    part: int | None
    #: Who signed in front: "[Group] Film".
    group: str | None
    #: What stands behind title and year.
    tail: str
    #: The name without ids.
    name: str


_IN_FRONT = re.compile(r"\[\s*([^\[\]]{1,60}?)\s*\][ ._-]*(?=[^\s.])")
_SITE = re.compile(r"(?:www[. ].+|.+\.(?:com|net|org|me|to|mx|tv|cc|ws|in))", re.IGNORECASE)
_SITE_IN_FRONT = re.compile(r"www\.\S{1,60}\s+-\s+(?=\S)", re.IGNORECASE)
_AT_END = re.compile(r"[\[({]([^\[\](){}]{1,60})[\])}] ?$")
_PART = re.compile(
    r"(?<![^\W_])(?P<word>cd|dvd|part|pt|disc|disk)(?P<gap>[ ._-]{0,3})(?P<number>[0-9]{1,2}|[a-d])"
    r"(?![^\W_])[\])]?",
    re.IGNORECASE,
)
#: "(2006)a": the first of several.
_LETTER = re.compile(r"\s?([a-d])(?=$|[ ._]*[\[-])")
_LABEL = re.compile(r"\s*-\s+(?P<dash>\S.*)|\s*\[(?P<square>[^\[\]]+)\]\s*")
#: Names that machines and people in a hurry give: the folder knows better.
_NO_NAME = re.compile(
    r"(?:the ?)?(?:movie|film|video|main|feature|index|title|untitled|default|file|stream"
    r"|full movie)[ _-]?[0-9]{0,3}|[0-9a-f]{16,}"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{5}",
    re.IGNORECASE,
)
#: How groups shorten names: "grp-film.1080p".
_SHORTENED = re.compile(r"[a-z0-9]{2,12}-[a-z0-9._]{2,40}(?:-[a-z0-9._]{1,20})?")
_3D_AT_END = re.compile(r"[ .]?[-._]3d$|\s?[\[(]3d[\])]$|[ ._-]3D[ ._-]+[HF]?-?(?:SBS|OU|TAB)$")


@lru_cache(maxsize=512)
def film_of(name: str) -> Film:
    """Read the name of a film without its suffix, or that of its folder."""
    text, ids, edition = ids_apart(name)
    whole = text
    text, group = _front(text)
    before, year, tail = year_in(text)
    dated = year is not None or bool(tail)
    part = None
    if dated and (match := _LETTER.match(tail)) is not None:
        part, tail = "abcd".index(match[1]) + 1, tail[match.end() :]
    end = title_end(before)
    if end < len(before):
        before, tail = before[:end], f"{before[end:]} {tail}"
    if (found := _PART.search(tail)) is not None and (number := _number(found)) is not None:
        part, tail = number, tail[: found.start()] + " " + tail[found.end() :]
    before, found_part = _part_at_end(before, dated=dated)
    part = part or found_part
    before, tail = _brackets_at_end(before, tail)
    if (
        edition is None
        and (match := EDITION_AT_END.search(before)) is not None
        and neat(before[: match.start()])
    ):
        edition, before = written(match[1]), before[: match.start()]
    if not dated and (match := _3D_AT_END.search(before)) is not None and neat(before[: match.start()]):
        before, tail = before[: match.start()], f"{match[0]} {tail}"
    if edition is None and dated:
        edition = edition_in(tail)
    title = neat(before)
    if title and is_release(title) and SURE.fullmatch(title):
        title, tail = "", f"{title} {tail}"
    return Film(title or None, year, tuple(sorted(ids.items())), edition, part, group, tail, whole)


def read_film(stem: str, folder: Film | None, video: Video) -> None:
    """Fill in what the name of a film says, and its folder where that is the film's."""
    film = film_of(stem)
    video.title, video.year, video.part = film.title, film.year, film.part
    video.provider_ids = dict(film.ids)
    video.edition, video.release_group = film.edition, film.group
    read_release(film.tail, video)
    if folder is not None:
        _take_folder(stem, film, folder, video)


def _take_folder(stem: str, film: Film, folder: Film, video: Video) -> None:
    """What the folder adds, if it is the film's: it has its title, an id, or says what it cannot."""
    label = _label(film.name, folder)
    same = label is not None or (film.title is not None and key_of(film.title) == key_of(folder.title or ""))
    nameless = film.title is None or _NO_NAME.fullmatch(film.title) is not None
    if not nameless and not same and film.year is None and folder.year is not None:
        nameless = _SHORTENED.fullmatch(stem) is not None
    if film.year is not None and folder.year is None and not folder.ids:
        # "Movie 43 (2013)" in a folder that is none of its own.
        nameless = False
    # An id is given to the folder of one film, and to no shelf.
    own = bool(folder.ids) and film.year in (None, folder.year)
    if folder.title is None or not (same or nameless or own):
        return
    if film.year is not None and folder.year is not None and film.year != folder.year:
        return
    if nameless or own or folder.year is not None or folder.ids:
        video.title = folder.title
    video.year = film.year or folder.year
    video.provider_ids = {**dict(folder.ids), **video.provider_ids}
    if label is not None:
        video.version = label
        video.edition = video.edition or edition_in(label)
        if video.resolution is None:
            read_release(label, video)
    video.edition = video.edition or (folder.edition if label is None else None)
    if label is None and (video.resolution is None or video.source is None):
        said = Video()
        read_release(folder.tail, said)
        video.resolution = video.resolution or said.resolution
        video.source = video.source or said.source
        video.release_group = video.release_group or said.release_group
        video.three_d = video.three_d or said.three_d


def _label(name: str, folder: Film) -> str | None:
    """What tells the versions of a film apart: the file has its folder's name, and a label behind it."""
    begin = folder.name.strip()
    if not begin or not name.lower().startswith(begin.lower()):
        return None
    match = _LABEL.fullmatch(name[len(begin) :])
    if match is None:
        return None
    label = neat(_PART.sub(" ", match["dash"] or match["square"]))
    sure = (
        folder.year is not None
        or bool(folder.ids)
        or is_release(label)
        or edition_in(label) == written(label)
    )
    return label if label and sure else None


def _front(text: str) -> tuple[str, str | None]:
    """A name without a bracket in front, which is title in "[REC] 2" and none in "[Group] Film [1080p]"."""
    if text[:4].lower() == "www." and (match := _SITE_IN_FRONT.match(text)) is not None:
        return text[match.end() :], None
    match = _IN_FRONT.match(text) if text[:1] == "[" else None
    if match is None:
        return text, None
    said, rest = match[1], text[match.end() :]
    if is_release(said) or _SITE.fullmatch(said):
        return rest, None
    if "[" not in rest or SURE.search(rest) is None:
        return text, None
    title = key_of(year_in(rest)[0].partition("[")[0])
    return (rest, said) if title and not title.isdigit() else (text, None)


def _part_at_end(before: str, *, dated: bool) -> tuple[str, int | None]:
    """The part that a title ends in, if it is none of its words.

    "cd2" is; "Part 2" only where it is written as one does for files: joined, or small behind a title that
    is not.
    """
    text = before.rstrip(" ._-([")
    found = next(reversed(list(_PART.finditer(before))), None)
    if found is None or neat(before[found.end() :]) or (number := _number(found)) is None:
        return before, None
    word, rest = found["word"], text[: found.start()]
    if word.lower() in ("part", "pt"):
        joined = not found["gap"] and word.islower()
        small = word.islower() and not rest.islower() and found.start() > 0
        if dated or not (joined or small):
            return before, None
    elif found["number"].isalpha() and not found["gap"] and dated:
        return before, None
    return rest, number


def _number(match: re.Match[str]) -> int | None:
    """The number of a part; DVD5 and DVD9 are sizes of discs."""
    number = match["number"].lower()
    if not number.isdigit():
        return "abcd".index(number) + 1
    if int(number) == 0 or (match["word"].lower() == "dvd" and not match["gap"] and number in ("5", "9")):
        return None
    return int(number)


def _brackets_at_end(before: str, tail: str) -> tuple[str, str]:
    """A title without the brackets behind it that hold words of files."""
    for _ in range(4):
        match = _AT_END.search(before[-64:])
        if match is None:
            break
        start = max(0, len(before) - 64) + match.start()
        if not neat(before[:start]) or not (
            is_release(match[1].strip()) or edition_in(spaced(match[1])) is not None
        ):
            break
        before, tail = before[:start], f"{before[start:]} {tail}"
    return before, tail
