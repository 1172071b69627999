"""What is known of an item, as names and words for a page; what is not known has no line.

Knows no page and no kind of item.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response

from shelfread.web.asking import ask, part, tell
from shelfread.web.rendering import go_to


@dataclass(frozen=True, slots=True)
class Word:
    """Something that is said, and where more of it is."""

    text: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what is said under it."""

    name: str
    words: Sequence[Word]


Said = str | float | bool | Word | Sequence[str | Word] | None


def known(*pairs: tuple[str, Said]) -> list[Fact]:
    """Those of some facts about which something is said."""
    return [Fact(name, words) for name, said in pairs if (words := list(_words(said)))]


def in_list(word: str, field: str, said: Iterable[str] | str | None) -> list[Word]:
    """Words that lead to a list of everything with the same.

    Args:
        word: the list, as in addresses.
        field: what is filtered by.
        said: what an item says.
    """
    every = [said] if isinstance(said, str) else said or ()
    return [Word(one, f"/browse/{word}?{urlencode({field: one})}") for one in every]


def with_unit(value: float | None, unit: str) -> str | None:
    """A number and its unit; None when it is not known."""
    return None if value is None else f"{value:,.6g} {unit}".replace(",", "\u202f")


def titled(word: str) -> str:
    """A word of the API as the name of a line: "cover_artist" is "Cover artist"."""
    return word.replace("_", " ").capitalize()


async def one_of(
    request: Request, word: str, row_id: str, place: str | None = None
) -> dict[str, Any] | Response:
    """An item; or where to go on when its file was moved and another id is its own.

    Args:
        request: the visitor's.
        word: the kind, as in addresses.
        row_id: from the address of the page.
        place: where the page of another item is; /browse/ and its kind.
    """
    answer = await tell(request, "GET", f"/{word}/{part(row_id)}")
    if answer.status != 308:
        found: dict[str, Any] = answer.document
        return found
    location = next(value for name, value in answer.headers if name == b"location")
    other = location.decode("latin-1").rpartition("/")[2]
    query = f"?{request.url.query}" if request.url.query else ""
    return go_to(f"{place or f'/browse/{word}/'}{other}{query}")


async def library_name(request: Request, library_id: int) -> str | None:
    """What the library of an item is called; None when it is gone by now."""
    found = (await ask(request, "/libraries", {"counts": "false"}))["items"]
    return next((one["name"] for one in found if one["id"] == library_id), None)


def _words(said: Said) -> Iterable[Word]:
    if said is None or said == "":
        return
    if isinstance(said, Word):
        yield said
    elif isinstance(said, bool):
        yield Word("yes" if said else "no")
    elif isinstance(said, str | int | float):
        yield Word(str(said))
    else:
        for one in said:
            yield from _words(one)
