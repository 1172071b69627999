"""The lines of an export: what each says, and what it may say. A contract, described in docs/operating.md.

One JSON document a line; the first names the version, the last counts the lines. Times are microseconds since
the epoch, UTC. Pure: knows no database and no file.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Final

import msgspec

from shelfread.model.missing import MissingReason
from shelfread.model.problem import ProblemCode

#: The version of these lines. A newer one is refused, an older one must stay readable.
VERSION: Final = 1
#: Bytes. The longest line that is written has a path and many aliases.
LONGEST_LINE: Final = 1 << 22

#: Ids have 48 bits (`search_rows` has them beside their kind), and there is room to count on.
_MOST: Final = 1 << 47
Id = Annotated[int, msgspec.Meta(ge=1, le=_MOST)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]
#: Years before the epoch are as good as any.
Time = Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)]
#: Nanoseconds that a filesystem says, whatever they are.
Stamp = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Encoded = Annotated[str, msgspec.Meta(max_length=100_000)]


class BadLine(ValueError):
    """A line is none of an export; the text says what is wrong with it."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    pass


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Head(_Line, frozen=True, kw_only=True, tag="shelfread-export"):
    """The first line."""

    version: int
    #: Of the program, and of its schema: for people.
    program: str
    schema: str
    made_at: Time


class Counter(_Line, frozen=True, kw_only=True, tag="counter"):
    """Ids from `next` on were never given to a row of a table."""

    name: Word
    next: Id


class Setting(_Line, frozen=True, kw_only=True, tag="setting"):
    """A setting that is kept in the catalogue."""

    key: Word
    value: Any


class RootPart(_Part, frozen=True, kw_only=True):
    """A root of a library; its path is absolute."""

    id: Id
    path: str
    path_b64: Encoded | None = None
    empty_ok: bool = False


class SchedulePart(_Part, frozen=True, kw_only=True):
    """When a library is scanned by itself."""

    job: Word
    cron: Name
    zone: Word
    paused_at: Time | None = None


class Shelf(_Line, frozen=True, kw_only=True, tag="library"):
    """A library. Lines of what is in it come later."""

    id: Id
    name: str
    kind: Word
    options: dict[str, Any]
    created_at: Time
    roots: list[RootPart]
    schedules: list[SchedulePart] = []


class Parent(_Line, frozen=True, kw_only=True, tag="item"):
    """A row that files make: an artist, a release, a series, a show and so on, by what it is found by."""

    library: Id
    table: Word
    id: Id
    key: str
    key_b64: Encoded | None = None
    added_at: Time = 0


class PlacePart(_Part, frozen=True, kw_only=True):
    """Where a file was before; an absolute path."""

    path: str
    path_b64: Encoded | None = None
    until: Time


class File(_Line, frozen=True, kw_only=True, tag="file"):
    """A media file, present or missing; its path is relative to its root."""

    id: Id
    root: Id
    path: str
    path_b64: Encoded | None = None
    size: Count
    #: Of its content, in hexadecimal.
    signature: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2}){1,128}\Z")] | None = None
    added_at: Time
    missing_at: Time | None = None
    missing_reason: MissingReason | None = None
    #: Ids of rows that turned out to be this one.
    aliases: list[Id] = []
    #: The oldest first.
    former_places: list[PlacePart] = []


class SetAside(_Line, frozen=True, kw_only=True, tag="set_aside"):
    """Somebody does not want to hear of a problem; its path is relative to its root."""

    root: Id
    path: str
    path_b64: Encoded | None = None
    code: ProblemCode
    detail: Annotated[str, msgspec.Meta(max_length=500)]
    found_at: Time
    at: Time
    #: Whose problem it is, and of what time it was then: of another time it is to be told again.
    file: Id | None = None
    mtime_ns: Stamp | None = None
    #: The folder that a scan of settles it, where it is no file's; relative to the root.
    folder: str | None = None
    folder_b64: Encoded | None = None


class Conversion(_Line, frozen=True, kw_only=True, tag="conversion"):
    """What a book was converted from, so that the original beside it is no book once more."""

    file: Id | None = None
    source: str
    source_b64: Encoded | None = None
    source_size: Count
    source_mtime_ns: Stamp
    target: str
    target_b64: Encoded | None = None
    target_size: Count
    target_mtime_ns: Stamp
    converter: Count
    at: Time


class NotSame(_Line, frozen=True, kw_only=True, tag="not_same"):
    """Somebody said that two files, which look alike, are not the same."""

    old: Id
    new: Id
    why: Annotated[str, msgspec.Meta(max_length=16)]
    found_at: Time
    decided_at: Time | None = None


class End(_Line, frozen=True, kw_only=True, tag="end"):
    """The last line: without it something is cut off."""

    #: All lines, first and last included.
    lines: Count


Line = Head | Counter | Setting | Shelf | Parent | File | SetAside | Conversion | NotSame | End

_decoder = msgspec.json.Decoder(Line)
_encoder = msgspec.json.Encoder()


def encoded(line: Line) -> bytes:
    """A line as it is written, with its end. What is not set is left out."""
    fields = {
        name: value for name, value in msgspec.to_builtins(line).items() if value is not None and value != []
    }
    return _encoder.encode(fields) + b"\n"


def decoded(text: bytes) -> Line:
    """What a line says.

    Raises:
        BadLine: it is none of an export.
    """
    try:
        line: Line = _decoder.decode(text)
    except RecursionError:
        raise BadLine("it is nested too deep") from None
    except (msgspec.MsgspecError, UnicodeError, ValueError) as error:
        raise BadLine(str(error)) from None
    return line


def bytes_fields(name: str, content: bytes) -> dict[str, Any]:
    """Bytes in JSON: as text, and encoded beside it where they are no UTF-8."""
    try:
        return {name: content.decode()}
    except UnicodeDecodeError:
        encoded_content = base64.b64encode(content).decode("ascii")
        return {name: content.decode("utf-8", "replace"), f"{name}_b64": encoded_content}


def bytes_of(text: str, encoded_text: str | None) -> bytes:
    """Bytes that were written by `bytes_fields`.

    Raises:
        BadLine: they are not in base64.
    """
    if encoded_text is None:
        return text.encode()
    try:
        return base64.b64decode(encoded_text, validate=True)
    except (binascii.Error, ValueError):
        raise BadLine("a name that ends in _b64 does not hold base64") from None
