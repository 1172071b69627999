"""Text for terminals and JSON for programs: names are bytes on disk and may hold anything (DESIGN rule 14).

Whatever comes from a file or from its name goes through `shown` before a terminal sees it.
"""

from __future__ import annotations

import base64
import json
import sys
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any


def safe_streams() -> None:
    """Make printing never fail for a character that the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def shown(text: str | bytes) -> str:
    """Text of any origin as one harmless line: control characters and bytes that are no UTF-8 as escapes."""
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogateescape" if _from_argv(text) else "backslashreplace")
    return "".join(map(_visible, text.decode("utf-8", "backslashreplace")))


def shown_lines(text: str) -> str:
    """Text of several lines, a traceback say, as harmless ones.

    All are indented: a name with a line break in it must not look like a line of the log.
    """
    return "\n".join(f"  {shown(line)}" for line in text.split("\n"))


def _from_argv(text: str) -> bool:
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in text)


def _visible(char: str) -> str:
    # Format characters (bidirectional overrides, zero width) are not printable either.
    if char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def complain(line: str) -> None:
    """Say one line on standard error."""
    print(f"shelfread: {shown(line)}", file=sys.stderr, flush=True)  # noqa: T201


def write_json(document: Any) -> None:
    """Print one JSON document on a line of standard output, always UTF-8."""
    text = json.dumps(document, ensure_ascii=False, separators=(", ", ": "))
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def path_fields(path: bytes) -> dict[str, str]:
    """A path in JSON: `path`, and `path_b64` when it is not UTF-8."""
    try:
        return {"path": path.decode()}
    except UnicodeDecodeError:
        return {"path": path.decode("utf-8", "replace"), "path_b64": base64.b64encode(path).decode("ascii")}


def number(count: int) -> str:
    """A count for people."""
    return f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A length of time for people."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def iso_time(microseconds: int | None) -> str | None:
    """A time of the store in JSON: ISO 8601, UTC."""
    if microseconds is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def size(count: float) -> str:
    """A number of bytes for people."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def aligned(rows: Mapping[str, str], indent: str = "  ") -> list[str]:
    """Lines of words and their values, the values below one another."""
    width = max(map(len, rows), default=0)
    return [f"{indent}{word:<{width}}  {value}" for word, value in rows.items()]
