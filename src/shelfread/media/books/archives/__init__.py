"""Archives of books: zip, rar, 7z and tar, opened by what they are and not by what they are called.

Stands below the reading of books. `open_archive` is all that others need, with `base` for the words.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import error

from shelfread.media.books.archives.base import LIMITS, Archive, BookTrouble, Limits
from shelfread.media.books.archives.rar import RarArchive
from shelfread.media.books.archives.seven import SevenArchive
from shelfread.media.books.archives.tar import TarArchive, is_header
from shelfread.media.books.archives.zip import ZipArchive
from shelfread.media.books.archives.zip_directory import listed
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

_READERS: dict[str, Callable[[Source, Limits], Archive]] = {
    "zip": ZipArchive,
    "rar": RarArchive,
    "7z": SevenArchive,
    "tar": TarArchive,
}
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"LZIP": "lzip",
}
_OTHERS = {
    b"%PDF-": "a PDF",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"GIF8": "a GIF picture",
    b"<!DOC": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML document",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}


def sniff(head: bytes) -> str | None:
    """The container whose first bytes, 512 or more where there are so many, these are: None for no archive.

    A zip archive with other bytes before it is found by `open_archive` only.
    """
    if head[:4] in (b"PK\3\4", b"PK\5\6", b"PK\7\x08") or head.startswith(b"PK00PK\3\4"):
        return "zip"
    if head.startswith((b"Rar!\x1a\7\0", b"Rar!\x1a\7\1\0", b"RE\x7e\x5e")):
        return "rar"
    if head.startswith(b"7z\xbc\xaf\x27\x1c"):
        return "7z"
    return "tar" if is_header(head[:512]) else None


def open_archive(source: Source, limits: Limits = LIMITS) -> Archive:
    """The archive in a file, listed, with nothing unpacked.

    Raises:
        BookTrouble: EMPTY_FILE; WRONG_FORMAT when it is no archive; UNSUPPORTED for packed tar files and
            single parts of an archive; ENCRYPTED when even the names are; TRUNCATED or DAMAGED when
            nothing can be listed; LIMIT_EXCEEDED.
        OSError: the disk gave an error.
    """
    if source.size == 0:
        raise BookTrouble(ProblemCode.EMPTY_FILE, "the file has no bytes")
    head = source.read_at(0, 512)
    container = sniff(head)
    try:
        if container is not None:
            return _READERS[container](source, limits)
        return _zip_behind_other_bytes(source, head, limits)
    except (error, IndexError) as trouble:
        # Each reader looks before it takes; this is the net under them.
        raise BookTrouble(ProblemCode.DAMAGED, f"its list of entries is damaged ({trouble})") from None


def _zip_behind_other_bytes(source: Source, head: bytes, limits: Limits) -> Archive:
    for mark, name in _PACKED.items():
        if head.startswith(mark):
            raise BookTrouble(
                ProblemCode.UNSUPPORTED,
                f"the content is packed with {name}; archives of that kind are not read",
            )
    listing, trouble = listed(source, limits)
    if listing is not None and (listing.entries or trouble is None):
        return ZipArchive(source, limits)
    what = "no archive that is known"
    if not head.strip(b"\0"):
        what = "nothing but zeros where an archive would begin"
    for mark, name in _OTHERS.items():
        if head.startswith(mark):
            what = f"{name}, not an archive"
    raise BookTrouble(ProblemCode.WRONG_FORMAT, f"the content is {what}")


__all__ = ["open_archive", "sniff"]
