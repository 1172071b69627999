"""The words of video: what a file says of its streams, what its name and its sidecars say it is.

Made in the parser processes by `media.video`, carried as plain data. Mutable slots dataclasses because the
readers fill them field by field; nobody changes one after that.

Every source of facts (a name, an NFO, the container) gives a `Video` of its own with what it knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Stream:
    """One stream of a container, as its headers describe it; None is what they do not signal."""

    #: video, audio or subtitle.
    type: str
    #: Its place among all streams of the file, from 0.
    index: int = 0
    codec: str | None = None
    profile: str | None = None
    level: str | None = None
    language: str | None = None
    title: str | None = None
    default: bool | None = None
    forced: bool | None = None
    bitrate_kbps: int | None = None
    # Video
    #: Pixels as stored.
    width: int | None = None
    height: int | None = None
    #: Width to height as shown: "16:9", "2.39:1".
    aspect: str | None = None
    frame_rate: float | None = None
    bit_depth: int | None = None
    interlaced: bool | None = None
    primaries: str | None = None
    transfer: str | None = None
    matrix: str | None = None
    #: HDR10, HDR10+, HLG, "Dolby Vision 8.1" with its profile; several where several are signalled.
    hdr: list[str] = field(default_factory=list)
    #: Degrees clockwise.
    rotation: int | None = None
    #: mono or a stereo mode as Matroska names it, for 3D.
    stereo_mode: str | None = None
    # Audio
    channels: int | None = None
    #: "5.1", "7.1", "stereo", "mono".
    layout: str | None = None
    sample_rate: int | None = None
    #: Atmos, DTS:X and their kin, where the container signals them.
    spatial: str | None = None
    commentary: bool | None = None
    # Subtitle
    #: Text for people with hearing loss.
    sdh: bool | None = None
    #: True where it is drawn and not written (PGS, VobSub).
    pictures: bool | None = None


@dataclass(slots=True)
class Chapter:
    """A chapter: where it begins, in seconds, and what it is called."""

    start_s: float
    title: str | None = None


@dataclass(slots=True)
class Part:
    """Who did what in a film or an episode."""

    #: director, writer, actor, producer, composer, creator.
    role: str
    name: str
    #: Of an actor: whom they play.
    character: str | None = None
    order: int | None = None


@dataclass(slots=True)
class Belonging:
    """Which movie or episode a video file is of, as its path alone says: the same for all files of one.

    An NFO changes what is shown of an item, never which item it is: a film keeps its versions together though
    only one of them has an NFO.
    """

    #: Of a movie or an episode: the same text for all its files. It begins with "/" where it holds in one
    #: root only. Of an extra: that of the movie that its name speaks of; None where it speaks of none.
    key: str | None = None
    #: The folder of the item, below its root: that of the film and not of its disc, its parts or its extras.
    base: bytes = b""
    #: The file lies on a disc that is one item.
    disc: bool = False
    #: Of an episode: that of its show.
    show_key: str | None = None
    show: str | None = None
    show_year: int | None = None
    show_ids: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Video:
    """Everything one video file says. Field names are those of `shelfread inspect --json`.

    Unknown is None or an empty list, never a guess.
    """

    #: movie, episode, extra, subtitle, audio or sample; of an NFO show or season too.
    type: str | None = None
    #: Of an extra: trailer, featurette, behind the scenes, deleted scene, interview, scene, short, clip,
    #: sample, theme, backdrop, other.
    extra: str | None = None
    title: str | None = None
    original_title: str | None = None
    sort_title: str | None = None
    year: int | None = None
    # Episodes
    show: str | None = None
    season: int | None = None
    episode: int | None = None
    #: The last of several in one file.
    episode_end: int | None = None
    #: Counted through all seasons, as anime does.
    absolute: int | None = None
    absolute_end: int | None = None
    #: YYYY-MM-DD, of what is sent daily.
    air_date: str | None = None
    # Films
    #: "Director's Cut".
    edition: str | None = None
    #: What tells versions of one film apart: "1080p", "Remux".
    version: str | None = None
    #: Of a film in several files, from 1.
    part: int | None = None
    #: "3D", with what is known of it: "3D SBS".
    three_d: str | None = None
    #: By scheme in lower case: {"imdb": "tt0111161", "tmdb": "278", "tvdb": "..."}.
    provider_ids: dict[str, str] = field(default_factory=dict)
    # What a name says of the file itself
    resolution: str | None = None
    source: str | None = None
    release_group: str | None = None
    # Subtitle and audio files beside a video
    #: The stem of the video they belong to.
    of: str | None = None
    language: str | None = None
    forced: bool | None = None
    sdh: bool | None = None
    default: bool | None = None
    # What an NFO says
    plot: str | None = None
    outline: str | None = None
    tagline: str | None = None
    #: YYYY, YYYY-MM or YYYY-MM-DD.
    date: str | None = None
    runtime_min: int | None = None
    age_rating: str | None = None
    #: 0 to 10.
    rating: float | None = None
    votes: int | None = None
    set: str | None = None
    genres: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    studios: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    people: list[Part] = field(default_factory=list)
    #: Of a show: Continuing or Ended, as written.
    status: str | None = None
    # What the container says
    container: str | None = None
    duration_s: float | None = None
    bitrate_kbps: int | None = None
    streams: list[Stream] = field(default_factory=list)
    chapters: list[Chapter] = field(default_factory=list)
    #: Pictures attached in the container: a cover, no stream.
    has_cover: bool = False
    #: Where the facts come from, the most believed first: nfo, container, name.
    sources: list[str] = field(default_factory=list)
    #: Fields above that nothing but the name says.
    guessed: list[str] = field(default_factory=list)
    #: For the catalogue; None where only the file itself was read.
    belonging: Belonging | None = None
