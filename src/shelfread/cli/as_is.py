"""Kinds whose reader gives a file as it is: what a parser process of `inspect` is told to read with.

`shelfread.cli.as_is:music` is the music kind with `read` replaced by `inspect`. Runs in the children, with
their limits, so it imports nothing but the kind.
"""

from __future__ import annotations

from importlib import import_module

from shelfread.media.kind import Kind, Reading, Source

_READERS = {
    "music": "shelfread.media.music",
    "books": "shelfread.media.books",
    "video": "shelfread.media.video",
}


class AsIs:
    """A kind as the parser sees it, that takes nothing from names."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def read(self, source: Source) -> Reading:
        return self._kind.inspect(source)


def reader_of(name: str) -> Kind:
    """The kind of this name."""
    kind: Kind = import_module(_READERS[name]).KIND
    return kind


def kinds() -> list[str]:
    """The names of all kinds."""
    return list(_READERS)


def __getattr__(name: str) -> AsIs:
    if name in _READERS:
        return AsIs(reader_of(name))
    raise AttributeError(name)
