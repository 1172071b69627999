"""Small real films under any name, for tests of the catalogue of videos."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from bench.corpus.video_files import clip


def put(folder: Path, name: str, seed: int | None = None) -> Path:
    """Write a film whose suffix is its container; unless a seed is given its path tells it from others."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    number = zlib.crc32(name.encode()) if seed is None else seed
    path.write_bytes(clip(path.suffix[1:].lower(), number))
    return path


def put_all(folder: Path, names: Iterable[str]) -> None:
    """Write a film of its own under each name."""
    for name in names:
        put(folder, name)


def nfo(kind: str, *roots: Mapping[str, object]) -> str:
    """An NFO with one root element (movie, tvshow, season, episodedetails) for each of `roots`."""
    made = ""
    for fields in roots:
        inside = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())
        made += f"<{kind}>{inside}</{kind}>\n"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{made}'
