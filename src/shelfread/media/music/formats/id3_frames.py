"""What the frames of an ID3v2 tag say: text, people, comments, lyrics, identifiers, pictures.

Stands below `id3`, which finds the frames. Facts from the ID3v2.4 frames document (4.2 text, 4.10 comments,
4.8 lyrics, 4.14 pictures, 4.1 UFID, 4.11 RVA2) and the 2.3 document (IPLS, TYER, TDAT); keys by the Picard
mapping. It knows nothing of where a frame stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shelfread.media.music.formats import pictures as pics
from shelfread.media.music.formats.genre_names import GENRES
from shelfread.media.music.formats.keys import NAMES, put
from shelfread.media.pictures import measure
from shelfread.media.window import Window
from shelfread.model.picture import Picture

_FRAME_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")

#: Roles in the involved-people lists and the keys for them.
_ROLES = {
    "arranger": "arranger", "engineer": "engineer", "producer": "producer", "mix": "mixer",
    "mixer": "mixer", "dj-mix": "djmixer", "djmixer": "djmixer", "conductor": "conductor",
    "remixer": "remixer", "lyricist": "lyricist", "composer": "composer", "director": "director",
}  # fmt: skip
#: Comments that programs leave for themselves.
_NOT_COMMENTS = ("itun", "id3v1", "musicmatch", "songs-db")


def is_name(name: bytes) -> bool:
    """Whether four bytes can be the name of a frame; a blank fourth is a mistake of old iTunes."""
    return len(name) == 4 and name[0] > 32 and _FRAME_LETTERS.issuperset(name)


def text(data: bytes, start: int = 1) -> str:
    """Text whose encoding is told by the first byte of `data` (2.4 structure, 4)."""
    encoding = data[0]
    if encoding == 0:
        found = data[start:].decode("latin-1")
    elif encoding == 3:
        found = data[start:].decode("utf-8", "replace")
    elif encoding in (1, 2):
        found = _utf16(data[start:], encoding)
    else:
        # No encoding byte at all: early taggers. The byte is part of the text if it can be.
        found = data[start - (encoding >= 32 and start == 1) :].decode("latin-1")
    return found.rstrip("\0")


def _utf16(data: bytes, encoding: int) -> str:
    if len(data) & 1:
        data = data[:-1]
    mark = data[:2]
    if mark == b"\xfe\xff" or (encoding == 2 and mark != b"\xff\xfe"):
        found = data.decode("utf-16-be", "replace")
    else:
        # No mark where one must be: all who forgot it wrote little-endian.
        found = data.decode("utf-16-le", "replace")
    # Every value of a list carries its own mark.
    return found.replace("\ufeff", "") if "\ufeff" in found else found


def split(data: bytes, start: int) -> tuple[str, int]:
    """The text at `start` up to its terminator, and the index behind that; the first byte is the encoding."""
    if data[0] in (1, 2):
        stop = start
        while True:
            stop = data.find(b"\0\0", stop)
            if stop < 0:
                return text(data, start), len(data)
            if (stop - start) % 2 == 0:
                break
            stop += 1
        return (_utf16(data[start:stop], data[0]), stop + 2) if stop > start else ("", stop + 2)
    stop = data.find(b"\0", start)
    if stop < 0:
        return text(data, start), len(data)
    return data[start:stop].decode("utf-8" if data[0] == 3 else "latin-1", "replace"), stop + 1


class Found:
    """What one tag has said so far."""

    __slots__ = ("dates", "pictures", "room", "second", "tags")

    def __init__(self, tags: dict[str, list[str]], pictures: list[Picture]) -> None:
        self.tags = tags
        self.pictures = pictures
        #: Bytes that compressed frames may still grow to, all together.
        self.room = 16 << 20
        #: 2.3 keeps year and day in two frames.
        self.dates: dict[bytes, str] = {}
        #: Comments and lyrics under a description: used only when there are none without.
        self.second: dict[str, str] = {}

    def picture(self, window: Window, position: int, size: int, old: bool = False) -> None:
        """`APIC`, or `PIC` of 2.2 with its three letters in place of a type."""
        if len(self.pictures) >= pics.MOST_PICTURES:
            return
        head = window.peek(position, min(size, 512))
        if len(head) < 4:
            return
        if old:
            mime, at = head[1:4].decode("latin-1"), 4
        else:
            stop = head.find(b"\0", 1)
            if stop < 0:
                return
            mime, at = head[1:stop].decode("latin-1"), stop + 1
        if at + 1 >= len(head) or mime == "-->":
            return
        kind = pics.type_name(head[at])
        at = split(head, at + 1)[1]
        if at < size:
            self.pictures.append(measure(window, position + at, size - at, kind, mime))

    def finish(self) -> None:
        """Settle what needs more than one frame."""
        if self.dates:
            self._join_dates()
        for key, value in self.second.items():
            if key not in self.tags:
                put(self.tags, key, value)

    def _join_dates(self) -> None:
        year, day = self.dates.get(b"TYER"), self.dates.get(b"TDAT", "")
        if year and "date" not in self.tags:
            if len(year) == 4 and len(day) == 4 and year.isdecimal() and day.isdecimal():
                year = f"{year}-{day[2:]}-{day[:2]}"
            put(self.tags, "date", year)


_Reader = Callable[[Found, bytes, bytes], None]


def _plain(found: Found, name: bytes, data: bytes) -> None:
    """A text frame. Single values in the two usual encodings are all that most files have."""
    encoding = data[0]
    if encoding == 3:
        value = data[1:].decode("utf-8", "replace").rstrip("\0")
    elif encoding == 1 and data[1:3] == b"\xff\xfe" and len(data) & 1:
        value = data[3:].decode("utf-16-le", "replace").rstrip("\0")
        if "\ufeff" in value:
            value = value.replace("\ufeff", "")
    else:
        value = text(data)
    put(found.tags, TEXTS[name], value)


def _genre(found: Found, name: bytes, data: bytes) -> None:
    for value in text(data).split("\0", 256):
        for genre in genres(value):
            put(found.tags, "genre", genre)


def genres(value: str) -> list[str]:
    """The names behind "17", "(17)", "(51)(39)", "(4)Eurodisco" and "((I think)" (2.3, 4.2.1 TCON)."""
    if value.isdecimal() and value.isascii():
        number = int(value[:9])
        return [GENRES[number]] if number < len(GENRES) else [value]
    result: list[str] = []
    while value[:1] == "(" and value[1:2] != "(":
        inner, closed, rest = value[1:].partition(")")
        if inner.isdecimal() and inner.isascii() and int(inner[:9]) < len(GENRES):
            result.append(GENRES[int(inner[:9])])
        elif inner in ("RX", "CR"):
            result.append("Remix" if inner == "RX" else "Cover")
        else:
            break
        value = rest
        if not closed or len(result) > 255:
            break
    if value[:2] == "((":
        value = value[1:]
    if value and value not in result:
        result.append(value)
    return result


def _free(found: Found, name: bytes, data: bytes) -> None:
    """`TXXX`: a description and a value."""
    described, at = split(data, 1)
    key = NAMES.get(described.lower())
    if key is not None and at < len(data):
        put(found.tags, key, text(data, at))


def _identifier(found: Found, name: bytes, data: bytes) -> None:
    owner, _, value = data.partition(b"\0")
    if owner == b"http://musicbrainz.org" and "musicbrainz_trackid" not in found.tags:
        put(found.tags, "musicbrainz_trackid", value[:64].decode("latin-1").strip("\0"))


def _described(found: Found, name: bytes, data: bytes) -> None:
    """`COMM` and `USLT`: encoding, language, description, text."""
    if len(data) < 5:
        return
    described, at = split(data, 4)
    value = text(data, at) if at < len(data) else ""
    key = "comment" if name == b"COMM" else "lyrics"
    if not value:
        return
    # A NUL inside of running text separates nothing.
    value = value.replace("\0", "\n" if key == "lyrics" else " ") if "\0" in value else value
    if not described:
        put(found.tags, key, value)
    elif not described.lower().startswith(_NOT_COMMENTS):
        found.second.setdefault(key, value)


def _people(found: Found, name: bytes, data: bytes) -> None:
    """`TIPL`, `TMCL`, `IPLS`: pairs of role and name."""
    parts = text(data).split("\0", 512)
    for role, person in zip(parts[::2], parts[1::2], strict=False):
        key = _ROLES.get(role.lower()) if name != b"TMCL" else None
        if key is not None:
            put(found.tags, key, person)
        elif person:
            put(found.tags, "performer", f"{person} ({role})" if role else person)


def _dates(found: Found, name: bytes, data: bytes) -> None:
    found.dates[name] = text(data).partition("\0")[0].strip()


def _gain(found: Found, name: bytes, data: bytes) -> None:
    """`RVA2`: the gain of the master volume, for "track" or "album"."""
    owner, _, rest = data.partition(b"\0")
    which = owner.decode("latin-1").lower()
    if which in ("track", "album") and len(rest) >= 3 and rest[0] == 1:
        gain = int.from_bytes(rest[1:3], "big", signed=True) / 512
        found.tags.setdefault(f"replaygain_{which}_gain", [f"{gain:.2f} dB"])


def picture(found: Found, name: bytes, data: bytes) -> None:
    """Stands in `READERS` for `Found.picture`, which takes a place in the file instead of bytes."""


#: Text frames that are one key each.
TEXTS = {
    b"TIT2": "title", b"TPE1": "artist", b"TPE2": "albumartist", b"TPE3": "conductor", b"TPE4": "remixer",
    b"TALB": "album", b"TCOM": "composer", b"TEXT": "lyricist", b"TRCK": "tracknumber", b"TPOS": "discnumber",
    b"TSST": "discsubtitle", b"TDRC": "date", b"TDOR": "originaldate", b"TDRL": "releasedate",
    b"TORY": "originalyear", b"TBPM": "bpm", b"TCMP": "compilation", b"TSOP": "artistsort",
    b"TSO2": "albumartistsort", b"TSOT": "titlesort", b"TSOA": "albumsort", b"TSOC": "composersort",
    b"XSOP": "artistsort", b"XSOT": "titlesort", b"XSOA": "albumsort", b"TPUB": "label", b"TSRC": "isrc",
    b"TMED": "media",
}  # fmt: skip

READERS: Mapping[bytes, _Reader] = {
    **dict.fromkeys(TEXTS, _plain),
    b"TCON": _genre,
    b"TXXX": _free,
    b"UFID": _identifier,
    b"COMM": _described,
    b"USLT": _described,
    b"TIPL": _people,
    b"TMCL": _people,
    b"IPLS": _people,
    b"TYER": _dates,
    b"TDAT": _dates,
    b"RVA2": _gain,
    b"APIC": picture,
}

#: The frames of 2.2 by the names they have since.
NAMES_OF_22 = {
    b"TT2": b"TIT2", b"TP1": b"TPE1", b"TP2": b"TPE2", b"TP3": b"TPE3", b"TP4": b"TPE4", b"TAL": b"TALB",
    b"TCM": b"TCOM", b"TXT": b"TEXT", b"TRK": b"TRCK", b"TPA": b"TPOS", b"TYE": b"TYER", b"TDA": b"TDAT",
    b"TOR": b"TORY", b"TBP": b"TBPM", b"TCP": b"TCMP", b"TCO": b"TCON", b"TXX": b"TXXX", b"UFI": b"UFID",
    b"COM": b"COMM", b"ULT": b"USLT", b"IPL": b"IPLS", b"TPB": b"TPUB", b"TRC": b"TSRC", b"TMT": b"TMED",
    b"PIC": b"APIC", b"TSP": b"TSOP", b"TS2": b"TSO2", b"TST": b"TSOT", b"TSA": b"TSOA", b"TSC": b"TSOC",
}  # fmt: skip
