"""Canonical tag keys, and the names that every format with free names uses for them.

Stands below all readers: Vorbis comments, APEv2 items, ID3 `TXXX`, MP4 `----` atoms and ASF attributes all
spell the same few dozen keys by name. The mapping follows the tag mapping of MusicBrainz Picard, with the
spellings of other taggers beside it. It knows nothing of what values mean.
"""

from __future__ import annotations

#: Canonical key -> other lower-case spellings, separated by "|".
_SPELLINGS = {
    "title": "",
    "artist": "author",
    "artists": "wm/artists",
    "albumartist": "album artist|album_artist|ensemble",
    "albumartists": "album artists|album_artists",
    "album": "",
    "version": "edition|albumversion|album version|musicbrainz_albumcomment|musicbrainz album comment",
    "genre": "",
    "composer": "",
    "comment": "comments",
    "description": "",
    "tracknumber": "track|track number|track_number|tracknum",
    "tracktotal": "totaltracks|total tracks|track_total|track total|trackc",
    "discnumber": "disc|disk|disknumber|disc number|disc_number",
    "disctotal": "totaldiscs|total discs|disc_total|disc total|discc|totaldisks",
    "discsubtitle": "disc subtitle|setsubtitle",
    "date": "",
    "year": "",
    "originaldate": "original date|originalreleasedate|original release date|original_date",
    "originalyear": "original year|original_year",
    "releasedate": "release date|release_date",
    "bpm": "tempo",
    "compilation": "itunescompilation",
    "lyrics": "unsyncedlyrics|unsynced lyrics|unsynchronised lyrics",
    "lyricist": "writer",
    "conductor": "",
    "arranger": "",
    "producer": "",
    "engineer": "",
    "mixer": "",
    "djmixer": "dj mixer",
    "remixer": "mixartist",
    "director": "",
    "performer": "",
    "artistsort": "artistsortorder|artist sort|sortartist",
    "albumartistsort": "albumartistsortorder|album artist sort|sortalbumartist",
    "titlesort": "titlesortorder|sortname|sorttitle",
    "albumsort": "albumsortorder|sortalbum",
    "composersort": "composersortorder|sortcomposer",
    "musicbrainz_trackid": "musicbrainz track id|musicbrainz recording id|musicbrainz_recordingid",
    "musicbrainz_releasetrackid": "musicbrainz release track id|musicbrainz releasetrack id",
    "musicbrainz_albumid": "musicbrainz album id|musicbrainz release id|musicbrainz_releaseid",
    "musicbrainz_artistid": "musicbrainz artist id",
    "musicbrainz_albumartistid": "musicbrainz album artist id",
    "musicbrainz_releasegroupid": "musicbrainz release group id",
    "musicbrainz_workid": "musicbrainz work id",
    "replaygain_track_gain": "",
    "replaygain_track_peak": "",
    "replaygain_album_gain": "",
    "replaygain_album_peak": "",
    "r128_track_gain": "",
    "r128_album_gain": "",
    "label": "publisher|organization",
    "catalognumber": "catalog number|catalog|labelno|catalogid",
    "barcode": "upc|ean|ean/upn",
    "isrc": "",
    "asin": "",
    "media": "",
    "releasestatus": "musicbrainz_albumstatus|musicbrainz album status",
    "releasetype": "musicbrainz_albumtype|musicbrainz album type",
    "releasecountry": "musicbrainz album release country|country",
    "discogs_release_id": "discogs_releaseid",
    "discogs_artist_id": "discogs_artistid",
}

#: Lower-case name as found in a file -> canonical key.
NAMES: dict[str, str] = {key: key for key in _SPELLINGS} | {
    name: key for key, names in _SPELLINGS.items() if names for name in names.split("|")
}

#: The same for readers that have bytes in their hands (Vorbis comments, APEv2).
NAME_BYTES: dict[bytes, str] = {name.encode(): key for name, key in NAMES.items()}

#: Keys that stand in for another one only where that one is missing.
_SECOND_BEST = (("year", "date"), ("originalyear", "originaldate"), ("description", "comment"))

_LONGEST = {"lyrics": 1 << 20, "comment": 4096, "description": 4096}
_MOST_VALUES = 256
#: Of lyrics as long as a book a few are enough.
_MOST_LONG_VALUES = 16
#: Lists that are paired by position: a value may come twice there.
_POSITIONAL = frozenset(
    (
        "artists",
        "albumartists",
        "musicbrainz_artistid",
        "musicbrainz_albumartistid",
        "artistsort",
        "albumartistsort",
    )
)
#: No single value is longer than this, so that bytes beyond four times as many are never decoded.
LONGEST_TEXT = 1 << 20


def put(tags: dict[str, list[str]], key: str, text: str) -> None:
    """Add a value; a NUL in it separates values. Empty ones are dropped, long and many ones cut."""
    if "\0" in text:
        for part in text.split("\0", _MOST_VALUES)[:_MOST_VALUES]:
            if part:
                put(tags, key, part)
        return
    if len(text) > 1024:
        text = text[: _LONGEST.get(key, 1024)]
        if len(text) > 4096 and len(tags.get(key, ())) >= _MOST_LONG_VALUES:
            return
    elif not text:
        return
    values = tags.get(key)
    if values is None:
        tags[key] = [text]
    elif len(values) < _MOST_VALUES and (text not in values or key in _POSITIONAL):
        values.append(text)


def merge(tags: dict[str, list[str]], others: dict[str, list[str]]) -> None:
    """Fill the gaps of `tags` from a second, less trusted tag of the same file."""
    for key, values in others.items():
        if key not in tags:
            tags[key] = values


def settle(tags: dict[str, list[str]]) -> None:
    """Let the second-best keys stand in where the best ones are missing, then drop them."""
    for spare, key in _SECOND_BEST:
        if spare in tags:
            values = tags.pop(spare)
            if key not in tags:
                tags[key] = values


def lenient(data: bytes) -> str:
    """Text whose encoding nobody declared: UTF-8 where it is valid, else Latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
