"""The picture inside a sound file, for covers: the front if the file says so, else the first one.

Beside `formats`, whose readers only measure pictures: this one hands their bytes out, through mutagen, once
for a release and not for every file of a scan. Runs in a confined process. Knows not what becomes of it.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
from collections.abc import Iterator
from typing import Any

import mutagen
from mutagen import flac

from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

_FRONT, _OTHER = 3, 0
#: Icons of 32 pixels, by the picture types of ID3v2.
_ICONS = (1, 2)

_Found = tuple[int, bytes]
_Block: Any = flac.Picture


class NoCover(Exception):
    """There is no picture to be had: a code from the closed list and a line for people."""

    def __init__(self, code: ProblemCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def cover(source: Source) -> bytes:
    """The encoded picture.

    Raises:
        NoCover: there is none, or the file cannot be read.
    """
    with io.FileIO(os.dup(source.fd), "rb") as file:
        file.seek(0)
        file.name = os.fsdecode(source.path)  # mutagen looks at it as well
        try:
            found = list(_pictures(mutagen.File(file)))
        except MemoryError:
            raise
        except Exception as error:
            text = f"its picture cannot be read: {str(error)[:200] or type(error).__name__}"
            raise NoCover(ProblemCode.DAMAGED, text) from error
    found = [picture for picture in found if picture[1]]
    if not found:
        raise NoCover(ProblemCode.DAMAGED, "no picture was found in it")
    return min(found, key=lambda picture: (picture[0] != _FRONT, picture[0] in _ICONS))[1]


def _pictures(file: Any) -> Iterator[_Found]:
    """Type and bytes of all pictures, wherever the format has them."""
    for block in getattr(file, "pictures", ()):
        yield block.type, block.data
    tags = getattr(file, "tags", None)
    if tags is None:
        return
    if hasattr(tags, "getall"):
        for frame in tags.getall("APIC"):
            yield frame.type, frame.data
        return
    for key, values in _items(tags):
        match key.lower():
            case "metadata_block_picture":
                for value in values:
                    block = _Block(_unpacked(value))
                    yield block.type, block.data
            case "coverart":
                for value in values:
                    yield _OTHER, _unpacked(value)
            case "covr":
                for value in values:
                    yield _FRONT, bytes(value)
            case "wm/picture":
                for value in values:
                    yield _of_asf(bytes(value.value))
            case name if name.startswith("cover art ("):
                # APEv2: a name, a zero byte, the picture.
                shows = _FRONT if "front" in name else _OTHER
                for value in values:
                    yield shows, bytes(value.value).partition(b"\0")[2]


def _items(tags: Any) -> Iterator[tuple[str, list[Any]]]:
    for key in tags.keys():  # noqa: SIM118 - not every kind of tags is a mapping
        value = tags[key]
        yield str(key), value if isinstance(value, list) else [value]


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error as error:
        raise ValueError(f"not Base64: {error}") from error


def _of_asf(value: bytes) -> _Found:
    """ASF: a type, a length, two texts in UTF-16 that end in zeros, the picture."""
    length = int.from_bytes(value[1:5], "little")
    at = 5
    for _ in range(2):
        while at + 2 <= len(value) and value[at : at + 2] != b"\0\0":
            at += 2
        at += 2
    return value[0] if value else _OTHER, value[at : at + length]
