"""Writes what comics come in: cbz (zip), cb7 (7z), cbt (tar) and cbr (RAR 5), from names and contents.

Same entries, same bytes. zip and tar are written by the standard library, the other two by hand: a 7z archive
is one LZMA2 stream with all entries in it, and in a RAR archive entries are stored, which is all of that
format that can be written freely. Nothing here reads archives.
"""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence

#: Name and content of each entry, in the order in which they lie in the archive.
Entries = Sequence[tuple[str, bytes]]
_MADE = (2020, 1, 1, 12, 0, 0)
_PICTURES = (".jpg", ".jpeg", ".png", ".webp")


def archive(fmt: str, entries: Entries) -> bytes:
    """The bytes of an archive; `fmt` is one of `FORMATS`."""
    return _WRITERS[fmt](entries)


def zipped(entries: Entries) -> bytes:
    """A zip archive: pictures and an EPUB's `mimetype` are stored, the rest is deflated."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, _MADE)
            stored = name.lower().endswith(_PICTURES) or name == "mimetype"
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            file.writestr(entry, content)
    return target.getvalue()


def tarred(entries: Entries) -> bytes:
    """A tar archive, POSIX.1-2001."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as file:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 1_577_880_000
            file.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def sevened(entries: Entries) -> bytes:
    """A 7z archive: one folder of one LZMA2 stream (solid), CRCs of all entries, names in UTF-16."""
    plain = b"".join(content for _, content in entries)
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 1 << 20}]
    packed = lzma.compress(plain, lzma.FORMAT_RAW, filters=filters)
    pack = b"\x06" + _seven(0) + _seven(1) + b"\x09" + _seven(len(packed)) + b"\0"
    # One coder, its id one byte (0x21), with one byte of properties: 0x10 is a dictionary of 1 MiB.
    coder = b"\x01" + b"\x21" + b"\x21" + b"\x01" + b"\x10"
    unpack = b"\x07\x0b" + _seven(1) + b"\0" + coder + b"\x0c" + _seven(len(plain)) + b"\0"
    sizes = b"".join(_seven(len(content)) for _, content in entries[:-1])
    crcs = b"".join(struct.pack("<I", zlib.crc32(content)) for _, content in entries)
    streams = b"\x08\x0d" + _seven(len(entries)) + b"\x09" + sizes + b"\x0a\x01" + crcs + b"\0"
    names = b"\0" + b"".join(name.encode("utf-16-le") + b"\0\0" for name, _ in entries)
    files = b"\x05" + _seven(len(entries)) + b"\x11" + _seven(len(names)) + names + b"\0"
    header = b"\x01\x04" + pack + unpack + streams + b"\0" + files + b"\0"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    signature = b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(start)) + start
    return signature + packed + header


def _seven(number: int) -> bytes:
    """A number as 7z has them: the ones at the top of the first byte say how many follow."""
    for more in range(8):
        if number < 1 << (7 * (more + 1)):
            mask = 0xFF00 >> more & 0xFF
            return bytes([mask | number >> 8 * more]) + (number & (1 << 8 * more) - 1).to_bytes(
                more, "little"
            )
    return b"\xff" + number.to_bytes(8, "little")


def rarred(entries: Entries) -> bytes:
    """A RAR 5 archive of stored entries."""
    blocks = [_block(1, 0, _rar(0))]
    for name, content in entries:
        raw = name.encode()
        # Flag 4 says that there is a CRC; then size, attributes, CRC, "stored", a Unix system, the name.
        body = _rar(4) + _rar(len(content)) + _rar(0o100644) + struct.pack("<I", zlib.crc32(content))
        body += _rar(0) + _rar(1) + _rar(len(raw)) + raw
        blocks.append(_block(2, 2, _rar(len(content)) + body) + content)
    return b"Rar!\x1a\x07\x01\0" + b"".join(blocks) + _block(5, 0, _rar(0))


def _block(kind: int, flags: int, body: bytes) -> bytes:
    """One header: the CRC of what follows it, its size, its kind, its flags (2: data comes after it)."""
    content = _rar(kind) + _rar(flags) + body
    sized = _rar(len(content)) + content
    return struct.pack("<I", zlib.crc32(sized)) + sized


def _rar(number: int) -> bytes:
    """A number as RAR 5 has them: seven bits a byte, the lowest first; the top bit says that more follow."""
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


_WRITERS: Mapping[str, Callable[[Entries], bytes]] = {
    "cbz": zipped,
    "cb7": sevened,
    "cbt": tarred,
    "cbr": rarred,
}
FORMATS = tuple(_WRITERS)
