"""ID3v2 tags (2.2, 2.3, 2.4) at the head of a file or in a chunk, and ID3v1 at its end.

Stands below the readers of mp3, wav, aiff, dsf, aac and tta. Facts from the ID3v2.2, 2.3 and 2.4 documents
(2.4 structure 3.1-3.2 and 4.1, frames 4.1-4.26) and the ID3v1.1 description; keys by the Picard mapping.
Frames nobody asks for are skipped without being read, pictures are looked at and not copied. It knows
nothing of sound.
"""

from __future__ import annotations

import zlib
from struct import Struct

from shelfread.media.music.formats import id3_frames as frames
from shelfread.media.music.formats.genre_names import GENRES
from shelfread.media.music.formats.keys import lenient, put
from shelfread.media.window import Memory, Readable, Window
from shelfread.model.picture import Picture

_FRAME = Struct(">4sIH").unpack_from
_U32 = Struct(">I").unpack_from

#: A tag whose every byte must be rewritten before it can be read is read up to here.
_LONGEST_UNSYNCHRONISED = 16 << 20
#: What a compressed frame may grow to.
_LONGEST_INFLATED = 4 << 20
#: Any frame but a picture is read up to here.
_LONGEST_FRAME = 4 << 20
_MOST_FRAMES = 4096


def syncsafe(number: int) -> int:
    """The value of 32 bits of which every eighth is unused (2.4 structure, 6.2)."""
    return number & 0x7F | (number & 0x7F00) >> 1 | (number & 0x7F0000) >> 2 | (number & 0x7F000000) >> 3


def length_at(buf: bytes, at: int = 0) -> int:
    """Bytes of the ID3v2 tag at `at` of `buf`, header and footer included; 0 when there is none."""
    if buf[at : at + 3] != b"ID3" or len(buf) < at + 10 or buf[at + 3] == 255 or buf[at + 4] == 255:
        return 0
    size = _U32(buf, at + 6)[0]
    if size & 0x80808080:
        return 0
    return syncsafe(size) + (20 if buf[at + 3] == 4 and buf[at + 5] & 0x10 else 10)


def parse(
    source: Readable, buf: bytes, base: int, start: int, tags: dict[str, list[str]], pictures: list[Picture]
) -> str | None:
    """Read the tag at `start`, where `buf` holds the bytes from `base`; a text when it is damaged."""
    window = Window(source, buf, base)
    at = window.need(start, 10)
    buf = window.buf
    total = length_at(buf, at)
    if not total:
        return "the ID3 tag has no valid header"
    major, flags = buf[at + 3], buf[at + 5]
    if major not in (2, 3, 4):
        return f"the ID3 tag is of the unknown version 2.{major}"
    position, end = start + 10, start + total
    if major == 4 and flags & 0x10:
        end -= 10
    if flags & 0x80 and major < 4:
        # Unsynchronisation covers the whole tag there, sizes included (2.3, 5): undo it first.
        whole = source.read_at(position, min(end - position, _LONGEST_UNSYNCHRONISED, source.size))
        whole = whole.replace(b"\xff\x00", b"\xff")
        window = Window(Memory(whole), whole)
        position, end = 0, len(whole)
    if flags & 0x40 and major > 2:
        size = _U32(window.get(position, 4).ljust(4, b"\0"))[0]
        position += syncsafe(size) if major == 4 else size + 4
    found = frames.Found(tags, pictures)
    if major == 2:
        trouble = _frames_of_22(window, position, end, found)
    else:
        trouble = _frames(window, position, end, major, bool(flags & 0x80) and major == 4, found)
    found.finish()
    return trouble


