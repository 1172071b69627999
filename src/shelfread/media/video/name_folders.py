"""What the folders of a video say: season, show, film, whether it is an extra, a disc, a sample.

For `names`. A folder that only sorts ("Movies", "A", "2018") is no show; one that is a season or holds extras
passes the question on to the folder above. Pure, and cached, because the episodes of a season share them.
The name of the root is not known here, so a library called "Trailers" makes nothing a trailer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from shelfread.media.video.name_films import Film, film_of
from shelfread.media.video.name_markers import has_marker
from shelfread.media.video.name_text import ids_apart, neat, shown, year_in
from shelfread.media.video.name_words import (
    DISC_FOLDERS,
    EXTRA_FOLDERS,
    FILM_SHELF,
    OTHER_SHELF,
    SEASON,
    SHOW_SHELF,
    SPECIALS,
    SUBTITLE_FOLDER,
    key_of,
)

#: More folders than this below one another say nothing more.
_DEEPEST = 12

_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_HAN = "一二三四五六七八九十"
_PLAIN_SEASON = re.compile(
    rf"(?:(?:{SEASON})[ ._-]*(?P<number>[0-9]{{1,4}})|(?P<before>[0-9]{{1,2}})(?:st|nd|rd|th|ª|º|a|e"
    rf"|ème)?[ ._-]*(?:{SEASON})"
    rf"|[st](?P<short>[0-9]{{1,4}})|season[ ._-]+(?P<word>{'|'.join(_COUNTS)})"
    rf"|第(?P<asian>[0-9]{{1,3}}|[{_HAN}])[季期部])(?P<rest>(?:[ ._]*[-–:(\[,].*)?)",
    re.IGNORECASE,
)
_NAMED_SEASON = re.compile(
    rf"(?<=[ ._-])(?:\(?(?:{SEASON})[ ._-]*(?P<number>[0-9]{{1,4}})\)?|(?P<before>[0-9]{{1,2}})(?:st|nd|rd"
    rf"|th|ª|º)?[ ._]*(?:{SEASON})"
    rf"|\(?s(?P<short>[0-9]{{1,4}})\)?|第(?P<asian>[0-9]{{1,3}}|[{_HAN}])[季期])(?=[ ._()\[,-]|$)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    rf"(?:(?<![^\W_])s[0-9]{{1,2}}(?:[ ._]?[-–~][ ._]?s?[0-9]{{1,2}})(?![^\W_])"
    rf"|(?<![^\W_])(?:{SEASON})[ ._]?[0-9]{{1,2}}[ ._]?(?:[-–~&+]|to"
    rf"|and)[ ._]?(?:(?:{SEASON})[ ._]?)?[0-9]{{1,2}}(?![^\W_])"
    r"|(?<![^\W_])(?:the[ ._])?complete[ ._](?:tv[ ._])?(?:series|seasons?|collection)(?![^\W_]))",
    re.IGNORECASE,
)
_AGAIN_A_SEASON = re.compile(r"\s*[-–~&+]\s*(?:s|seasons?\s)?[0-9]{1,2}(?![0-9])", re.IGNORECASE)
_DISC_NUMBER = re.compile(r"(?:cd|dvd|disc|disk|disque|bd)[ ._-]?(?P<number>[0-9]{1,2}|[a-d])", re.IGNORECASE)


class Show(NamedTuple):
    """A show as its folder names it."""

    name: str
    year: int | None = None
    ids: tuple[tuple[str, str], ...] = ()


class Folder(NamedTuple):
    """What the folders of a file say."""

    #: The folder that a show would have: above that of the season, or that of the file.
    show: Show | None = None
    season: int | None = None
    #: It lies in a folder that is a season and nothing else ("Season 1", "Specials").
    in_season: bool = False
    #: It lies in a folder that names show and season ("Show S01 1080p").
    in_pack: bool = False
    #: What extras are in the folder.
    extra: str | None = None
    #: "films" or "shows", where a folder above sorts them.
    shelf: str | None = None
    #: The folder read as that of a film.
    film: Film | None = None
    #: The number of the folder of one disc of several.
    part: int | None = None
    #: How many of the last folders are the inside of a disc; 0 outside of one.
    disc: int = 0
    #: It lies in a folder of subtitles; the folder inside that, which has the name of their video.
    subtitles: bool = False
    subtitles_of: str | None = None


@lru_cache(maxsize=1024)
def folder_of(relative_folder: bytes) -> Folder:
    """Read the folders between the root and the file."""
    parts = [part for part in relative_folder[-4096:].split(b"/") if part]
    names = [name for part in parts[-_DEEPEST:] if (name := shown(part))]
    disc = _inside_disc(names)
    names = names[: len(names) - disc]
    found = Folder(disc=disc, shelf=_shelf(names))
    for place in range(len(names) - 1, -1, -1):
        name = names[place]
        step = _read(name, found, names[:place], last=place == len(names) - 1)
        if step is not None:
            found = step
            continue
        if not is_shelf(name):
            found = _end(name, found)
            if found.extra is None and not found.in_pack and not _is_one(found):
                found = found._replace(extra=_extra_above(names[:place]))
        break
    return found


def is_shelf(name: str) -> bool:
    """Whether a folder only sorts what is in it."""
    return any(shelf.fullmatch(name) is not None for shelf in (OTHER_SHELF, FILM_SHELF, SHOW_SHELF))


def show_of(name: str) -> Show:
    """A show as a folder names it, without year, ids and the words of those who made the files."""
    text, ids, _ = ids_apart(name)
    before, year, _ = year_in(text, ranges=True)
    title = neat(before) if year is not None else film_of(name).title
    return Show(title or neat(name) or name, year, tuple(sorted(ids.items())))


def _read(name: str, found: Folder, above: list[str], *, last: bool) -> Folder | None:
    """A folder that passes the question on to the one above it; None when it is the end of the way."""
    if (extra := EXTRA_FOLDERS.get(key_of(name))) is not None:
        # A shelf called "Shorts" at the top has folders of films; an extra further down has its film above.
        if last or any(not is_shelf(one) for one in above):
            return found._replace(extra=found.extra or extra)
        return None
    if SUBTITLE_FOLDER.fullmatch(name):
        return found._replace(subtitles=True)
    if not found.in_season and SPECIALS.fullmatch(name):
        return found._replace(season=0, in_season=True)
    if (match := _PLAIN_SEASON.fullmatch(name)) is not None and _is_season(match):
        several = _AGAIN_A_SEASON.match(match["rest"]) is not None
        season = None if several else _number(match)
        return found._replace(season=season if found.season is None else found.season, in_season=True)
    if (match := _DISC_NUMBER.fullmatch(name)) is not None:
        number = match["number"].lower()
        return found._replace(part=int(number) if number.isdigit() else "abcd".index(number) + 1)
    if last and above and SUBTITLE_FOLDER.fullmatch(above[-1]):
        return found._replace(subtitles_of=name)
    return found if above and has_marker(name) else None


def _end(name: str, found: Folder) -> Folder:
    """The folder of a show or of a film."""
    if found.in_season:
        several = _SEVERAL.search(name)
        before = name[: several.start()] if several is not None else ""
        return found._replace(show=show_of(before if key_of(before) else name))
    if (match := _SEVERAL.search(name)) is not None:
        before = name[: match.start()]
        return found._replace(show=show_of(before) if key_of(before) else None, film=film_of(name))
    match = _NAMED_SEASON.search(name)
    if match is not None and _is_season(match) and key_of(before := name[: match.start()]):
        return found._replace(show=show_of(before), season=_number(match), in_pack=True, film=film_of(name))
    return found._replace(show=show_of(name), film=film_of(name))


def _is_one(found: Folder) -> bool:
    """Whether a folder has a film or a show of its own, so that no folder above it makes it an extra."""
    film = found.film
    return found.in_season or (film is not None and (film.year is not None or bool(film.ids)))


def _extra_above(names: list[str]) -> str | None:
    """The extras that a folder further up holds, where there is something that they belong to."""
    for place in range(len(names) - 1, 0, -1):
        if (extra := EXTRA_FOLDERS.get(key_of(names[place]))) is not None:
            return extra if any(not is_shelf(one) for one in names[:place]) else None
    return None


def _inside_disc(names: list[str]) -> int:
    for place, name in enumerate(names):
        if name.lower() in DISC_FOLDERS:
            return len(names) - place
    return 0


def _shelf(names: list[str]) -> str | None:
    for name in reversed(names):
        if FILM_SHELF.fullmatch(name):
            return "films"
        if SHOW_SHELF.fullmatch(name):
            return "shows"
    return None


def _is_season(match: re.Match[str]) -> bool:
    """Whether the number may be that of a season: of four digits only a year is."""
    number = match["number"] or match["short"] or ""
    return len(number) < 4 or number[:2] in ("19", "20")


def _number(match: re.Match[str]) -> int:
    groups = match.groupdict()
    number = groups["number"] or groups["before"] or groups["short"]
    if number:
        return int(number)
    if groups.get("word"):
        return _COUNTS.index(groups["word"].lower()) + 1
    asian = groups["asian"]
    return _HAN.index(asian) + 1 if asian in _HAN else int(asian)
