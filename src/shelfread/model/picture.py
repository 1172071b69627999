"""A picture as its header describes it: inside a media file, or beside one. Never decoded here."""

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
