"""Where a page ended, as text that a client hands back: opaque to it, and believed by nobody here.

Base64url of a short JSON list. The first value says to which question it belongs. Knows no table.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import TypeAlias

Value: TypeAlias = int | str | None

#: The longest cursor that is looked at, in characters. A key of 200 characters may take 800 bytes.
LONGEST = 2000
#: What a column holds.
_LARGEST = 2**63 - 1


class BadCursor(ValueError):
    """A cursor that was not given out for this question."""


def encoded(question: str, values: Sequence[Value]) -> str:
    """The cursor of a page that ended with a row of these values."""
    text = json.dumps([question, *values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decoded(question: str, cursor: str, kinds: Sequence[type | tuple[type, ...]]) -> list[Value]:
    """The values in a cursor.

    Args:
        question: to which it must belong.
        cursor: as it came from outside.
        kinds: the type of each value, or several that it may have.

    Raises:
        BadCursor: it is none, or one of another question.
    """
    try:
        if len(cursor) > LONGEST or not cursor.isascii():
            raise ValueError
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = json.loads(raw.decode())
    except (ValueError, binascii.Error, RecursionError):
        raise BadCursor("this is no cursor that a page gave") from None
    if not isinstance(found, list) or len(found) != len(kinds) + 1 or found[0] != question:
        raise BadCursor("this cursor belongs to another list, or to another order of it")
    values = found[1:]
    if not all(_fits(value, kind) for value, kind in zip(values, kinds, strict=True)):
        raise BadCursor("this is no cursor that a page gave")
    return values


def _fits(value: object, kind: type | tuple[type, ...]) -> bool:
    if not isinstance(value, kind) or isinstance(value, bool):
        return False
    if isinstance(value, int):
        return -_LARGEST <= value <= _LARGEST
    if isinstance(value, str):
        # JSON can say both, and no database takes them.
        return "\0" not in value and not any("\ud800" <= one <= "\udfff" for one in value)
    return True
