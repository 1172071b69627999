"""Where a name says which episode it is, in all the usual notations.

For `name_episodes`. `marked` finds what stands in a name for itself ("S01E02", "2x03", a date); what only
means an episode in the folder of a season or behind the name of a show ("05", "Show 1001") is in
`name_counts`. Knows no titles.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shelfread.media.video.name_text import DATE, date_of
from shelfread.media.video.name_words import EPISODE, SEASON


class Marker(NamedTuple):
    """What a name says of its episode, and where: the title of the show before it, its own behind it."""

    start: int
    end: int
    season: int | None = None
    first: int | None = None
    last: int | None = None
    #: Whether the number counts through all seasons, as far as the name says.
    absolute: bool = False
    air_date: str | None = None


_NO = r"(?![0-9])"
#: What follows the first number of several: "-E03", "E03", "-03", "x04", "-S01E03".
_MORE = (
    r"(?:[ ._]{0,2}[-–&+,~]?[ ._]{0,2}(?:s(?:[0-9]{1,4})[ ._]?)?(?:ep?"
    r"|x(?!26[3-6]))[ ._]?[0-9]{1,4}(?![0-9]|[pi]\b)"
    r"|[-–][0-9]{1,4}(?![^\W_]|[.,][0-9]))"
)
_SEASON_EPISODE = re.compile(
    r"(?<![a-z0-9])s(?P<season>[0-9]{1,4})(?:x(?!26[3-6])|[\]) ._-]{0,3}x?[\[( ]?(?:episode|ep"
    r"|e)[ ._-]?)(?P<first>[0-9]{1,4})"
    rf"{_NO}(?P<more>{_MORE}{{0,12}})",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"(?<![a-z0-9])(?<![0-9][.,])(?P<season>[0-9]{1,2}|(?:19[5-9]"
    r"|20[0-4])[0-9])[x×](?!26[3-6])(?P<first>[0-9]{1,3})"
    rf"(?![0-9]|[pi]\b)(?P<more>(?:{_MORE}|[ ._]?-[ ._]?(?:[0-9]{{1,2}})[x×][0-9]{{1,3}}{_NO}){{0,12}})",
    re.IGNORECASE,
)
_WORDS = re.compile(
    rf"(?<![^\W_])(?:(?:{SEASON})[ ._]{{0,2}}(?P<season>[0-9]{{1,4}})|(?P<before>[0-9]{{1,2}})(?:st|nd|rd"
    rf"|th|ª|º)?[ ._]{{0,2}}(?:{SEASON}))"
    rf"(?:[ ._]{{0,2}}[,-]?[ ._]{{0,2}})(?:(?:{EPISODE})[ ._]{{0,2}}(?P<first>[0-9]{{1,4}})"
    rf"|(?P<counted>[0-9]{{1,4}})[ ._]{{0,2}}(?:{EPISODE})(?![^\W_])){_NO}"
    rf"(?P<more>[-–][0-9]{{1,4}}(?![^\W_]))?",
    re.IGNORECASE,
)
#: "Show S2 - 05", "Show 2nd Season - 05".
_SEASON_DASH = re.compile(
    r"(?<![^\W_])(?:(?:s|seasons?[ ._])(?P<season>[0-9]{1,2})|(?P<before>[0-9])(?:st|nd|rd|th)[ ._]season)"
    r"[ ._]-[ ._](?P<first>[0-9]{2,4})(?P<more>[-–~][0-9]{2,4})?(?:v[0-9])?(?![^\W_]|[.,][0-9])",
    re.IGNORECASE,
)
_HAN = "一二三四五六七八九十"
_ASIAN = re.compile(
    rf"(?:第(?P<season>[0-9]{{1,3}}"
    rf"|[{_HAN}])[季期部][ ._-]{{0,3}})?第(?P<first>[0-9]{{1,4}})(?P<more>[-–~][0-9]{{1,4}})?[集话話回]"
    r"|(?<![0-9])(?P<korean>[0-9]{1,4})[화회](?!\w)"
)
_SPANISH = re.compile(
    r"(?<![^\W_])cap[.](?P<season>[0-9]{1,2}?)(?P<first>[0-9]{2})(?P<more>_[0-9]{3,4})?(?![^\W_])", re.I
)
#: "E05", "Ep. 5", "Episode 5", "Folge 5": no season.
_EPISODE_ONLY = re.compile(
    rf"(?<![^\W_])(?:e(?P<short>[0-9]{{1,4}})|ep[ ._-]{{0,2}}(?P<first>[0-9]{{1,4}})"
    rf"|(?P<word>{EPISODE})[ ._]{{0,2}}(?P<long>[0-9]{{1,4}}))"
    rf"{_NO}(?P<more>{_MORE}{{0,12}})(?![a-uw-z])",
    re.IGNORECASE,
)
#: "02 серия", "5. rész".
_COUNTED_WORD = re.compile(
    r"(?<![^\W_])(?P<first>[0-9]{1,4})(?P<more>[-–][0-9]{1,4})?[.]?[ ._]?(?:серия|серія|эпизод|епізод|bölüm"
    r"|rész|díl)(?![^\W_])",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"(?<![^\W_])SP ?(?P<first>[0-9]{1,2})(?![^\W_])")
_NUMBERS = re.compile(
    r"(?:s([0-9]{1,4})[ ._]?)?(?:(?<![0-9])([0-9]{1,4})[x×])?(?:(?:ep?|x)[ ._]?)?([0-9]{1,4})", re.IGNORECASE
)
_YEAR_BEHIND = re.compile(r".*?[(. \[_](?:19|20)[0-9]{2}(?![0-9])")
#: What people call their own films: "My Movie 2013-12-09".
_OWN = re.compile(r" [0-9]{4}-[0-9]{2}-[0-9]{2}(?: \(?(?:19|20)[0-9]{2}\)?)?$")

#: How many episodes one file holds at most; what counts further is no range.
_MOST = 200


def marked(text: str, *, in_season: bool, show_known: bool) -> Marker | None:
    """The episode that a name says it is.

    Args:
        text: the name without its suffix.
        in_season: it lies in the folder of a season.
        show_known: its folder has the name of a show, which the file need not say.
    """
    if (match := _SEASON_EPISODE.search(text)) is not None and _is_season(match["season"]):
        return _with_date(text, _made(match, int(match["season"])))
    if (match := _TIMES.search(text)) is not None and _is_times(text, match, in_season or show_known):
        return _with_date(text, _made(match, int(match["season"])))
    ascii_only = text.isascii()
    word = _EPISODE_ONLY.search(text)
    counted = None if ascii_only else _COUNTED_WORD.search(text)
    if (word or counted) and (match := _WORDS.search(text)) is not None:
        number = match["first"] or match["counted"]
        return _made(match, int(match["season"] or match["before"]), int(number))
    if not ascii_only and (match := _ASIAN.search(text)) is not None:
        said = match["season"]
        season = (_HAN.index(said) + 1 if said in _HAN else int(said)) if said else None
        return _made(match, season, int(match["first"] or match["korean"]))
    if (match := _SEASON_DASH.search(text)) is not None:
        return _made(match, int(match["season"] or match["before"]))
    if (found := _daily(text, in_season or show_known)) is not None:
        return found
    if (match := _SPANISH.search(text)) is not None and int(match["season"]):
        season = int(match["season"])
        first = int(match["first"])
        last = int(match["more"][1:]) - 100 * season if match["more"] else first
        return Marker(match.start(), match.end(), season, first, last if first < last < 100 else None)
    if word is not None and _is_episode(text, word, in_season):
        return _made(word, None, int(word["short"] or word["first"] or word["long"]))
    if counted is not None:
        return _made(counted, None)
    if (match := _SPECIAL.search(text)) is not None:
        return Marker(match.start(), match.end(), 0, int(match["first"]))
    return None


def has_marker(text: str) -> bool:
    """Whether a name says season and episode: that of a folder of one episode does."""
    return _SEASON_EPISODE.search(text) is not None


def last_of(first: int, season: int | None, more: str | None) -> int | None:
    """The last of the numbers that follow the first one; None when they do not count on from it."""
    last = first
    for own, times, number in _NUMBERS.findall(more or ""):
        said = own or times
        if said and season is not None and int(said) != season:
            break
        if not last < int(number) <= first + _MOST:
            break
        last = int(number)
    return last if last > first else None


def _made(match: re.Match[str], season: int | None, first: int | None = None) -> Marker:
    number = int(match["first"]) if first is None else first
    more = match.groupdict().get("more")
    last = last_of(number, season, more)
    end = match.end()
    if more and last is None and more[0] in "-–" and more[1:].isdigit():
        end -= len(more)  # "S01E05-02": the rest is a title
    return Marker(match.start(), end, season, number, last)


def _is_season(season: str) -> bool:
    return len(season) < 4 or season[:2] in ("19", "20")


def _is_times(text: str, match: re.Match[str], known: bool) -> bool:
    """Whether "4x12" is an episode and not a title, a picture's size or a ratio."""
    before, behind = text[: match.start()], text[match.end() :]
    if len(match["season"]) == 4 and int(match["first"]) > 400:
        return False
    if len(match["first"]) == 1 and not match["more"]:
        return known or (before.endswith(" - ") and len(before) > 3)
    # "10x10 (2018)" is a film.
    return known or bool(before.strip(" ._-")) or _YEAR_BEHIND.match(behind) is None


