"""A library of films and episodes as people keep them, and exactly what a scan of it has to find.

`build` writes real, small files in all the layouts of `video_films` and `video_shows`, until there are as
many as were asked for, and gives what they are. The same seed writes the same library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path

from bench.corpus import video_films, video_shows
from bench.corpus.video_making import Layout, Making, VideoLibrary

#: From so many files on every layout is there.
ALL_LAYOUTS = 400


def build(roots: Sequence[Path], count: int = 2000, *, seed: int = 1, length: float = 1.0) -> VideoLibrary:
    """Write films and episodes into two folders, and give what they are.

    Args:
        roots: two folders, as the disks of one library; they are made.
        count: how many files of films and episodes, or a few more; extras, samples, subtitles and pictures
            come on top. With fewer than `ALL_LAYOUTS` some layouts are left out.
        seed: another one, another library.
        length: how long the films are; 1 is a fifth of a second.
    """
    for root in roots:
        root.mkdir(parents=True, exist_ok=True)
    made = Making(roots, seed, length)
    layouts = _layouts()
    while made.count < count:
        next(layouts)(made)
    return made.library


def _layouts() -> Iterator[Layout]:
    """Each once, then again and again; there are more films than shows."""
    yield from (*video_films.LAYOUTS, *video_shows.LAYOUTS, video_films.tricky)
    for again in repeat((*video_shows.LAYOUTS, *video_films.LAYOUTS * 3)):
        yield from again