def _frames(
    window: Window, position: int, end: int, major: int, unsync: bool, found: frames.Found
) -> str | None:
    """The frames of 2.3 and 2.4. The loop every mp3 goes through: locals and few calls on purpose."""
    # Some writers put plain sizes into 2.4; None until a frame shows which it is.
    plain = True if major == 3 else None
    readers = frames.READERS
    limit = min(end, window.size)
    buf, base = window.buf, window.base
    for _ in range(_MOST_FRAMES):
        if position + 10 > limit:
            break
        at = position - base
        if at < 0 or at + 10 > len(buf):
            at = window.need(position, 10)
            buf, base = window.buf, window.base
        name, size, flags = _FRAME(buf, at)
        reader = readers.get(name)
        if reader is None and not frames.is_name(name):
            return None if name[0] == 0 else "the ID3 tag holds bytes that are no frame"
        if size > 127 and not plain:
            if plain is None:
                plain = _is_plain(window, position, size, limit)
            if not plain:
                size = syncsafe(size)
        position += 10
        if size > limit - position:
            if reader is not None and limit < end:
                # The file ends inside the tag: the text that is left is still text.
                size = limit - position
            else:
                return "a frame of the ID3 tag is longer than the tag"
        if reader is not None and size:
            if flags & 0xFF or unsync:
                _odd_frame(window, position, size, flags, major, unsync, name, found)
            elif reader is frames.picture:
                found.picture(window, position, size)
            else:
                at = position - base
                if at + size > len(buf):
                    at = window.need(position, min(size, _LONGEST_FRAME))
                    buf, base = window.buf, window.base
                reader(found, name, buf[at : at + size])
        position += size
    return None


def _is_plain(window: Window, position: int, size: int, limit: int) -> bool:
    """Whether a size above 127 in a 2.4 tag is not syncsafe: by where the next frame then begins."""
    if size & 0x80808080:
        return True
    for candidate, plain in ((syncsafe(size), False), (size, True)):
        after = position + 10 + candidate
        if after == limit:
            return plain
        if after < limit:
            following = window.peek(after, 4)
            if following[:1] == b"\0" or (len(following) == 4 and frames.is_name(following)):
                return plain
    return False


def _odd_frame(
    window: Window,
    position: int,
    size: int,
    flags: int,
    major: int,
    unsync: bool,
    name: bytes,
    found: frames.Found,
) -> None:
    """A frame that is compressed, grouped, unsynchronised or has its length in front (2.4, 4.1.2)."""
    data = window.source.read_at(position, min(size, _LONGEST_FRAME))
    if major == 4:
        if flags & 0x04:
            return  # encrypted: nobody has the key
        if flags & 0x40:
            data = data[1:]
        if flags & 0x01:
            data = data[4:]
        if flags & 0x02 or unsync:
            data = data.replace(b"\xff\x00", b"\xff")
        packed = flags & 0x08
    else:
        if flags & 0x40:
            return
        packed = flags & 0x80
        if packed:
            data = data[4:]
        if flags & 0x20:
            data = data[1:]
    if packed:
        try:
            data = zlib.decompressobj().decompress(data, min(_LONGEST_INFLATED, found.room))
        except zlib.error:
            return
        found.room = max(1, found.room - len(data))
    if not data:
        return
    reader = frames.READERS[name]
    if reader is frames.picture:
        found.picture(Window(Memory(data), data), 0, len(data))
    else:
        reader(found, name, data)


def _frames_of_22(window: Window, position: int, end: int, found: frames.Found) -> str | None:
    """The frames of 2.2: three letters and three bytes of size (2.2, 3.2)."""
    limit = min(end, window.size)
    for _ in range(_MOST_FRAMES):
        if position + 6 > limit:
            break
        at = window.need(position, 6)
        head = window.buf[at : at + 6]
        size = int.from_bytes(head[3:6], "big")
        if not head[:3].isalnum():
            return None if head[0] == 0 else "the ID3 tag holds bytes that are no frame"
        position += 6
        if size > limit - position:
            if limit == end:
                return "a frame of the ID3 tag is longer than the tag"
            size = limit - position
        name = frames.NAMES_OF_22.get(head[:3])
        if name is not None and size:
            if name == b"APIC":
                found.picture(window, position, size, old=True)
            else:
                frames.READERS[name](found, name, window.get(position, min(size, _LONGEST_FRAME)))
        position += size
    return None


def parse_v1(block: bytes) -> dict[str, list[str]]:
    """The 128 bytes of an ID3v1 or 1.1 tag."""
    tags: dict[str, list[str]] = {}
    for key, start, stop in (("title", 3, 33), ("artist", 33, 63), ("album", 63, 93), ("date", 93, 97)):
        put(tags, key, lenient(block[start:stop].partition(b"\0")[0]).strip())
    comment = block[97:127]
    if comment[28] == 0 and comment[29]:
        put(tags, "tracknumber", str(comment[29]))
        comment = comment[:28]
    put(tags, "comment", lenient(comment.partition(b"\0")[0]).strip())
    if block[127] < len(GENRES):
        put(tags, "genre", GENRES[block[127]])
    return tags
