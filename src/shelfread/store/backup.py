"""A copy of an SQLite catalogue as it is at one moment, made while others read and write it.

Used by `shelfread db backup`. Reads with SQLite's own backup, checks the copy as a whole, and gives it its
name only then. Knows two tables by name, to say what a copy holds; changes nothing in the catalogue.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

#: Pages copied at a time; between two it is asked whether to go on.
_PAGES = 4096


class BackupFailed(Exception):
    """There is no copy; one line for people says why."""


class Copy(NamedTuple):
    """A copy that was made and checked."""

    path: Path
    #: Bytes.
    size: int
    #: The revision of its schema.
    revision: str
    #: How many are in it.
    libraries: int
    files: int


class _Stopped(Exception):
    pass


async def back_up(source: Path, target: Path) -> Copy:
    """Copy an SQLite catalogue to a file that is not there yet, readable by its owner only.

    The copy is a file of its own, without a log beside it. Others may write meanwhile; what they commit
    after the beginning is not in it. A caller who is cancelled hears of it when what was begun is cleared
    away.

    Raises:
        BackupFailed: there is no catalogue, or something of the target's name; no room; a damaged copy.
    """
    stop = threading.Event()
    work = asyncio.ensure_future(asyncio.to_thread(_back_up, source, target, stop))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([work])
        work.exception()  # looked at: the cancellation is what the caller hears of
        raise


def _back_up(source: Path, target: Path, stop: threading.Event) -> Copy:
    if target.exists() or target.is_symlink():
        raise BackupFailed(f"{target} is there already; a backup replaces nothing")
    if not source.is_file():
        raise BackupFailed(f"there is no catalogue yet: {source} is not there")
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise BackupFailed(f"{target.parent} cannot be written: {error.strerror}") from error
    try:
        _copy(source, unfinished, stop)
        copy = _checked(unfinished, target)
        _rename(unfinished, target)
    except sqlite3.Error as error:
        raise BackupFailed(f"the catalogue cannot be copied: {error}") from error
    except OSError as error:
        raise BackupFailed(f"the copy cannot be written: {error.strerror}") from error
    finally:
        for name in (unfinished, Path(f"{unfinished}-journal")):
            name.unlink(missing_ok=True)
    return copy


def _copy(source: Path, unfinished: Path, stop: threading.Event) -> None:
    def go_on(_status: int, _remaining: int, _total: int) -> None:
        if stop.is_set():
            raise _Stopped

    # Read only: then it is never this program that writes the log back when the last connection closes.
    there = sqlite3.connect(f"file:{quote(os.fsencode(source))}?mode=ro", uri=True, isolation_level=None)
    with closing(there), closing(sqlite3.connect(unfinished, isolation_level=None)) as target:
        # A view of one moment, kept to the end. Without it the copy would begin anew whenever somebody
        # commits, and never come to an end beside a scan.
        there.execute("BEGIN")
        if not there.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            raise BackupFailed(f"{source} is no catalogue of Shelfread's")
        there.backup(target, pages=_PAGES, progress=go_on)
        # One file is all there is to keep; whoever opens it as a catalogue turns the log on again.
        target.execute("PRAGMA journal_mode=DELETE")


def _checked(unfinished: Path, target: Path) -> Copy:
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as copy:
        faults = [row[0] for row in copy.execute("PRAGMA integrity_check(1)")]
        if faults != ["ok"]:
            raise BackupFailed(f"the copy is damaged, and so may be the catalogue: {faults[0]}")
        (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        (libraries,) = copy.execute("SELECT count(*) FROM libraries").fetchone()
        (files,) = copy.execute("SELECT count(*) FROM media_files").fetchone()
    return Copy(target, unfinished.stat().st_size, revision, libraries, files)


def _rename(unfinished: Path, target: Path) -> None:
    """Give it its name when all of it is on the disk."""
    _sync(unfinished)
    if target.exists():
        raise BackupFailed(f"{target} is there already; a backup replaces nothing")
    unfinished.rename(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
