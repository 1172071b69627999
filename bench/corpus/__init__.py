"""The project's own seeded corpus: real small media files, made from nothing but a seed.

Serves three masters: tests (`make_file` and `tag_file` for one sound file, `books` for one book, `damage` to
break it), newcomers (`sample` and `book_sample`: small libraries to look at) and benchmarks (`music`, `tree`,
`book_corpora`). Everything is deterministic: same seed, same bytes. PyAV encodes sound and mutagen tags it,
Pillow draws pages; what is measured uses none of them to read files.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from bench.corpus.pictures import picture
from bench.corpus.sound import FORMATS, audio, suffix
from bench.corpus.tags import tag_file, tag_stream

__all__ = ["FORMATS", "make_file", "picture", "suffix", "tag_file"]


def make_file(
    path: Path,
    fmt: str,
    *,
    seed: int = 0,
    seconds: float = 1.0,
    tags: Mapping[str, str | list[str]] | None = None,
    cover: bytes | None = None,
    second_cover: bytes | None = None,
) -> None:
    """Make one small real file; the folder has to exist.

    Args:
        path: Where; any suffix will do, `suffix(fmt)` is the usual one.
        fmt: One of `FORMATS`.
        seed: The same seed gives the same bytes, another one another sound.
        seconds: The length, give or take a frame.
        tags: Canonical names (Picard's) and texts; a list is written as several values.
        cover: A JPEG or PNG, embedded as the front cover.
        second_cover: Another one, embedded as the back cover.
    """
    stream = io.BytesIO(audio(fmt, seed, seconds))
    if tags or cover or second_cover:
        tag_stream(stream, suffix(fmt), tags or {}, cover, second_cover)
    path.write_bytes(stream.getvalue())
