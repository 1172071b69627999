"""Whether a file is a video by its content, where its name leaves that open: `film`, `clip.mp4`, `talk.ogg`.

For those who have to choose a kind for a file. Reads headers only, and does not say whether they are whole.
"""

from __future__ import annotations

from shelfread.media.video import mp4
from shelfread.media.video.containers import HEAD, MP4, container_of
from shelfread.media.window import Readable

#: What a stream with pictures begins with: Theora, Dirac and VP8 in Ogg.
_OGG = (b"\x80theora", b"BBCD\0", b"OVP80", b"\x01video")
#: The stream type of pictures in ASF (3.3 of its specification), and bytes of its header that are looked at.
_ASF = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_MOST_ASF = 64 << 10


def is_video(source: Readable) -> bool:
    """Whether the file has moving pictures, as far as its headers tell. Raises OSError."""
    head = source.read_at(0, HEAD)
    container = container_of(head)
    if container is None:
        return False
    if container is MP4:
        return any(track.has_pictures for track in mp4.read(source).tracks.values())
    if container.name == "ogg":
        return any(mark in head for mark in _OGG)
    if container.name == "asf":
        return _ASF in source.read_at(0, _MOST_ASF)
    return True
