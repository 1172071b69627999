"""What all archive readers hold against `Limits`, and the words for it.

Stands below the readers of zip, rar, 7z and tar. Here names become text, the sizes in a directory are
judged before anything is unpacked, and what came out of an entry is compared with what was said of it.
What is too much for the whole file is raised; what is wrong with one entry is a warning, and raised when
that entry is read. Knows no format.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable

from shelfread.media.books.archives.base import ArchiveEntry, BookTrouble, Limits
from shelfread.model.problem import ProblemCode

_SHOWN = 100
#: Larger contents are gathered in a growing buffer, so that they are in memory once and not twice.
_LARGE = 16 << 20


class Garbled(Exception):
    """A decoder cannot go on. Whoever knows which entry it is makes a `BookTrouble` of it."""


def plain_name(raw: bytes, limits: Limits, *, utf8: bool = False) -> str:
    """The name of an entry as text: UTF-8 where that is said or fits, else code page 437.

    Backslashes are taken for the separators they are where archives are made on Windows.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace") if utf8 else raw.decode("cp437")
    return plain_text(text, limits)


def plain_text(text: str, limits: Limits) -> str:
    """A decoded name as it is listed: without NUL and lone surrogates, "/" between folders, not too long."""
    if "\0" in text:
        text = text.replace("\0", "")
    if "\\" in text:
        text = text.replace("\\", "/")
    while text.startswith("./"):
        text = text[2:]
    if not text.isascii() or len(text) > limits.name_length:
        raw = text.encode("utf-8", "replace")
        text = raw[: limits.name_length].decode("utf-8", "ignore")
    return text


def shown(name: str) -> str:
    """A name inside a line for people."""
    return f'"{name}"' if len(name) <= _SHOWN else f'"{name[:_SHOWN]}..."'


def amount(size: int) -> str:
    """A number of bytes as people say it."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.0f} {name}" if size >= 10 * unit else f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def too_many(limits: Limits) -> BookTrouble:
    """There are more entries than are looked at."""
    return BookTrouble(ProblemCode.LIMIT_EXCEEDED, f"it has more than {limits.entries} entries")


def too_long_a_list(size: int, limits: Limits) -> BookTrouble:
    """The directory alone is larger than is accepted."""
    return BookTrouble(
        ProblemCode.LIMIT_EXCEEDED,
        f"its list of entries has {amount(size)}, {amount(limits.directory_size)} are accepted",
    )


def left_out(names: list[str]) -> BookTrouble:
    """Links, devices and the like, which are never followed nor made."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return BookTrouble(
        ProblemCode.UNSUPPORTED, f"a link, a device or the like was left out: {shown(names[0])}{more}"
    )


def judge(entries: list[ArchiveEntry], file_size: int, limits: Limits) -> list[BookTrouble]:
    """Hold what the directory says against the limits.

    Returns:
        At most one warning, about the first entry that is too large to be read.

    Raises:
        BookTrouble: LIMIT_EXCEEDED, when all entries together are too much.
    """
    total = sum([entry.size for entry in entries])
    if total <= limits.ratio_from:
        return []
    if total > limits.total_size:
        raise BookTrouble(
            ProblemCode.LIMIT_EXCEEDED,
            f"its entries have {amount(total)} unpacked, {amount(limits.total_size)} are accepted",
        )
    if total > limits.ratio * file_size:
        raise BookTrouble(
            ProblemCode.LIMIT_EXCEEDED,
            f"its entries have {amount(total)} unpacked in a file of {amount(file_size)}: "
            f"more than {limits.ratio} times as much",
        )
    refused = [trouble for entry in entries if (trouble := _oversize(entry, limits.entry_size, limits))]
    if len(refused) > 1:
        first = refused[0]
        refused = [BookTrouble(first.code, f"{first.detail}; {len(refused)} entries are like that")]
    return refused


def _oversize(entry: ArchiveEntry, limit: int, limits: Limits) -> BookTrouble | None:
    if entry.size > limit:
        detail = f"{shown(entry.name)} has {amount(entry.size)} unpacked, {amount(limit)} are accepted"
    elif entry.packed is not None and entry.size > max(limits.ratio_from, limits.ratio * entry.packed):
        detail = f"{shown(entry.name)} has {amount(entry.size)} unpacked from {amount(entry.packed)}: "
        detail += f"more than {limits.ratio} times as much"
    else:
        return None
    return BookTrouble(ProblemCode.LIMIT_EXCEEDED, detail)


def admit(entry: ArchiveEntry, limit: int | None, limits: Limits) -> None:
    """Before an entry is read: may it be?

    Raises:
        BookTrouble: ENCRYPTED or LIMIT_EXCEEDED.
    """
    if entry.encrypted:
        raise BookTrouble(ProblemCode.ENCRYPTED, f"{shown(entry.name)} is encrypted")
    trouble = _oversize(entry, limits.entry_size if limit is None else limit, limits)
    if trouble:
        raise trouble


def cut_off(entry: ArchiveEntry) -> BookTrouble:
    """The file ends inside the bytes of an entry."""
    return BookTrouble(ProblemCode.TRUNCATED, f"the file ends inside {shown(entry.name)}")


def damaged(entry: ArchiveEntry, why: str) -> BookTrouble:
    """An entry whose bytes are not what they should be."""
    return BookTrouble(ProblemCode.DAMAGED, f"{shown(entry.name)} is damaged: {why}")


def verified(entry: ArchiveEntry, content: bytes) -> bytes:
    """The content of an entry, when it is what the directory says of it.

    Raises:
        BookTrouble: LIMIT_EXCEEDED when it is longer (and was stopped), DAMAGED when it is anything else.
    """
    if len(content) > entry.size:
        raise BookTrouble(
            ProblemCode.LIMIT_EXCEEDED,
            f"{shown(entry.name)} unpacks to more than the {entry.size} bytes that are announced",
        )
    if len(content) < entry.size:
        raise damaged(entry, f"it has {len(content)} bytes, {entry.size} are announced")
    if entry.crc is not None and zlib.crc32(content) != entry.crc:
        raise damaged(entry, "its checksum is wrong")
    return content


def gathered(pieces: Iterable[bytes], length: int) -> bytes:
    """The first `length` bytes of what comes in pieces; fewer where fewer come."""
    if length > _LARGE:
        buffer = io.BytesIO()
        for piece in pieces:
            buffer.write(piece)
            if buffer.tell() >= length:
                break
        buffer.truncate(length)
        return buffer.getvalue()
    found: list[bytes] = []
    missing = length
    for piece in pieces:
        found.append(piece)
        missing -= len(piece)
        if missing <= 0:
            break
    return b"".join(found)[:length]
