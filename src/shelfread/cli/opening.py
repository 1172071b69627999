"""Opening the catalogue for a command, and finding the library that a person means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shelfread.app import App, open_app
from shelfread.cli.outcome import Refused
from shelfread.model.library import Library
from shelfread.settings import read_settings


@asynccontextmanager
async def catalogue() -> AsyncIterator[App]:
    """The catalogue that the settings name."""
    async with open_app(read_settings()) as app:
        yield app


async def library_of(app: App, wanted: str) -> Library:
    """The library with this number, or with this name.

    Raises:
        Refused: there is none.
    """
    # More digits than an id has are a name; and a database refuses numbers of more than 64 bits.
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        found = await app.libraries.get(int(wanted))
        if found is not None:
            return found
    for library in await app.libraries.all():
        if library.name == wanted:
            return library
    raise Refused(f"there is no library {wanted!r}; `shelfread library list` shows those there are")
