"""What stands inside or beside a media file without being one: pictures, and sidecars of any sort."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Picture:
    """A picture inside or beside a media file, measured from its header and never decoded."""

    #: front, back, artist, disc, leaflet, icon or other.
    type: str = "other"
    mime: str | None = None
    #: Pixels; None when the header could not be read.
    width: int | None = None
    height: int | None = None
    #: Bytes of the encoded picture.
    size: int = 0


@dataclass(slots=True)
class Sidecar:
    """A file beside the media: a picture, measured and never decoded, or one that says something of them."""

    #: Of a picture what it shows (front, back, ...); else what it is: opf, series.
    type: str = "other"
    mime: str | None = None
    #: Pixels; None when it is no picture, or its header could not be read.
    width: int | None = None
    height: int | None = None
    #: What it says, as JSON of the kind's own words; of a picture what its name says beside what it shows.
    facts: str | None = None
