"""Numbers that stand alone in a name, and when they are an episode: "05", "Show - 05", "One Piece 1001".

For `name_episodes`, where `name_markers` found nothing. Such a number is an episode by what is around it: the
folder of a season, a group in brackets before it, a dash, a leading nought. Without any of that it is part of
a title, as in "District 9" and "Apollo 13".
"""

from __future__ import annotations

import re

from shelfread.media.video.name_markers import Marker, last_of
from shelfread.media.video.name_release import title_end
from shelfread.media.video.name_text import neat, spaced, year_in
from shelfread.media.video.name_words import key_of

_NUMBER = r"(?P<first>[0-9]{1,4})"
_RANGE = r"(?P<more>\s?[-–~]\s?(?:ep?)?[0-9]{2,4})?"
_VERSION = r"(?:[ ._]?v[0-9])?(?:[ ._]?(?:end|final))?"
_AT_START = re.compile(
    rf"[#\[(]?{_NUMBER}(?P<more>[-–][0-9]{{2,4}})?(?:v[0-9])?[\])]?"
    r"(?P<by>$|[ ._]*-[ ._-]*(?![0-9])|\.[ ]?|[ _])",
    re.IGNORECASE,
)
_BEHIND_DASH = re.compile(
    rf"(?:[ _]-[ _]|\.-\.|(?<=[^\W\d])-(?=[0-9]{{2}})){_NUMBER}{_RANGE}{_VERSION}(?=$|[ ._]*[\[(]"
    rf"|[ ._]-[ ._]|[ ._][^\W\d])",
    re.IGNORECASE,
)
_AT_END = re.compile(
    rf"(?<=[ ._\])])(?<![0-9][.,])(?:#|no\.? ?)?{_NUMBER}(?P<more>-[0-9]{{2,4}})?{_VERSION}\s*$",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(
    r"\[(?:第)?(?P<first>[0-9]{1,4})(?P<more>-[0-9]{1,4})?(?:v[0-9])?(?:[ ._]?end)?(?:[集话話])?\]", re.I
)
_LOOSE = re.compile(r"(?<=[ ._])(?P<first>[0-9]{2,4})(?=[ ._])")
_PADDED_IN_BRACKETS = re.compile(r"[\[(](?P<first>0[0-9]{1,2})[\])]")
_GROUP = re.compile(r"\[[^\[\]]{1,60}\]")
_GROUPS = re.compile(r"(?:\[[^\[\]]{0,60}\][ ._-]*){1,2}")

_SIZES = frozenset((240, 264, 265, 360, 480, 540, 576, 720, 1080, 1440, 2160, 4320))
#: What a number belongs to that follows it: "Room 1408", "THX 1138".
_COUNTED_BY = (
    "the a an of and in to for at der die das le la les el los il"
    " agent apartment apollo area band beverly bond bureau catch cell channel chapter class code company"
    " cyborg district"
    " fahrenheit flight floor formula gate hills highway hour hours interstate level mile no no. number oss"
    " part pier pt"
    " planet platform psycho route room section sector station stage studio thx train unit u ward warehouse"
    " winchester"
    " world zone vol vol. volume track disc cd img dsc mvi vid mov clip file title scene ova oad ona movie"
    " special nced ncop op ed pv day take p"
)
_COUNTED = frozenset(_COUNTED_BY.split())


def counted(
    text: str, season: int | None, show: str | None, *, in_season: bool, shelf: str | None
) -> Marker | None:
    """The episode that a number alone stands for.

    Args:
        text: the name without its suffix.
        season: the number of the season whose folder it lies in.
        show: the name of the folder that would be the show.
        in_season: it lies in the folder of a season.
        shelf: what the folders above are for: "films", "shows", or None when they do not say.
    """
    group = _GROUP.match(text)
    if group is not None and (found := _of_anime(text, group)) is not None:
        # In a season's folder a small number counts that season.
        return found._replace(absolute=(found.first or 0) > 99) if in_season else found
    if in_season:
        return _in_season(text, season, show)
    if shelf == "films" or year_in(text)[1] is not None:
        return None
    return _alone(text, show, shows=shelf == "shows")


def _of_anime(text: str, group: re.Match[str]) -> Marker | None:
    """Read "[Group] Title - 05 [1080p]", "[Group][Title][05]" and "[Group] Title 05 [..]"."""
    if (match := _IN_BRACKETS.search(text, group.end())) is not None and not _is_year(match):
        return _absolute(match)
    if (match := _BEHIND_DASH.search(text, group.end())) is not None and not _is_year(match):
        return _absolute(match)
    end = text.find("[", group.end() + 1)
    end = min(place for place in (end, text.find("(", group.end()), title_end(text)) if place > 0)
    match = _AT_END.search(text, group.end(), end) if end < len(text) else None
    if match is None or len(match["first"]) < 2 or _is_year(match):
        return None
    return _absolute(match) if neat(text[group.end() : match.start()]) else None


def _in_season(text: str, season: int | None, show: str | None) -> Marker | None:
    """In the folder of a season the number at either end of a name counts its episodes."""
    start = len(show) if show and text.lower().startswith(show.lower()) and len(show) < len(text) else 0
    while start and start < len(text) and text[start] in " ._-":
        start += 1
    match = _AT_START.match(text, start)
    if (
        match is not None
        and (len(match["first"]) > 1 or match["by"] not in ("_", " "))
        and not _is_year(match)
    ):
        return _numbered(match, season, 0 if start else match.start())
    if (match := _BEHIND_DASH.search(text)) is not None and not _is_year(match):
        return _numbered(match, season, match.start())
    brackets = [place for place in (text.find("[", 1), text.find("(", 1)) if place > 0]
    end = min([title_end(text), *brackets])
    match = _AT_END.search(text, 0, len(text[:end].rstrip(" ._")))
    sure = match is not None and len(match["first"]) > 1 and not _is_year(match)
    if match is not None and sure and (match["first"][0] == "0" or _may_count(text, match)):
        return _numbered(match, season, match.start())
    if (match := _PADDED_IN_BRACKETS.search(text)) is not None:
        return _numbered(match, season, match.start())
    for match in _LOOSE.finditer(text, 0, end):
        if match["first"][0] == "0" or (season and int(match["first"]) // 100 == season):
            return _numbered(match, season, match.start())
    return None


def _alone(text: str, show: str | None, *, shows: bool) -> Marker | None:
    """A number at the end of a name, in no season's folder."""
    dashed = _BEHIND_DASH.search(text)
    if dashed is not None and not _is_year(dashed) and _may_follow(text, dashed, show, shows=shows):
        return _absolute(dashed)
    first = _AT_START.match(text) if shows and show is not None else None
    if first is not None and not _is_year(first):
        alone = first["by"] == ""
        if alone or (first["first"][0] == "0" and "-" in first["by"]):
            return _absolute(first)
    end = title_end(text)
    match = _AT_END.search(text, 0, len(text[:end].rstrip(" ._-([")))
    if match is None or _is_year(match) or int(match["first"]) in _SIZES or not _may_count(text, match):
        return None
    number = match["first"]
    before = spaced(text[: match.start()])
    named = show is not None and key_of(show) == key_of(before)
    if len(number) > 2 or (number[0] == "0" and len(number) == 2) or (named and shows):
        more = match["more"] if number[0] == "0" else None
        if match["more"] and more is None:
            return None
        return _absolute(match)
    return None


def _may_follow(text: str, match: re.Match[str], show: str | None, *, shows: bool) -> bool:
    """Whether a number behind a dash is an episode without a folder that says so."""
    number = match["first"]
    before = spaced(text[: match.start()])
    if not key_of(before):
        return False
    if match["more"]:
        return number[0] == "0" or (shows and len(number) > 1)
    if text[match.start()] == "-":
        return number[0] == "0" and text[match.end() :].startswith((" ", "[", "(", "")) and len(number) == 2
    behind = text[match.end() :].lstrip(" ._")
    if behind and behind[0].isalpha() and not text[match.end() :].lstrip(" _.").startswith("-"):
        return number[0] == "0" and len(number) < 4  # "Show - 05 Title", not "Film - 12 Angry Men"
    return len(number) > 1 or (show is not None and key_of(show) == key_of(before))


def _may_count(text: str, match: re.Match[str]) -> bool:
    """Whether a number does not belong to the word before it."""
    before = key_of(spaced(text[: match.start()]).rpartition(" ")[2])
    return bool(before) and before not in _COUNTED


def _numbered(match: re.Match[str], season: int | None, start: int) -> Marker:
    """A number in the folder of a season: "102" in that of the first is its second episode."""
    number = int(match["first"])
    more = match["more"] if "more" in match.groupdict() else None
    if season and number > 99 and number // 100 == season and not more:
        return Marker(start, match.end(), season, number % 100)
    return Marker(start, match.end(), season, number, last_of(number, season, more), number > 99)


def _absolute(match: re.Match[str]) -> Marker:
    number = int(match["first"])
    return Marker(
        match.start(), match.end(), None, number, last_of(number, None, match["more"]), absolute=True
    )


def _is_year(match: re.Match[str]) -> bool:
    return len(match["first"]) == 4 and 1900 <= int(match["first"]) <= 2039
