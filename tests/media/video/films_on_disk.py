"""Films for the tests of the readers of video: made once in a session, opened as a parser does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bench.corpus.video import Film, film
from shelfread.media.kind import Source
from shelfread.media.video.streams import Streams, read_streams

made = cache(film)


@contextmanager
def opened(path: Path, *, beside: bool = False, relative: bytes | None = None) -> Iterator[Source]:
    """A file as a reader gets it."""
    fd = os.open(path, os.O_RDONLY)
    try:
        name = path.name.encode() if relative is None else relative
        yield Source(fd, os.fsencode(path), path.stat().st_size, name, beside=beside)
    finally:
        os.close(fd)


def streams_of(folder: Path, content: bytes, name: str = "film.mkv") -> Streams:
    """What is read of a file with that content."""
    path = folder / name
    path.write_bytes(content)
    with opened(path) as source:
        return read_streams(source)


def film_streams(folder: Path, what: Film) -> Streams:
    """What is read of a film, which must be sound."""
    found = streams_of(folder, made(what))
    assert found.trouble is None, found.trouble.detail
    return found
