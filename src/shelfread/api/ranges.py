"""Which part of a file a client wants, and how a file is called in an answer (RFC 9110, 6266, 5987).

Pure functions for `files`. Knows no file.
"""

from __future__ import annotations

import re
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import quote

_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The part lies behind the end of the file."""


def part_of(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte and the one behind the last; None for the whole file.

    Several parts at once, and what is no range of bytes, are answered with the whole file.

    Raises:
        Unsatisfiable: there is no such part.
    """
    match = _RANGE.fullmatch(header.strip()) if header and len(header) < 200 else None
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, min(int(last) + 1, size) if last else size


def is_same(header: str | None, etag: str, mtime_ns: int) -> bool:
    """Whether `If-Range` speaks of this state of the file; without one it does."""
    if header is None:
        return True
    if header.startswith('"'):
        return header == etag
    return not header.startswith("W/") and header.strip() == http_date(mtime_ns)


def is_fresh(none_match: str | None, modified_since: str | None, etag: str, mtime_ns: int) -> bool:
    """Whether the client has this state of the file already."""
    if none_match is not None:
        tags = {tag.strip().removeprefix("W/") for tag in none_match.split(",")}
        return etag in tags or "*" in tags
    if modified_since is None:
        return False
    try:
        return parsedate_to_datetime(modified_since).timestamp() >= mtime_ns // 10**9
    except (ValueError, TypeError, OverflowError, IndexError):
        return False


def etag_of(size: int, mtime_ns: int, inode: int) -> str:
    """What names a state of a file."""
    return f'"{size:x}-{mtime_ns & (2**64 - 1):x}-{inode:x}"'


def http_date(nanoseconds: int) -> str | None:
    """A time as headers have it; None when no calendar does."""
    try:
        return formatdate(nanoseconds // 10**9, usegmt=True)
    except (OverflowError, ValueError, OSError):
        return None


def disposition(name: bytes, *, inline: bool) -> str:
    """How a file is called: in ASCII for old clients, in UTF-8 for others, with nothing that is syntax."""
    text = "".join(
        one if one.isprintable() and one not in "/\\" else "_" for one in name.decode("utf-8", "replace")
    )
    plain = "".join(one if " " <= one <= "~" and one not in '"%;' else "_" for one in text)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(text, safe='')}"
