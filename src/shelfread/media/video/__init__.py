"""Video: films with their versions, series with their episodes, extras and what belongs to them.

`streams` reads containers, `nfo` and `sidecars` what stands beside, `names` what paths say, `belonging` and
`items` what becomes of it in the catalogue. The object `KIND` is what the scan knows of all that. The readers
are imported by the process that reads: every other has the kind in hand as well, and starts sooner.
"""

from __future__ import annotations

import json
import os
from dataclasses import fields
from typing import Any

from shelfread.media.kind import Reading, Source
from shelfread.media.pictures import measure
from shelfread.media.video.name_words import AUDIO_SUFFIXES, SUBTITLE_SUFFIXES, VIDEO_SUFFIXES
from shelfread.media.window import Window
from shelfread.model.picture import Sidecar
from shelfread.model.video import Chapter, Part, Stream, Video

_PICTURES = frozenset(b".jpg .jpeg .png .webp .gif .bmp".split())
#: Of a disc only what holds pictures and sound is an item; its indexes say nothing of themselves.
_INDEXES = frozenset(("ifo", "bdmv"))

_VIDEO_FIELDS = tuple(one.name for one in fields(Video) if one.name != "belonging")
_INSIDE = {
    "streams": tuple(one.name for one in fields(Stream)),
    "chapters": tuple(one.name for one in fields(Chapter)),
    "people": tuple(one.name for one in fields(Part)),
}


def _dotted(suffixes: frozenset[str]) -> frozenset[bytes]:
    return frozenset(f".{suffix}".encode() for suffix in suffixes)


_SUBTITLES, _SOUND = _dotted(SUBTITLE_SUFFIXES), _dotted(AUDIO_SUFFIXES)


class Videos:
    """The video kind; fulfils `media.kind.Kind`."""

    name = "video"
    version = 1
    item_type: type = Video
    suffixes = _dotted(VIDEO_SUFFIXES - _INDEXES)
    sidecar_suffixes = _PICTURES | _SUBTITLES | _SOUND | {b".nfo"}
    fact_suffixes = frozenset({b".nfo"})

    def read(self, source: Source) -> Reading:
        """Read one video, complete for the catalogue: what it leaves open its name fills in."""
        from shelfread.media.video import reading

        return reading.read(source)

    def inspect(self, source: Source) -> Reading:
        """Read one video as it is, with nothing taken from its name."""
        from shelfread.media.video import reading

        return reading.inspect(source)

    def unread(self, relative: bytes) -> Video:
        """What stands in the catalogue for a file that could not be read at all: its name's facts."""
        from shelfread.media.video import reading

        return reading.unread(relative)

    def read_sidecar(self, source: Source) -> Sidecar | None:
        """A picture, an NFO of a show or a season, subtitles or sound beside the videos; None for others."""
        name = os.path.basename(source.path)
        suffix = os.path.splitext(name)[1].lower()
        if suffix == b".nfo":
            return _nfo(source, name.lower())
        if suffix in _PICTURES:
            return _picture(source, name)
        if suffix in _SUBTITLES or suffix in _SOUND:
            return _beside(source)
        return None

    def from_name(self, relative: bytes) -> dict[str, Any]:
        """What the name and folders alone say."""
        from shelfread.media.video.names import inspect_name

        return inspect_name(relative)

    def cover(self, source: Source) -> bytes:
        """The picture inside a video that its cover is made from. Raises MediaTrouble."""
        from shelfread.media.video import embedded

        return embedded.cover(source)


def known(video: Video) -> dict[str, Any]:
    """What is known of a video, by the names of its fields; of streams, chapters and people too."""
    found = {name: value for name, value in _known(video, _VIDEO_FIELDS).items() if value is not False}
    for name, own in _INSIDE.items():
        if name in found:
            found[name] = [_known(one, own) for one in found[name]]
    return found


def _known(one: Any, names: tuple[str, ...]) -> dict[str, Any]:
    # Written out: `dataclasses.asdict` was a third of what a scan's writer did.
    return {
        name: value
        for name in names
        if (value := getattr(one, name)) is not None and value != [] and value != {}
    }


def _picture(source: Source, name: bytes) -> Sidecar | None:
    from shelfread.media.video.sidecars import picture_type

    if source.size == 0:
        return None
    said = picture_type(name)
    # A picture that has the name of a video and nothing more shows that video.
    shows = "other" if said is None else said.type
    picture = measure(Window(source), 0, source.size, shows)
    if picture.mime is None:
        return None
    # Of which season, or of which video.
    of = {} if said is None else {"season": said.season, "of": said.stem}
    facts = {key: value for key, value in of.items() if value is not None}
    told = json.dumps(facts, ensure_ascii=False) if facts else None
    return Sidecar(shows, picture.mime, picture.width, picture.height, told)


def _nfo(source: Source, name: bytes) -> Sidecar | None:
    """What an NFO says of a show or a season; into those of films and episodes their readers look."""
    from shelfread.media.trouble import MediaTrouble
    from shelfread.media.video.nfo import LIMIT, read_nfo

    if source.size > LIMIT:
        return Sidecar("nfo")
    try:
        said = read_nfo(source.read_at(0, source.size))
    except MediaTrouble:
        return Sidecar("nfo")
    for kind, own in (("show", b"tvshow.nfo"), ("season", b"season.nfo")):
        for one in said:
            # An NFO that holds nothing but addresses means what it is called.
            if one.type == kind or (one.type is None and name == own):
                return Sidecar(kind, facts=json.dumps(known(one), ensure_ascii=False))
    return Sidecar("nfo")


def _beside(source: Source) -> Sidecar:
    from shelfread.media.video.names import from_name

    said = from_name(source.relative)
    facts = {
        name: value
        for name in ("of", "language", "forced", "sdh", "default", "title")
        if (value := getattr(said, name)) is not None
    }
    kind = "theme" if said.type == "extra" else said.type or "subtitle"
    return Sidecar(kind, facts=json.dumps(facts, ensure_ascii=False))


KIND = Videos()
