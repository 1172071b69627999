"""The corpus of a collection that grows: as many tagged tracks as are wanted; changes of a thousand files.

Tracks are the smallest MP3 files that are valid (`tree`), with a tag of their own, ten on an album, five
albums of an artist: 10 000 tracks differ from a million only in how many artists there are. A change is the
same in all sizes: as many folders and files, retagged, moved, deleted and added.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

from bench.corpus import tree

TRACKS, ALBUMS = 10, 5
_A_DAY = 1_600_000_000
#: Artists who are changed, and files of each: one album is retagged, one loses, one gains, one moves.
ARTISTS = 40
RETAGGED, DELETED, ADDED, MOVED = 5, 5, 5, TRACKS
#: Files that one change concerns.
CHANGES = ARTISTS * (RETAGGED + DELETED + ADDED + MOVED)


def build(dest: Path, *, tracks: int) -> None:
    """Make at least so many tracks below `dest`, whole artists at a time."""
    for artist in range(-(-tracks // (TRACKS * ALBUMS))):
        for album in range(ALBUMS):
            _album(dest, artist, album).mkdir(parents=True)
            for track in range(1, TRACKS + 1):
                _write(dest, artist, album, track)


def artists(dest: Path) -> int:
    """How many artists it has."""
    return sum(len(list(shelf.iterdir())) for shelf in dest.iterdir())


class Change:
    """One change of a corpus, done and undone; each number is one of other artists."""

    def __init__(self, dest: Path, number: int) -> None:
        self._dest = dest
        self._number = number
        there = artists(dest)
        chosen = random.Random(f"collection {number}").sample(range(there), min(ARTISTS, there))
        self._artists = sorted(chosen)
        #: Where it takes place.
        self.folders = [_artist(dest, artist) for artist in self._artists]
        self._note = dest.with_name(dest.name + ".changed")

    def do(self) -> int:
        """Change the files; gives how many."""
        self._note.write_text(json.dumps(self._number))
        for artist in self._artists:
            for track in range(1, RETAGGED + 1):
                _write(self._dest, artist, 0, track, f"Retagged {self._number}")
            for track in range(1, DELETED + 1):
                self._path(artist, 1, track).unlink()
            for track in self._added():
                _write(self._dest, artist, 2, track, f"Added {self._number}")
            _album(self._dest, artist, 3).rename(self._moved(artist))
        return len(self._artists) * (RETAGGED + DELETED + ADDED + MOVED)

    def undo(self) -> None:
        """Make the files what they were; may be done again."""
        for artist in self._artists:
            for track in range(1, RETAGGED + 1):
                _write(self._dest, artist, 0, track)
            for track in range(1, DELETED + 1):
                _write(self._dest, artist, 1, track)
            for track in self._added():
                self._path(artist, 2, track).unlink(missing_ok=True)
            if self._moved(artist).is_dir():
                self._moved(artist).rename(_album(self._dest, artist, 3))
        self._note.unlink(missing_ok=True)

    def _added(self) -> range:
        # Other names in each change: a name that was there before is a file that returned.
        first = TRACKS + 1 + self._number * ADDED
        return range(first, first + ADDED)

    def _path(self, artist: int, album: int, track: int) -> Path:
        return _album(self._dest, artist, album) / _name(track)

    def _moved(self, artist: int) -> Path:
        return _artist(self._dest, artist) / f"Moved {self._number}"


def repair(dest: Path) -> None:
    """Undo what a run that was killed has left."""
    note = dest.with_name(dest.name + ".changed")
    if note.exists():
        try:
            number = int(json.loads(note.read_text()))
        except ValueError:
            # Killed before it was written, so nothing is changed yet.
            note.unlink()
            return
        Change(dest, number).undo()


def remove(dest: Path) -> None:
    """Take the corpus away, with what it noted."""
    shutil.rmtree(dest, ignore_errors=True)
    dest.with_name(dest.name + ".changed").unlink(missing_ok=True)


def _artist(dest: Path, artist: int) -> Path:
    # A hundred on a shelf: no folder grows with the collection but that of the shelves.
    return dest / f"Shelf {artist // 100:04}" / f"Artist {artist:06}"


def _album(dest: Path, artist: int, album: int) -> Path:
    return _artist(dest, artist) / f"Album {album}"


def _name(track: int) -> str:
    return f"{track:02} Track.mp3"


def _write(dest: Path, artist: int, album: int, track: int, title: str = "") -> None:
    number = (artist * ALBUMS + album) * 100 + track
    content = _tag(artist, album, track, title or f"Track {number}") + tree.mp3(number)
    # Straight system calls: a Python file object costs more than the file does.
    target = os.open(_album(dest, artist, album) / _name(track), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(target, content)
        # What was retagged is new, all else is as old as the collection.
        if not title:
            os.utime(target, (_A_DAY, _A_DAY))
    finally:
        os.close(target)


def _tag(artist: int, album: int, track: int, title: str) -> bytes:
    """An ID3v2.4 tag."""
    texts = {
        b"TIT2": title,
        b"TPE1": f"Artist {artist:06}",
        b"TALB": f"Album {album} of {artist:06}",
        b"TRCK": f"{track}/{TRACKS}",
        b"TDRC": str(1970 + artist % 50),
        b"TCON": f"Genre {artist % 40}",
    }
    frames = b"".join(_frame(name, b"\x03" + text.encode()) for name, text in texts.items())
    return b"ID3\x04\0\0" + _synchsafe(len(frames)) + frames


def _frame(name: bytes, content: bytes) -> bytes:
    return name + _synchsafe(len(content)) + b"\0\0" + content


def _synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
