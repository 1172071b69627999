"""The corpora that are measured: made once and kept, changed a little and restored, read once beforehand."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.corpus import book_corpora, collection, music, tag_file, tree, video_library


def music_corpus(kept: Path, tracks: int) -> Path:
    """The music library of so many tracks, made unless it is there."""
    parameters = {"what": "music", "tracks": tracks, "seed": 1}
    folder = kept / f"music-{tracks}"
    if not _is_made(folder, parameters):
        print(f"making {tracks} tracks ...", flush=True)
        # A few are made sooner than further processes start.
        music.build(folder, tracks=tracks, seed=1, processes=1 if tracks < 100 else 0)
        _note_made(folder, parameters)
    _restore(folder)
    return folder


def tree_corpus(kept: Path, files: int) -> Path:
    """The tree of so many tiny files, made unless it is there; about 18 files a folder."""
    folders = max(1, files * 11_250 // 200_000)
    parameters = {"what": "tree", "files": files, "folders": folders, "seed": 1}
    folder = kept / f"tree-{files}"
    if not _is_made(folder, parameters):
        print(f"making {files} small files in {folders} folders ...", flush=True)
        tree.build(folder, files=files, folders=folders, seed=1)
        _note_made(folder, parameters)
    return folder


def collection_corpus(kept: Path, tracks: int) -> Path:
    """The collection of so many tiny tracks, made unless it is there."""
    parameters = {"what": "collection", "tracks": tracks}
    folder = kept / f"collection-{tracks}"
    if not _is_made(folder, parameters):
        print(f"making {tracks} tiny tracks ...", flush=True)
        collection.remove(folder)
        collection.build(folder, tracks=tracks)
        _note_made(folder, parameters)
    collection.repair(folder)
    return folder


@contextmanager
def collection_changed(folder: Path, number: int) -> Iterator[collection.Change]:
    """Change a thousand files of a collection while the block runs; each number other ones."""
    change = collection.Change(folder, number)
    change.do()
    try:
        yield change
    finally:
        change.undo()


def book_corpus(kept: Path, what: str, count: int) -> Path:
    """So many books, made unless they are there; `what` is comics, epubs, covers or tiny."""
    parameters = {"what": what, "count": count, "seed": 1}
    folder = kept / f"{what}-{count}"
    if not _is_made(folder, parameters):
        print(f"making {count} books ({what}) ...", flush=True)
        if what == "tiny":
            book_corpora.tiny(folder, count)
        else:
            makers = {
                "comics": book_corpora.comics,
                "epubs": book_corpora.epubs,
                "covers": book_corpora.covers,
            }
            # A few are made sooner than further processes start.
            makers[what](folder, count, processes=1 if count < 100 else 0)
        _note_made(folder, parameters)
    return folder


def video_corpus(kept: Path, count: int) -> Path:
    """So many films and episodes as people keep them, made unless they are there."""
    # Twenty seconds each; a few are made shorter and sooner.
    length = 100.0 if count >= video_library.ALL_LAYOUTS else 1.0
    parameters = {"what": "videos", "count": count, "seed": 1, "length": length}
    folder = kept / f"videos-{count}"
    if not _is_made(folder, parameters):
        print(f"making {count} films and episodes ...", flush=True)
        video_library.build([folder / "Disk 1", folder / "Disk 2"], count, length=length)
        _note_made(folder, parameters)
    return folder


def warm_cache(folder: Path) -> int:
    """Read every file once, so that all contestants find all of them in memory; gives the bytes."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with Path(where, name).open("rb", buffering=0) as file:
                while chunk := file.read(1 << 20):
                    total += len(chunk)
    return total


@contextmanager
def changed(folder: Path, part: float = 0.01, seed: int = 1) -> Iterator[int]:
    """Change a part of the tracks while the block runs: every other one is retagged, the rest touched.

    What they were is kept beside the corpus until it is restored, so that a run that is killed leaves a
    corpus that the next one repairs. Only the ctime stays new: nobody can set it.
    """
    tracks = sorted(path for path in folder.rglob("*") if path.suffix != ".jpg" and path.is_file())
    chosen = random.Random(f"changed {seed}").sample(tracks, max(1, round(len(tracks) * part)))
    undo = _undo(folder)
    for path in chosen:
        kept = undo / path.relative_to(folder)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, kept)
    (undo / "complete").touch()
    try:
        for number, path in enumerate(chosen):
            if number % 2 == 0:
                tag_file(path, _new_tags(path, number))
            os.utime(path)
        yield len(chosen)
    finally:
        _restore(folder)


def _new_tags(path: Path, number: int) -> dict[str, str | list[str]]:
    artist, album = path.parts[-3:-1]
    return {"title": f"Retagged {number}", "artist": artist, "albumartist": artist, "album": album}


def _restore(folder: Path) -> None:
    undo = _undo(folder)
    if (undo / "complete").exists():
        for kept in undo.rglob("*"):
            if kept.is_file() and kept != undo / "complete":
                target = folder / kept.relative_to(undo)
                shutil.copyfile(kept, target)
                shutil.copystat(kept, target)
    shutil.rmtree(undo, ignore_errors=True)


def _undo(folder: Path) -> Path:
    return folder.with_name(folder.name + ".undo")


def _is_made(folder: Path, parameters: dict[str, object]) -> bool:
    stamp = folder.with_name(folder.name + ".json")
    if stamp.is_file() and folder.is_dir() and json.loads(stamp.read_text()) == parameters:
        return True
    stamp.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return False


def _note_made(folder: Path, parameters: dict[str, object]) -> None:
    folder.with_name(folder.name + ".json").write_text(json.dumps(parameters))
