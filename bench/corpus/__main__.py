"""The command line: `python -m bench.corpus WHAT DEST`; `--help` says what there is."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bench.corpus import book_corpora, book_sample, music, sample, tree, video_sample

#: How many of each, unless it is said.
_BOOKS = {"comics": 500, "comics-tiny": 100_000, "comics-covers": 200, "epubs": 5000}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.corpus", description="Makes seeded media libraries."
    )
    kinds = parser.add_subparsers(dest="what", required=True)
    for name, about in (
        ("sample", "a small library of music with every format, to look at"),
        ("sample-books", "a small library of comics and other books, to look at"),
        ("sample-videos", "a small library of films and series, to look at"),
        ("music", "thousands of tagged tracks in album folders, to measure a scan"),
        ("tree", "very many tiny files in nested folders, to measure a walk"),
        ("comics", "tagged comics of twenty pages, to measure a scan"),
        ("comics-tiny", "very many tiny comics, to measure whether a scan slows down"),
        ("comics-covers", "comics of one large page, to measure covers"),
        ("epubs", "novels in EPUB, to measure how quickly metadata is read"),
    ):
        kind = kinds.add_parser(name, help=about, description=f"Makes {about}.")
        kind.add_argument("dest", type=Path, help="the folder to make; it must be new or empty")
        kind.add_argument("--seed", type=int, default=1, help="same seed, same bytes (default: 1)")
        if name == "music":
            kind.add_argument("--tracks", type=int, default=10_000)
            kind.add_argument("--folders", type=int, help="album folders (default: 908 per 10 000 tracks)")
            kind.add_argument("--processes", type=int, default=0, help="default: one per core")
        if name in _BOOKS:
            kind.add_argument("--books", type=int, default=_BOOKS[name])
        if name == "tree":
            kind.add_argument("--files", type=int, default=200_000)
            kind.add_argument("--folders", type=int, default=11_250, help="folders below DEST")
    arguments = parser.parse_args()
    for count in ("tracks", "files", "folders", "books"):
        if (given := getattr(arguments, count, None)) is not None and given < 1:
            parser.error(f"--{count} has to be at least 1")
    # A corpus on top of an old one is a corpus nobody can reproduce.
    if arguments.dest.exists() and (not arguments.dest.is_dir() or any(arguments.dest.iterdir())):
        parser.error(f"{arguments.dest} is not an empty folder")
    return arguments


def main() -> None:
    """Make what was asked for and say in one line what it is."""
    given = _arguments()
    start = time.perf_counter()
    if given.what == "sample":
        tracks = sample.build(given.dest, given.seed)
        made = f"sample library: {tracks} tracks, and one broken file"
    elif given.what == "sample-books":
        books = book_sample.build(given.dest, given.seed)
        made = f"sample library: {books} books, and one broken file"
    elif given.what == "sample-videos":
        videos = video_sample.build(given.dest, given.seed)
        made = f"sample library: {videos} videos, one of them broken"
    elif given.what in _BOOKS:
        make = {
            "comics": book_corpora.comics,
            "comics-tiny": book_corpora.tiny,
            "comics-covers": book_corpora.covers,
            "epubs": book_corpora.epubs,
        }[given.what]
        size = make(given.dest, given.books, seed=given.seed)
        made = f"{given.what}: {given.books} books, {size / 1e6:.0f} MB"
    elif given.what == "music":
        size = music.build(
            given.dest,
            tracks=given.tracks,
            folders=given.folders,
            seed=given.seed,
            processes=given.processes,
        )
        made = f"music: {given.tracks} tracks, {size / 1e6:.0f} MB"
    else:
        size = tree.build(given.dest, files=given.files, folders=given.folders, seed=given.seed)
        made = f"tree: {given.files} files in {given.folders} folders, {size / 1e6:.0f} MB"
    print(f"{made}, seed {given.seed}, in {given.dest} ({time.perf_counter() - start:.1f} s)")


if __name__ == "__main__":
    main()
