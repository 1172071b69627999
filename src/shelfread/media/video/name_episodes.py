"""Names of episodes: the show before the number, the title behind it, and what the folders add.

For `names`. The numbers are found by `name_markers` and `name_counts`; this module cuts the name at them. A
show comes from a folder only where the folder is its own: that of the season's folder, or the one with the
name that the file has.
"""

from __future__ import annotations

import re

from shelfread.media.video.name_counts import counted
from shelfread.media.video.name_folders import Folder, Show
from shelfread.media.video.name_markers import Marker, marked
from shelfread.media.video.name_release import SURE, edition_in, is_release, read_release, title_end
from shelfread.media.video.name_text import ids_apart, neat, year_in
from shelfread.media.video.name_words import EPISODE, SEASON, key_of
from shelfread.model.video import Video

_GROUP_IN_FRONT = re.compile(r"\s*\[([^\[\]]{1,60})\][ ._-]*")
_BRACKETS = re.compile(r"\[[^\[\]]{0,80}\]|\((?:19|20)[0-9]{2}\)")
_BRACKET_FIRST = re.compile(r"[ ._-]{0,3}[\[(]([^\[\]()]{1,60})[\])]")
_ROUND = re.compile(r"\(([^()]{1,60})\)")
_SEASON_AT_END = re.compile(
    rf"[ ._,(-]+(?:(?:{SEASON})[ ._]?[0-9]{{1,4}}|(?:s|t)[0-9]{{1,4}}|[0-9](?:st|nd|rd|th)[ ._]season"
    rf"|第[0-9]{{1,2}}[季期])[ ._)-]*$",
    re.IGNORECASE,
)
_SEASON_ONLY = re.compile(rf"(?:{SEASON})[ ._]?[0-9]{{1,4}}[ ._-]*", re.IGNORECASE)
_ONLY_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_SITE = re.compile(r"\s*www[. ]", re.IGNORECASE)
_ONLY_WORD = re.compile(rf"(?:{SEASON}|{EPISODE})", re.IGNORECASE)
_PART = re.compile(r"[ ._]?-[ ._]?(?:part|pt|cd)([0-9]{1,2})[ ._-]*$|[ ._](?:part|pt|cd)([0-9])$")
_SIGNED = re.compile(r"-([A-Za-z0-9]{2,15})")
_VERSION = re.compile(r"^[ ._]?v[0-9](?![^\W_])", re.IGNORECASE)
#: "[E31E0309]" is no episode.
_CHECKSUM = re.compile(r"(?<=[\[(])[0-9a-f]{8}(?=[\])])", re.IGNORECASE)
_NUMBER_OF = re.compile(r"^\s?(?:of|von|de)\s?[0-9]{1,4}(?![0-9])", re.IGNORECASE)


def read_episode(stem: str, folder: Folder, video: Video) -> bool:
    """Fill in what the name of an episode says; False, and nothing, when it is none."""
    text, ids, edition = ids_apart(stem)
    marker = _marker(text, folder)
    if marker is None and not folder.in_season:
        return False
    video.type = "episode"
    video.provider_ids = ids
    video.edition = edition
    if marker is None:
        _title(text, video, joined=" " not in text)
        named: Show | None = None
        video.season = folder.season
    else:
        video.season = marker.season if marker.season is not None else folder.season
        video.episode, video.episode_end, video.air_date = marker.first, marker.last, marker.air_date
        if marker.absolute:
            video.absolute, video.absolute_end = marker.first, marker.last
        named = _show(text[: marker.start], video)
        _title(text[marker.end :], video, joined=" " not in text)
        signed = _SIGNED.fullmatch(text[marker.end :]) if " " not in text and "." in text else None
        if signed is not None and "-" not in text[: marker.start]:
            video.title, video.release_group = None, signed[1]
    _choose_show(named, folder, video)
    return True


