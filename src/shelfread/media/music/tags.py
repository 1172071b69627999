"""The rules that turn what a sound file literally says into what it means.

Stands in the parser process after `formats` (which gives the values as written) and before the result goes
to the writer. Pure, and total: whatever strings the tags hold, the result is an `Audio` and never an
exception. `interpret` tells the file's own facts and nothing else; `completed` fills the gaps from the name
and the folders, for the catalogue. It knows neither other files nor rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from shelfread.media.music import numbers
from shelfread.media.music.genres import genre_keys, split_genres
from shelfread.media.music.names import folder_facts, from_name, plain_stem
from shelfread.media.music.people import credits_for, key_of, share_mbids, split_artists, split_role
from shelfread.model.music import Audio
from shelfread.model.picture import Picture

#: Between the names when a file gives several and no text to show.
JOINER = " • "

LONGEST_TEXT = 1024
LONGEST_COMMENT = 4096
#: Bytes of UTF-8, unlike the two above.
LONGEST_LYRICS = 1 << 20

#: The roles besides artist and album artist: each is a tag of the same name.
_ROLES = (
    "composer",
    "lyricist",
    "conductor",
    "arranger",
    "producer",
    "engineer",
    "mixer",
    "djmixer",
    "remixer",
    "director",
    "performer",
)

_SURROGATE = re.compile("[\ud800-\udfff]")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
#: Some tag formats hold one value only, and taggers then put several ids into it.
_BETWEEN_IDS = re.compile(r"[\s;/,]+")

_Tags = dict[str, list[str]]
_T = TypeVar("_T")


class Written(Protocol):
    """What this needs of a file as read; `raw.Raw` is one."""

    container: str | None
    codec: str | None
    tags: dict[str, list[str]]
    duration_s: float | None
    bitrate_kbps: int | None
    sample_rate: int | None
    channels: int | None
    bit_depth: int | None
    pictures: list[Picture]


def interpret(raw: Written, relative: bytes) -> Audio:
    """Tell what one file means by its tags: what `shelfread inspect` shows.

    Args:
        raw: The file as read.
        relative: Its path below the root. No rule here looks at it: a name is no fact of the file, and is
            left to `completed`.

    Returns:
        Every field of `Audio` the tags fill; None or empty where they are silent or make no sense.
    """
    tags = raw.tags
    audio = Audio()
    audio.container = raw.container
    audio.codec = raw.codec
    audio.duration_s = raw.duration_s
    audio.bitrate_kbps = raw.bitrate_kbps
    audio.sample_rate = raw.sample_rate
    audio.channels = raw.channels
    audio.bit_depth = raw.bit_depth
    audio.pictures = raw.pictures
    audio.has_cover = bool(raw.pictures)

    audio.title = _first(tags, "title")
    audio.album = _first(tags, "album")
    audio.edition = _first(tags, "version")
    audio.disc_subtitle = _first(tags, "discsubtitle")
    if "comment" in tags:
        audio.comment = _first(tags, "comment", LONGEST_COMMENT)
    if "lyrics" in tags:
        audio.lyrics = _lyrics(tags["lyrics"])
    genres = _texts(tags, "genre")
    if genres:
        audio.genre = _shown(genres, "; ")
        audio.genres = split_genres(genres)
        audio.genre_keys = genre_keys(audio.genres)

    _fill_people(audio, tags)
    _fill_numbers(audio, tags)
    _fill_dates(audio, tags)
    _fill_gains(audio, tags)
    audio.musicbrainz_trackid = _mbid(tags, "musicbrainz_trackid")
    audio.musicbrainz_releasetrackid = _mbid(tags, "musicbrainz_releasetrackid")
    audio.musicbrainz_albumid = _mbid(tags, "musicbrainz_albumid")
    audio.musicbrainz_releasegroupid = _mbid(tags, "musicbrainz_releasegroupid")
    return audio


def completed(audio: Audio, relative: bytes) -> Audio:
    """Fill what the tags leave open from the name and the folders, for cataloguing.

    A tag always wins over a name. Filled are title, artist, album, track and disc number, and with the album
    its year; a file loose in the root gets no album, because nothing says one.

    Args:
        audio: What `interpret` made; left as it is.
        relative: The path below the root, bytes on disk.

    Returns:
        The same object when there is nothing to fill, else a filled copy. `title` is never None.
    """
    head, _, name = relative.rpartition(b"/")
    numbered = audio.track is not None or audio.track_text is not None
    folder = folder_facts(head)
    # A disc is said by a folder, or stands before the second or third character: "1-03", "01-03".
    disc_said = audio.disc is not None or (
        folder.disc is None and name[1:2] not in (b"-", b".") and name[2:3] not in (b"-", b".")
    )
    known = audio.title is not None and audio.artist is not None and audio.album is not None
    if known and numbered and disc_said:
        return audio
    facts = from_name(relative, (audio.artist, *audio.artists) if audio.artist is not None else ())
    changes: dict[str, Any] = {}
    if audio.title is None:
        changes["title"] = facts["title"]
    elif key_of(audio.title) == key_of(plain_stem(name)):
        # "22 Acacia Avenue" is called that: the number is no track number.
        facts.pop("track", None)
    if not numbered and "track" in facts:
        changes["track"] = facts["track"]
        changes["track_text"] = facts.get("track_text")
    if audio.disc is None:
        # The numbers of a name stand or fall together.
        agreed = "track" in facts and (not numbered or facts["track"] == audio.track)
        disc = facts.get("disc") if agreed else folder.disc
        if disc is not None:
            changes["disc"] = disc
    if audio.artist is None and (artist := facts.get("artist") or audio.albumartist) is not None:
        artists = split_artists([artist])
        changes |= {"artist": artist, "artists": artists}
        changes["credits"] = credits_for("artist", artists) + audio.credits
    if audio.album is None and "album" in facts:
        changes["album"] = facts["album"]
        if audio.date is None and "year" in facts:
            changes |= {"date": str(facts["year"]), "year": facts["year"]}
    return replace(audio, **changes) if changes else audio


def _fill_people(audio: Audio, tags: _Tags) -> None:
    """Fill the names, their ids, and the credits of every role."""
    written = _texts(tags, "artist")
    several = _texts(tags, "artists")
    if written or several:
        # The tag for several artists is the better list, the tag for one the better text.
        audio.artist = _shown(written or several, JOINER)
        audio.artists = split_artists(several or written)
        ids = _mbids(tags, "musicbrainz_artistid")
        audio.musicbrainz_artistids = [mbid for mbid in ids if mbid is not None]
        audio.credits = credits_for("artist", audio.artists, ids, _sorts(tags, "artistsort"))
    written = _texts(tags, "albumartist")
    several = _texts(tags, "albumartists")
    if written or several:
        audio.albumartist = _shown(written or several, JOINER)
        audio.albumartists = split_artists(several or written)
        ids = _mbids(tags, "musicbrainz_albumartistid")
        audio.musicbrainz_albumartistids = [mbid for mbid in ids if mbid is not None]
        audio.credits += credits_for("albumartist", audio.albumartists, ids, _sorts(tags, "albumartistsort"))
    for role in _ROLES:
        if role not in tags:
            continue
        values = _texts(tags, role)
        names = split_role(values, instruments=role == "performer")
        sorts = split_role(_texts(tags, "composersort")) if role == "composer" else ()
        audio.credits += credits_for(role, names, (), sorts)
        if role == "composer" and values:
            audio.composer = _shown(values, JOINER)
    if audio.musicbrainz_artistids or audio.musicbrainz_albumartistids:
        share_mbids(audio.credits)


def _fill_numbers(audio: Audio, tags: _Tags) -> None:
    """Fill places, totals, tempo and the compilation flag."""
    if (text := _first(tags, "tracknumber")) is not None:
        audio.track, audio.track_text, audio.track_total = numbers.position(text)
    if (total := _value(tags, "tracktotal", numbers.whole)) is not None:
        audio.track_total = total
    if (text := _first(tags, "discnumber")) is not None:
        number, odd, audio.disc_total = numbers.position(text)
        audio.disc = number if odd is None else None
    if (total := _value(tags, "disctotal", numbers.whole)) is not None:
        audio.disc_total = total
    audio.bpm = _value(tags, "bpm", numbers.beats)
    audio.compilation = _value(tags, "compilation", numbers.flag)


def _fill_dates(audio: Audio, tags: _Tags) -> None:
    """Fill the dates: that of the recording or release, and that of the first release."""
    audio.original_date = _value(tags, "originaldate", numbers.date_of)
    audio.date = (
        _value(tags, "date", numbers.date_of)
        or _value(tags, "releasedate", numbers.date_of)
        or audio.original_date
    )
    audio.year = numbers.year_of(audio.date)


def _fill_gains(audio: Audio, tags: _Tags) -> None:
    """Fill gains and peaks; the Opus kind of gain counts where ReplayGain's own is missing."""
    audio.replaygain_track_gain = _value(tags, "replaygain_track_gain", numbers.gain)
    audio.replaygain_album_gain = _value(tags, "replaygain_album_gain", numbers.gain)
    audio.replaygain_track_peak = _value(tags, "replaygain_track_peak", numbers.peak)
    audio.replaygain_album_peak = _value(tags, "replaygain_album_peak", numbers.peak)
    if audio.replaygain_track_gain is None:
        audio.replaygain_track_gain = _value(tags, "r128_track_gain", numbers.r128_gain)
    if audio.replaygain_album_gain is None:
        audio.replaygain_album_gain = _value(tags, "r128_album_gain", numbers.r128_gain)


