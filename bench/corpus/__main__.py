"""The command line: `python -m bench.corpus sample|music|tree DEST`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bench.corpus import music, sample, tree


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.corpus", description="Makes seeded media libraries."
    )
    kinds = parser.add_subparsers(dest="what", required=True)
    for name, about in (
        ("sample", "a small library with every format, to look at"),
        ("music", "thousands of tagged tracks in album folders, to measure a scan"),
        ("tree", "very many tiny files in nested folders, to measure a walk"),
    ):
        kind = kinds.add_parser(name, help=about, description=f"Makes {about}.")
        kind.add_argument("dest", type=Path, help="the folder to make; it must be new or empty")
        kind.add_argument("--seed", type=int, default=1, help="same seed, same bytes (default: 1)")
        if name == "music":
            kind.add_argument("--tracks", type=int, default=10_000)
            kind.add_argument("--folders", type=int, help="album folders (default: 908 per 10 000 tracks)")
            kind.add_argument("--processes", type=int, default=0, help="default: one per core")
        if name == "tree":
            kind.add_argument("--files", type=int, default=200_000)
            kind.add_argument("--folders", type=int, default=11_250, help="folders below DEST")
    arguments = parser.parse_args()
    for count in ("tracks", "files", "folders"):
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
