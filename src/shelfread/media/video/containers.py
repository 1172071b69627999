"""What container a file is, by its first bytes: only these are shown to MediaInfo, each to its own parser.

Stands before `streams`. A playlist, a page or a picture that is called `.mp4` is recognised here or not at
all: nothing that names another file gets any further. It does not look behind the first kilobytes.
"""

from __future__ import annotations

from typing import NamedTuple

#: Bytes of the head that are looked at.
HEAD = 4096
_PACKET = 188
_BOXES = frozenset(
    (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"uuid", b"sidx")
)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_WTV = bytes.fromhex("b7d800203749da11a64e0007e95ead8d")
#: What is often found in place of a video, and how people call it.
_OTHERS = (
    (b"#EXTM3U", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"<?xml", "a text (XML)"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<HTML", "a web page"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"PK\3\4", "a zip archive"),
    (b"Rar!\x1a\7", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"ID3", "a sound file (MP3)"),
    (b"fLaC", "a sound file (FLAC)"),
    (b"MPLS", "a playlist of a Blu-ray disc"),
)
#: The index of a disc stands for all of it: there is nothing more to read.
_DISCS = ((b"DVDVIDEO-V", "dvd"), (b"INDX0", "bluray"), (b"MOBJ0", "bluray"))


class Container(NamedTuple):
    """A container that can be read."""

    #: Our word for it.
    name: str
    #: MediaInfo's name for its parser.
    parser: str


MATROSKA = Container("matroska", "Mk")
MP4 = Container("mp4", "Mpeg4")


def container_of(head: bytes) -> Container | None:
    """The container that begins with `head`, 4096 bytes of it; None when it is none that can be read."""
    if head[:4] == b"\x1aE\xdf\xa3":
        return MATROSKA
    if head[4:8] in _BOXES:
        return MP4
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] in (b"AVI ", b"AVIX"):
        return Container("avi", "Riff")
    if head[:16] == _ASF:
        return Container("asf", "Wm")
    if head[:4] == b"FLV\1":
        return Container("flv", "Flv")
    if head[:4] == b"OggS":
        return Container("ogg", "Ogg")
    if head[:4] == b".RMF":
        return Container("rm", "Rm")
    if head[:4] == b"\0\0\1\xba":
        return Container("mpegps", "MpegPs")
    if head[:4] == b"\0\0\1\xb3":
        return Container("mpegvideo", "Mpegv")
    if head[:4] == b"\x06\x0e\x2b\x34":
        return Container("mxf", "Mxf")
    if head[:4] == b"DKIF":
        return Container("ivf", "Ivf")
    return _transport(head)


def _transport(head: bytes) -> Container | None:
    """MPEG transport streams: a 0x47 every 188 bytes, every 192 on discs. A recording begins anywhere."""
    for start in range(min(_PACKET, len(head))):
        if head[start] == 0x47 and _in_step(head, start, _PACKET):
            return Container("mpegts", "MpegTs")
    if len(head) > 4 and head[4] == 0x47 and _in_step(head, 4, _PACKET + 4):
        return Container("m2ts", "Bdav")
    return None


def _in_step(head: bytes, start: int, step: int) -> bool:
    marks = head[start::step]
    return len(marks) >= 4 and marks == b"\x47" * len(marks)


def disc_of(head: bytes) -> str | None:
    """Our word for a disc whose index begins so: dvd, bluray."""
    return next((name for start, name in _DISCS if head.startswith(start)), None)


def other(head: bytes, tail_of_iso: bytes = b"") -> tuple[str, bool]:
    """What a file is that is no video, for people, and whether it is one that cannot be read yet."""
    if head[:16] == _WTV:
        return "a recording of Windows Media Center", True
    if tail_of_iso == b"CD001" or tail_of_iso in (b"BEA01", b"NSR02", b"NSR03"):
        return "an image of a disc", True
    stripped = head.lstrip(b"\xef\xbb\xbf\r\n\t ")
    for start, what in _OTHERS:
        if stripped.startswith(start):
            return what, False
    if not head.strip(b"\0"):
        return "nothing but zeros: a download or a copy that was never finished", False
    if b"\0" not in head and head[:1].isascii():
        return "a text", False
    return "nothing that is known as a video", False
