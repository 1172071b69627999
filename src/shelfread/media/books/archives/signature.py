"""What a book is by its pages: a signature over names, sizes and checksums, which costs no reading.

Stands beside the archives and knows only their lists of entries. Books that are packed anew, in another
order or format, keep it; it ignores the entries it is told to, which hold tags.
"""

from __future__ import annotations

from collections.abc import Callable

from xxhash import xxh3_128_digest

from shelfread.media.books.archives.base import Archive


def signature_of(archive: Archive, leave_out: Callable[[str], bool]) -> bytes | None:
    """The signature of the entries of which `leave_out` does not say True by their name: 16 bytes.

    None where an entry has no checksum (tar, some RAR 5), and where no entry is left.
    """
    lines = []
    for name, size, _, crc, _, _, _ in archive.entries:
        if leave_out(name):
            continue
        if crc is None:
            return None
        # No name has a NUL in it, so no two lists give the same line.
        lines.append(f"{name}\0{size}\0{crc}\0")
    if not lines:
        return None
    lines.sort()
    return xxh3_128_digest("".join(lines).encode())
