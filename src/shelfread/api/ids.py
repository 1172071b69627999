"""Ids in addresses: what cannot be one is unknown, as any other that is not there. Knows no row."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

#: More digits than an id has; a database refuses numbers of more than 64 bits.
_MOST_DIGITS = 18

#: A number in an address.
NumberText = Annotated[
    str, Path(json_schema_extra={"type": "integer", "minimum": 1, "maximum": 10**18 - 1}, examples=[1])
]
#: A page in an address.
PageText = Annotated[
    str, Path(json_schema_extra={"type": "integer", "minimum": 0, "maximum": 10**18 - 1}, examples=[0])
]
#: A job in an address.
JobText = Annotated[
    str,
    Path(json_schema_extra={"format": "uuid"}, examples=["8b1f4c9e-2f5d-4a39-9d0f-0d1c1f6f7a10"]),
]


def number_of(text: str) -> int:
    """The number of an address; 0, which nothing has, when it is none."""
    return page_of(text) or 0


def page_of(text: str) -> int | None:
    """The number of a page in an address, from 0; None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def shown(text: str) -> str:
    """An id from outside in a sentence."""
    return text if len(text) <= 40 and text.isprintable() else "of this name"
