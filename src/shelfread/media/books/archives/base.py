"""What an archive is to the readers of books: a list of entries, and the bytes of one of them.

One interface for zip, rar, 7z and tar, each in its own module beside this one. Nothing is ever written to
disk, and the name of an entry is never a path (DESIGN rule 13): it is text that is shown, and looked up. The
limits are those of `Limits`; they are held against the directory first and against what really comes out
after that. Knows nothing of comics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from shelfread.media.trouble import MediaTrouble

#: What the readers of books raise; so does that of XML, which every kind has.
BookTrouble = MediaTrouble


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader accepts of an archive. More is `limit_exceeded`."""

    #: Entries in all, folders included.
    entries: int = 50_000
    #: Bytes that all entries have unpacked, as the directory says.
    total_size: int = 16 << 30
    #: Unpacked bytes of one entry.
    entry_size: int = 256 << 20
    #: Unpacked to packed, beyond `ratio_from` unpacked bytes.
    ratio: int = 200
    ratio_from: int = 10 << 20
    #: Bytes of the directory itself.
    directory_size: int = 64 << 20
    #: Bytes of one name; a longer one is cut.
    name_length: int = 1024
    #: A decoder may reserve so much for its dictionary.
    dictionary_size: int = 256 << 20


LIMITS = Limits()


class ArchiveEntry(NamedTuple):
    """One regular file in an archive. Folders, links and devices are left out of the list."""

    #: With "/" between folders, NUL and lone surrogates gone; for people and for looking up, never a path.
    name: str
    #: Unpacked and packed bytes, as the directory says. Packed is None where entries share one stream.
    size: int
    packed: int | None
    #: CRC-32 of the content; None where the format has none.
    crc: int | None
    encrypted: bool
    #: Where the archive finds it again; meaningful to it alone.
    place: int
    #: Stored as it is, and the list says where: its bytes begin here in the file. None: it must be unpacked,
    #: or the format says it elsewhere (zip, in the entry's own header): `Archive.stored_at` looks there.
    offset: int | None = None


class Archive(Protocol):
    """An open archive. Lives as long as the `Source` it was opened with; not shared between threads."""

    #: zip, rar, 7z or tar.
    container: str
    #: In the archive's order.
    entries: list[ArchiveEntry]
    #: Trouble that leaves the rest usable: a torn end behind a good directory, skipped entries.
    warnings: list[BookTrouble]
    #: The comment on the whole archive; empty where there is none, or the format packs it (only zip has it).
    comment: bytes

    def read(self, entry: ArchiveEntry, limit: int | None = None) -> bytes:
        """The unpacked bytes of an entry, checked against its CRC.

        Args:
            entry: one of `entries`.
            limit: no more bytes than this are accepted (None: `Limits.entry_size`).

        Raises:
            BookTrouble: encrypted, damaged, truncated, unsupported or over a limit.
        """

    def head(self, entry: ArchiveEntry, length: int) -> bytes:
        """The first unpacked bytes, `length` at most, unchecked; cheap where the format allows it.

        Raises:
            BookTrouble: as `read`.
        """

    def stored_at(self, entry: ArchiveEntry) -> int | None:
        """Where the bytes of an entry begin in the file, stored as they are; None where they are packed.

        Raises:
            BookTrouble: truncated or damaged.
        """
