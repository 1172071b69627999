"""What the name and the folders of a sound file say, for files whose tags are silent.

Runs in the parser process after `tags.interpret`, and for `inspect --names`; `releases` uses the folder part
in the scan. Pure: it looks at the path and at nothing else, so it cannot know what the siblings are called.
It therefore reads only forms that are hard to take for anything else ("01 - Title", "1-03 Title", "A1 Title",
"Artist - Title", "Artist/Album (1999)/CD1") and leaves the rest as a title: "99 Luftballons" has no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from shelfread.media.music.people import key_of

#: File systems allow 255 bytes a name; what comes from elsewhere is cut, and the searches below stay cheap.
_LONGEST = 512

_SUFFIX = re.compile(r"\.(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{1,5}$")

# Numbers in front of a title. A separator must follow that numbers inside titles do not have.
_DISC_TRACK = re.compile(
    r"0?([1-9])[-.]([0-9]{2})(?:\s*[-–—.)]\s+|\s+)(?=\S)|([1-9][0-9])-([0-9]{2})\s*[-–—.]\s+"
)
_STRONG = re.compile(r"([0-9]{1,3})\s*(?:[-–—.)]|\s[-–—])\s+(?=\S)")
_TIGHT = re.compile(r"([0-9]{2})[-.)]\s*(?=[^\W\d])")
_WEAK = re.compile(r"(0[0-9]|[1-3][0-9])\s+(?=\S)")
_VINYL = re.compile(r"([A-H])\1?([1-9])(?:\s*[-–—.)]\s*|\s+)(?=\S)")
_DASH = re.compile(r"\s+[-–—]\s+")

_YEAR = r"((?:18|19|20)[0-9]{2})"
_YEAR_BEHIND = re.compile(rf"\s*[(\[]{_YEAR}(?:-[0-9]{{2}}){{0,2}}[)\]]\s*")
_YEAR_BEFORE = re.compile(rf"(?:{_YEAR}\s+[-–—]\s+|\({_YEAR}\)\s*|\[{_YEAR}\]\s*)(?=\S)")
_FORMAT = re.compile(
    r"\s*[(\[{](?:[^()\[\]{}]*\b(?:flac|mp3|aac|ogg|opus|alac|m4a|wav|lossless|web|vinyl rip|cd rip|eac"
    r"|320|256|192|128|v0|v2|kbps|16-?44|24-?(?:44|48|88|96|192)|24 ?bit|16 ?bit)\b[^()\[\]{}]*)[)\]}]\s*$",
    re.IGNORECASE,
)

_NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORDS = {word: number for number, word in enumerate(_NUMBER_WORDS, start=1)}
_DISC = r"(?:cd|dvd|dis[ck])"
_DISC_NUMBER = rf"[\s._#-]*(?:0*([1-9][0-9]?)|({'|'.join(_WORDS)}))(?:\s?(?:of|/)\s?[0-9]{{1,2}})?"
#: A folder that is a disc and nothing else, perhaps with the disc's own title behind it.
_DISC_ONLY = re.compile(rf"\s*{_DISC}{_DISC_NUMBER}(?:\s*[-–—:(\[].*|\s*)", re.IGNORECASE | re.DOTALL)
#: An album and its disc in one name: "Album (Disc 2)", "Album - CD 1", "Album CD2".
_DISC_BEHIND = re.compile(
    rf"[\s_]*(?:[(\[]\s*{_DISC}{_DISC_NUMBER}\s*[)\]]|(?<=[\s_-]){_DISC}[\s._#-]*0*([1-9][0-9]?))\s*$",
    re.IGNORECASE,
)

#: Folders that hold many artists and are none; a lone letter ("A/ABBA - Gold") is one of them.
_SHELF = re.compile(
    r"[!-~]|0-9|albums|audio|blues|classical|collections|compilations?|country|electronic|flac|folk|hip-hop"
    r"|jazz|lossless|media|metal|mixes|mp3|music|ost|pop|rap|reggae|rock|singles|soul|soundtracks?|va|various"
    r"|various artists|world",
    re.IGNORECASE,
)


class Folder(NamedTuple):
    """What the folders of a file say."""

    artist: str | None = None
    album: str | None = None
    year: int | None = None
    disc: int | None = None


def from_name(relative: bytes, artists: Iterable[str] = ()) -> dict[str, Any]:
    """Read what a relative path alone says about its track.

    Args:
        relative: The path below the root, as bytes on disk; need not be UTF-8.
        artists: The artists as far as the tags know them: "A - B" is then A's song only if A is one of them.

    Returns:
        `title` always; `track`, `track_text` (a vinyl side), `disc`, `artist`, `album` and `year` as far as
        the path says them.
    """
    head, _, name = relative.rpartition(b"/")
    folder = folder_facts(head)
    facts: dict[str, Any] = {key: value for key, value in folder._asdict().items() if value is not None}
    rest = _numbered(plain_stem(name), facts, inside=bool(head))
    parts = _DASH.split(rest)
    if "track" not in facts and (place := _number_between(parts)) is not None:
        # "Artist - 01 - Title", "Artist - Album - 01 - Title"
        facts["track"] = int(parts[place])
        facts["artist"] = parts[0]
        if place == 2:
            facts["album"] = parts[1]
        rest = " - ".join(parts[place + 1 :])
    elif (
        len(parts) > 1
        and not parts[0].isdecimal()
        and _is_artist(parts[0], artists, folder, "track" in facts)
    ):
        facts["artist"] = parts[0]
        rest = " - ".join(parts[1:])
    facts["title"] = rest
    return facts


def plain_stem(name: bytes) -> str:
    """Give the name of a file for people: without suffix and underscores, and whole if nothing is left."""
    text = _display(name)
    stem = text[: match.start()] if (match := _SUFFIX.search(text)) is not None else text
    if "_" in stem and " " not in stem:
        stem = stem.replace("_", " ")
    return " ".join(stem.split()) or text


def _numbered(stem: str, facts: dict[str, Any], *, inside: bool) -> str:
    """Take the number off the front of a stem, note it in `facts`, and give what is left."""
    if stem.isdecimal():
        # Nothing but a number: the title too, for want of another. Longer ones ("1999") are titles only.
        if len(stem) <= 2:
            facts["track"] = int(stem)
        return stem
    if (match := _DISC_TRACK.match(stem)) is not None:
        facts["disc"] = int(match[1] or match[3])
        facts["track"] = int(match[2] or match[4])
    elif (match := _STRONG.match(stem) or _TIGHT.match(stem)) is not None:
        facts["track"] = int(match[1])
    elif (match := _VINYL.match(stem)) is not None:
        facts["track"] = int(match[2])
        facts["track_text"] = stem[: match.end(2)]
    elif (inside or stem.startswith("0")) and (match := _WEAK.match(stem)) is not None:
        # Without a separator only in an album's folder, and only as high as albums go: "99 Problems".
        facts["track"] = int(match[1])
    else:
        return stem
    return stem[match.end() :]


def _number_between(parts: list[str]) -> int | None:
    """Find the place of the track number in "Artist - 01 - Title" or "Artist - Album - 01 - Title"."""
    for place in (1, 2):
        if place < len(parts) - 1 and parts[place].isdecimal() and len(parts[place]) <= 3:
            return None if parts[0].isdecimal() else place
    return None


def _is_artist(name: str, artists: Iterable[str], folder: Folder, numbered: bool) -> bool:
    """Whether the part before " - " in a file's name is an artist.

    "05 - Song - Live" in an artist's folder is a song; in a folder without artist, "05 - Artist - Song" is
    what compilations look like.
    """
    known = {key_of(artist) for artist in artists}
    if known:
        return key_of(name) in known
    return not numbered or folder.artist is None or key_of(name) == key_of(folder.artist)


@lru_cache(maxsize=1024)
def folder_facts(relative_folder: bytes) -> Folder:
    """Read what the folders of a file say; cached, because an album's files share them.

    The last folder that is not a disc is the album, the one above it the artist unless it is a shelf such as
    "Soundtracks". A lone folder is an album: so do gonic and jellyfin, and "Artist - Album" works there.
    """
    parts = relative_folder.split(b"/") if relative_folder else []
    disc: int | None = None
    album = ""
    while parts and not album:
        album = " ".join(_display(parts.pop()).split())
        number = disc_folder(album)
        if number is not None:
            disc = disc or number
            album = _without_disc(album)
    if not album:
        return Folder(disc=disc)
    artist: str | None = " ".join(_display(parts[-1]).replace("_", " ").split()) if parts else None
    if not artist or _SHELF.fullmatch(artist) is not None:
        artist = None
    if "_" in album and " " not in album:
        album = album.replace("_", " ")
    album, year = _year_apart(album)
    halves = _DASH.split(album, 1)
    if (
        len(halves) == 2
        and not halves[0].isdecimal()
        and (artist is None or key_of(halves[0]) == key_of(artist))
    ):
        artist = halves[0]
        album, later = _year_apart(halves[1])
        year = year or later
    return Folder(artist, album, year, disc)


@lru_cache(maxsize=1024)
def disc_folder(name: str) -> int | None:
    """Give the number of the disc a folder is: "CD1", "Disc 02", "disc one", "Album (Disc 2)"; else None."""
    if len(name) > _LONGEST:
        return None
    match = _DISC_ONLY.fullmatch(name) or _DISC_BEHIND.search(name)
    if match is None:
        return None
    digits = next((group for group in match.groups() if group is not None), "")
    return _WORDS.get(digits.lower()) or int(digits)


@lru_cache(maxsize=1024)
def release_folder(relative_folder: bytes) -> bytes:
    """Give the folder that stands for the whole release: disc folders collapse onto what they are part of.

    "Artist/Album/CD1" is "Artist/Album", and so is "Artist/Album (Disc 1)", whether that folder exists or
    not. Bytes that are not UTF-8 come back as they were.
    """
    head, slash, last = relative_folder.rpartition(b"/")
    name = last.decode("utf-8", "surrogateescape")
    if disc_folder(name) is None:
        return relative_folder
    rest = _without_disc(name)
    return head + slash + rest.encode("utf-8", "surrogateescape") if rest else head


def _without_disc(name: str) -> str:
    """Take the disc out of a folder's name; nothing is left of one that is only a disc."""
    if _DISC_ONLY.fullmatch(name) is not None:
        return ""
    return _DISC_BEHIND.sub("", name).rstrip(" _-–—")


def _year_apart(album: str) -> tuple[str, int | None]:
    """Take a year (and remarks on the file format) off the name of an album's folder."""
    while (match := _FORMAT.search(album)) is not None and match.start():
        album = album[: match.start()]
    if (match := _YEAR_BEFORE.match(album)) is not None:
        return album[match.end() :], int(match[1] or match[2] or match[3])
    if (match := _YEAR_BEHIND.search(album)) is not None and match.start():
        # What follows the year stays: "Album (1999) (Deluxe)" is "Album (Deluxe)".
        rest = album[match.end() :]
        return f"{album[: match.start()]} {rest}".rstrip(), int(match[1])
    return album, None


def _display(name: bytes) -> str:
    """Bytes on disk as text for people, for the catalogue; what is not UTF-8 becomes replacement marks."""
    text = name.decode("utf-8", "replace").replace("\0", "")
    return text if len(text) <= _LONGEST else text[:_LONGEST]