def _marker(text: str, folder: Folder) -> Marker | None:
    seasonal = folder.in_season or folder.in_pack
    show = folder.show.name if folder.show is not None else None
    known = seasonal or folder.shelf == "shows"
    if not known and show is not None and folder.shelf != "films":
        begin, key = key_of(show), key_of(text)
        known = bool(begin) and key.startswith(begin) and key != begin
    searched = _CHECKSUM.sub("        ", text) if "[" in text or "(" in text else text
    marker = marked(searched, in_season=seasonal, show_known=known)
    if marker is not None:
        return marker
    if folder.in_pack and not folder.in_season and year_in(text)[1] is not None:
        return None  # "Open Season 2 (2008)" lies in a folder of that name
    return counted(text, folder.season, show, in_season=seasonal, shelf=folder.shelf)


def _show(before: str, video: Video) -> Show | None:
    """The show that stands before the number."""
    text = before.lstrip()
    for _ in range(2):
        if (match := _GROUP_IN_FRONT.match(text)) is None:
            break
        rest = text[match.end() :]
        # "[Group][Title][05]": the last bracket is the show.
        if not key_of(rest):
            return _named(match[1])
        if video.release_group is None and not is_release(match[1]) and not _SITE.match(match[1]):
            video.release_group = match[1].strip()
        text = rest
    end = title_end(text)
    if end < len(text) and key_of(text[:end]):
        read_release(text[end:], video)
        text = text[:end]
    if (match := _SEASON_AT_END.search(text[-24:])) is not None:
        cut = text[: max(0, len(text) - 24) + match.start()]
        text = cut if key_of(cut) else ""
    elif _SEASON_ONLY.fullmatch(text):
        text = ""
    return _named(text)


def _named(text: str) -> Show | None:
    name, year, _ = year_in(text, ranges=True)
    name = neat(_BRACKETS.sub(" ", name) if name.count("[") and name[0] != "[" else name)
    return Show(name, year) if key_of(name) and not _ONLY_WORD.fullmatch(name) else None


def _title(behind: str, video: Video, *, joined: bool) -> None:
    """The title behind the number, and what the tail says of the file."""
    text = " " + _NUMBER_OF.sub("", _VERSION.sub("", behind))
    if (match := _PART.search(text)) is not None:
        video.part, text = int(match[1] or match[2]), text[: match.start()]
    tail = ""
    while (match := _BRACKET_FIRST.match(text)) is not None and SURE.search(match[1]) is not None:
        tail, text = f"{tail} {match[0]}", text[match.end() :]
    end = title_end(text, empty=True)
    title, tail = text[:end], f"{tail} {text[end:]}"
    if "[" in title or "(" in title:
        tail = " ".join(_BRACKETS.findall(title)) + " " + tail
        title = _BRACKETS.sub(" ", title)
        for match in _ROUND.finditer(title):
            if is_release(match[1]):
                title, tail = title.replace(match[0], " "), f"{match[0]} {tail}"
    read_release(tail.strip(), video)
    video.edition = video.edition or edition_in(tail)
    title = neat(title if joined else " ".join(title.split()))
    # A letter joined to the number is what is left of "S01E02a".
    known = key_of(title) and not is_release(title) and not _ONLY_YEAR.fullmatch(title)
    if known and not (len(title) == 1 and behind[:1] == title):
        video.title = title


def _choose_show(named: Show | None, folder: Folder, video: Video) -> None:
    """The show of file and folder: the folder above a season's is the show, whatever the file calls it."""
    above = folder.show
    if above is not None and named is not None and not folder.in_season:
        begin = key_of(named.name)
        year = str(named.year or "")
        same = key_of(above.name) in (begin, begin + year) or begin == key_of(
            f"{above.name}{above.year or ''}"
        )
        above = above if same else None
    elif above is not None and named is None and not (folder.in_season or folder.in_pack):
        above = above if key_of(above.name) else None
    if above is not None:
        video.show, video.year = above.name, above.year or (named.year if named is not None else None)
        video.provider_ids = {**dict(above.ids), **video.provider_ids}
    elif named is not None:
        video.show, video.year = named.name, named.year
