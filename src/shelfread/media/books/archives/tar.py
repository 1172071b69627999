"""Tar archives: CBT. Plain ones; nothing in them is packed.

Stands beside the readers of zip, rar and 7z. Written from the pax and ustar formats (POSIX.1-2017, pax) and
the GNU tar manual (long names, numbers in base 256). Python's tarfile is not used: it keeps headers that
are as long as the file says, and follows links.
"""

from __future__ import annotations

from shelfread.media.books.archives.base import ArchiveEntry, BookTrouble, Limits
from shelfread.media.books.archives.bounds import (
    admit,
    cut_off,
    judge,
    left_out,
    plain_name,
    shown,
    too_long_a_list,
    too_many,
    verified,
)
from shelfread.media.kind import Source
from shelfread.model.problem import ProblemCode

_BLOCK = 512
_REGULAR = (b"0", b"\0", b"7")
_FOLDER = b"5"
_LONG_NAME, _LONG_LINK = b"L", b"K"
_PAX, _PAX_GLOBAL = b"x", b"g"
#: GNU: a sparse file, a folder's list, the rest of a volume, a volume's name.
_NOTED = (b"D", b"V")
#: One long name or pax header needs no more.
_LONGEST_EXTENSION = 1 << 20


def is_header(block: bytes) -> bool:
    """Whether these 512 bytes are a header: their checksum says so, and they name something."""
    if len(block) < _BLOCK or not block[0]:
        return False
    said = _number(block[148:156])
    # The checksum counts its own field as blanks.
    return said is not None and said == sum(block) - sum(block[148:156]) + 8 * 32


def _number(field: bytes) -> int | None:
    """An octal number, or one in base 256 where the first bit says so; None for neither."""
    if field[:1] >= b"\x80":
        return int.from_bytes(field[1:], "big") if field[:1] == b"\x80" else None
    text = field.strip(b" \0")
    if not text:
        return 0
    return int(text, 8) if all(48 <= digit <= 55 for digit in text) else None


class TarArchive:
    """An open tar archive; see `Archive`."""

    container = "tar"
    comment = b""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self.entries: list[ArchiveEntry] = []
        self.warnings: list[BookTrouble] = []
        self._skipped: list[str] = []
        self._list()
        if self._skipped:
            self.warnings.append(left_out(self._skipped))
        self.warnings += judge(self.entries, source.size, limits)

    def read(self, entry: ArchiveEntry, limit: int | None = None) -> bytes:
        admit(entry, limit, self._limits)
        content = self._source.read_at(entry.place, entry.size)
        if len(content) < entry.size:
            raise cut_off(entry)
        return verified(entry, content)

    def head(self, entry: ArchiveEntry, length: int) -> bytes:
        admit(entry, None, self._limits)
        return self._source.read_at(entry.place, min(length, entry.size))

    def stored_at(self, entry: ArchiveEntry) -> int | None:
        """Where the bytes of an entry begin in the file."""
        return entry.offset

    def _list(self) -> None:
        source, limits = self._source, self._limits
        at = seen = extensions = 0
        name: bytes | None = None
        size: int | None = None
        while at < source.size:
            block = source.read_at(at, _BLOCK)
            if len(block) < _BLOCK or not block.strip(b"\0"):
                if len(block) == _BLOCK or not block.strip(b"\0"):
                    return
                self._trouble(ProblemCode.TRUNCATED, "the file ends inside a header")
                return
            said = _number(block[124:136])
            if not is_header(block) or said is None:
                self._trouble(
                    ProblemCode.DAMAGED, f"the header at byte {at} is damaged, and what follows it lost"
                )
                return
            seen += 1
            if seen > limits.entries:
                raise too_many(limits)
            kind = block[156:157]
            begin = at + _BLOCK
            length = said if size is None or kind in (_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK) else size
            at = begin + -(-length // _BLOCK) * _BLOCK
            if kind in (_LONG_NAME, _PAX):
                extensions += length
                if length > _LONGEST_EXTENSION or extensions > limits.directory_size:
                    raise too_long_a_list(max(length, extensions), limits)
                content = source.read_at(begin, length)
                if kind == _LONG_NAME:
                    name = content.partition(b"\0")[0]
                else:
                    name, size = _pax(content, name, size)
                continue
            if kind in (_LONG_LINK, _PAX_GLOBAL):
                continue
            raw = _name(block) if name is None else name
            name = size = None
            if kind == _FOLDER or kind in _NOTED or (kind in _REGULAR and raw.endswith(b"/")):
                continue
            text = plain_name(raw, limits)
            if kind not in _REGULAR:
                self._skipped.append(text)
            elif begin + length > source.size:
                self._trouble(ProblemCode.TRUNCATED, f"the file ends inside {shown(text)}")
                return
            else:
                self.entries.append(ArchiveEntry(text, length, length, None, False, begin, begin))

    def _trouble(self, code: ProblemCode, detail: str) -> None:
        if not self.entries:
            raise BookTrouble(code, detail)
        self.warnings.append(BookTrouble(code, detail))


def _name(block: bytes) -> bytes:
    name = block[:100].partition(b"\0")[0]
    if block[257:263] == b"ustar\0":
        prefix = block[345:500].partition(b"\0")[0]
        if prefix:
            return prefix + b"/" + name
    return name


def _pax(content: bytes, name: bytes | None, size: int | None) -> tuple[bytes | None, int | None]:
    """The path and the size in a pax header: lines of their own length, a blank, a word, "=", a value."""
    at = 0
    while at < len(content):
        blank = content.find(b" ", at, at + 12)
        digits = content[at:blank] if blank > at else b""
        length = int(digits) if digits.isdigit() else 0
        if length <= len(digits) + 1:
            break
        word, _, value = content[blank + 1 : at + length - 1].partition(b"=")
        if word == b"path":
            name = value
        elif word == b"size" and value.isdigit() and len(value) < 20:
            size = int(value)
        at += length
    return name, size