def _clean(value: str, longest: int = LONGEST_TEXT) -> str:
    """Make a text fit to store: no NUL, no lone surrogate, no blanks around it, and not too long."""
    if not value.isascii():
        value = _SURROGATE.sub("\ufffd", value).lstrip("\ufeff")
    if "\0" in value:
        value = value.replace("\0", "")
    value = value.strip()
    return value if len(value) <= longest else value[:longest].rstrip()


def _first(tags: _Tags, key: str, longest: int = LONGEST_TEXT) -> str | None:
    """The first value of a tag that is not empty."""
    for value in tags.get(key, ()):
        if text := _clean(value, longest):
            return text
    return None


def _texts(tags: _Tags, key: str) -> list[str]:
    """All values of a tag that are not empty."""
    return [text for value in tags.get(key, ()) if (text := _clean(value))]


def _value(tags: _Tags, key: str, read: Callable[[str], _T | None]) -> _T | None:
    """The first value of a tag that makes sense."""
    for value in tags.get(key, ()):
        if (found := read(value)) is not None:
            return found
    return None


def _shown(values: Sequence[str], joiner: str) -> str:
    """One value as written, several joined."""
    return values[0] if len(values) == 1 else joiner.join(values)[:LONGEST_TEXT].rstrip()


def _sorts(tags: _Tags, key: str) -> list[str]:
    """Sort names of artists, split as the artists are so that they can be paired."""
    return split_artists(_texts(tags, key)) if key in tags else []


def _mbids(tags: _Tags, key: str) -> list[str | None]:
    """The ids of a tag in order; None keeps the place of one that is not an id."""
    if key not in tags:
        return []
    pieces = (piece for value in tags[key] for piece in _BETWEEN_IDS.split(value.strip("\0 ")) if piece)
    return [piece.lower() if _UUID.fullmatch(piece) is not None else None for piece in pieces]


def _mbid(tags: _Tags, key: str) -> str | None:
    """The first id of a tag."""
    return next((mbid for mbid in _mbids(tags, key) if mbid is not None), None) if key in tags else None


def _lyrics(values: list[str]) -> str | None:
    """The first lyrics that are not empty, at most `LONGEST_LYRICS` bytes and never half a character."""
    for value in values:
        text = _clean(value, LONGEST_LYRICS)
        if text:
            if text.isascii() or len(text) * 4 <= LONGEST_LYRICS:
                return text
            return text.encode()[:LONGEST_LYRICS].decode("utf-8", "ignore").rstrip()
    return None
