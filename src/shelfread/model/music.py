"""The words of music: what a sound file says, and how tracks, releases and credits follow from it.

Made in the parser processes by `media.music`, carried as plain data, written by `store.music`. Mutable
slots dataclasses because the readers fill them field by field; nobody changes one after that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shelfread.model.picture import Picture


@dataclass(slots=True)
class Credit:
    """One person or group in one role."""

    #: artist, albumartist, composer, lyricist, conductor, arranger, producer, engineer, mixer, djmixer,
    #: remixer, director, performer.
    role: str
    #: As written in the file.
    name: str
    #: What makes two spellings the same artist: see `media.music.people.key_of`.
    key: str
    sort_name: str | None = None
    mbid: str | None = None


@dataclass(slots=True)
class Audio:
    """Everything one sound file says. Field names are those of `shelfread inspect --json`.

    Unknown is None or an empty list, never a guess. Durations are seconds, bitrates kilobits a second,
    sample rates hertz, gains decibels, peaks a fraction of full scale.
    """

    container: str | None = None
    codec: str | None = None
    title: str | None = None
    #: The text to show, as written. `artists` are the single names behind it.
    artist: str | None = None
    artists: list[str] = field(default_factory=list)
    albumartist: str | None = None
    albumartists: list[str] = field(default_factory=list)
    album: str | None = None
    #: Edition or version of the release ("Deluxe Edition"), from its own tag only.
    edition: str | None = None
    genre: str | None = None
    genres: list[str] = field(default_factory=list)
    composer: str | None = None
    comment: str | None = None
    track: int | None = None
    #: The track number as written when it is not a plain number ("A1").
    track_text: str | None = None
    track_total: int | None = None
    disc: int | None = None
    disc_total: int | None = None
    disc_subtitle: str | None = None
    #: YYYY, YYYY-MM or YYYY-MM-DD: partial dates stay partial.
    date: str | None = None
    year: int | None = None
    original_date: str | None = None
    bpm: float | None = None
    compilation: bool | None = None
    lyrics: str | None = None
    musicbrainz_trackid: str | None = None
    musicbrainz_releasetrackid: str | None = None
    musicbrainz_albumid: str | None = None
    musicbrainz_releasegroupid: str | None = None
    musicbrainz_artistids: list[str] = field(default_factory=list)
    musicbrainz_albumartistids: list[str] = field(default_factory=list)
    replaygain_track_gain: float | None = None
    replaygain_track_peak: float | None = None
    replaygain_album_gain: float | None = None
    replaygain_album_peak: float | None = None
    duration_s: float | None = None
    bitrate_kbps: int | None = None
    sample_rate: int | None = None
    channels: int | None = None
    bit_depth: int | None = None
    has_cover: bool = False
    pictures: list[Picture] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    #: Normalised keys of `genres`, same order and length.
    genre_keys: list[str] = field(default_factory=list)


@dataclass(slots=True)
class TrackFacts:
    """What the grouping of one folder needs to know of one track, read now or remembered."""

    #: The media file's row id.
    file_id: int
    album: str | None
    albumartist: str | None
    albumartist_keys: list[str]
    artist: str | None
    artist_keys: list[str]
    edition: str | None
    compilation: bool | None
    musicbrainz_albumid: str | None


@dataclass(slots=True)
class ReleaseKey:
    """The release that one or more tracks of a folder belong to."""

    #: Unique inside the library; see `media.music.releases`.
    key: str
    title: str
    edition: str | None
    mbid: str | None
    #: Album artist text; None when no track says one (then the track artists decide).
    albumartist: str | None
    #: Ids of the media files in it.
    file_ids: list[int] = field(default_factory=list)