def _is_episode(text: str, match: re.Match[str], in_season: bool) -> bool:
    """Whether a word and a number are an episode: "Star Wars Episode 4 (1977)" is a film."""
    if in_season:
        return True
    if match["short"]:
        return len(match["short"]) > 1
    before, behind = text[: match.start()], text[match.end() :]
    if match["word"] is None or match["word"].lower() == "ep":
        return True
    if _YEAR_BEHIND.match(behind) is not None:
        return False
    # "Cap" is short for more than a Spanish episode.
    padded = len(match["long"]) > 1 and match["word"].lower() != "cap"
    return padded or not before.strip(" ._-") or before.endswith((" - ", "-", "_-_"))


def _daily(text: str, show_known: bool) -> Marker | None:
    for match in DATE.finditer(text):
        if (day := date_of(match)) is None:
            continue
        own = _OWN.search(text[-20:]) is not None and "." not in text
        blanks = match.end() == len(text) and (match["by"] or match["sep"]) == " "
        if (own or blanks) and not show_known and not text[: match.start()].endswith(" - "):
            return None
        return Marker(match.start(), match.end(), air_date=day)
    return None


def _with_date(text: str, marker: Marker) -> Marker:
    """An episode that says its day as well, directly behind its number."""
    match = DATE.search(text, marker.end)
    if (
        match is not None
        and not text[marker.end : match.start()].strip(" ._-([])")
        and (day := date_of(match))
    ):
        return marker._replace(end=match.end(), air_date=day)
    return marker
