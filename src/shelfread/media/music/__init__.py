"""Music: sound files in, tracks, artists and releases out.

`formats` reads bytes, `tags` gives them meaning, `names` reads what paths say, `releases` groups a folder.
The object `KIND` is what the scan knows of all that.
"""

from __future__ import annotations

from typing import Any

from shelfread.media.kind import Reading, Source
from shelfread.media.music.formats import read_raw
from shelfread.media.music.names import from_name
from shelfread.media.music.tags import completed, interpret
from shelfread.media.pictures import measure
from shelfread.media.window import Window
from shelfread.model.music import Audio
from shelfread.model.picture import Sidecar

#: Words in a picture's name that say what it shows; the first that occurs wins.
_SHOWN = (
    ("back", "back"),
    ("disc", "disc"),
    ("cd", "disc"),
    ("artist", "artist"),
    ("band", "artist"),
    ("booklet", "leaflet"),
    ("inlay", "leaflet"),
    ("cover", "front"),
    ("folder", "front"),
    ("front", "front"),
    ("albumart", "front"),
)


def _shows(path: bytes) -> str:
    stem = path.rpartition(b"/")[2].rpartition(b".")[0].decode("utf-8", "replace").casefold()
    return next((shown for word, shown in _SHOWN if word in stem), "other")


class Music:
    """The music kind; fulfils `media.kind.Kind`."""

    name = "music"
    version = 1
    item_type: type = Audio
    suffixes = frozenset(
        b".mp3 .flac .m4a .m4b .mp4 .ogg .oga .opus .wav .aiff .aif .aifc .wma .ape .wv .mpc .dsf .aac "
        b".tta".split()
    )
    sidecar_suffixes = frozenset(b".jpg .jpeg .png .webp .gif .bmp".split())
    fact_suffixes: frozenset[bytes] = frozenset()

    def read(self, source: Source) -> Reading:
        """Read one sound file, complete for the catalogue: what its tags leave open its name fills in."""
        raw = read_raw(source)
        audio = completed(interpret(raw, source.relative), source.relative)
        return Reading(raw.code, raw.detail, raw.signature, audio)

    def inspect(self, source: Source) -> Reading:
        """Read one sound file as it is, with nothing taken from its name."""
        raw = read_raw(source)
        return Reading(raw.code, raw.detail, raw.signature, interpret(raw, source.relative))

    def unread(self, relative: bytes) -> Audio:
        """What stands in the catalogue for a file that could not be read at all: its name's facts."""
        return completed(Audio(), relative)

    def read_sidecar(self, source: Source) -> Sidecar | None:
        """Measure a picture beside the music; None when it is no picture."""
        if source.size == 0:
            return None
        picture = measure(Window(source), 0, source.size, _shows(source.path))
        if picture.mime is None:
            return None
        return Sidecar(picture.type, picture.mime, picture.width, picture.height)

    def cover(self, source: Source) -> bytes:
        """The picture inside a sound file. Raises NoCover."""
        from shelfread.media.music import cover

        return cover.cover(source)

    def from_name(self, relative: bytes) -> dict[str, Any]:
        """What the name and folders alone say."""
        return from_name(relative)


KIND = Music()
