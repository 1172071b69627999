"""`shelfread export` and `shelfread import`: what no scan finds again, as lines of JSON, there and back.

The lines are made by `app.exporting` and taken in by `app.importing`; here are files, pipes and words.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import BinaryIO

from shelfread.app.export_check import Told
from shelfread.app.export_lines import File, Line, Parent, Shelf, encoded
from shelfread.app.exporting import exported
from shelfread.app.importing import take_in
from shelfread.cli.opening import catalogue
from shelfread.cli.outcome import FINE, Refused
from shelfread.cli.printing import Paper
from shelfread.cli.running import Interrupts, run
from shelfread.cli.texts import complain, counted, iso_time, path_fields, shown, write_json

#: Bytes that are gathered before they are written.
_PIECE = 1 << 20


def export_to(wanted: str, as_json: bool) -> int:
    """Write an export to a file that is not there yet, or to standard output; gives the exit code."""

    async def work(_: Interrupts) -> int:
        told = Told()
        async with catalogue() as app:
            with _output(wanted) as file:
                gathered = bytearray()
                async with aclosing(exported(app.database)) as all_lines:
                    async for line in all_lines:
                        _count(told, line)
                        gathered += encoded(line)
                        if len(gathered) > _PIECE:
                            await asyncio.to_thread(file.write, bytes(gathered))
                            gathered.clear()
                await asyncio.to_thread(file.write, bytes(gathered))
        if wanted == "-":
            complain(f"exported {_held(told)}")
        elif as_json:
            write_json(path_fields(os.fsencode(wanted)) | _numbers(told))
        else:
            Paper().line(("bold", shown(os.fsencode(wanted))), ("", f"  {_held(told)}"))
        return FINE

    return run(work)


def import_from(wanted: str, dry_run: bool, as_json: bool) -> int:
    """Fill an empty catalogue from a file, or from standard input; gives the exit code."""

    async def work(_: Interrupts) -> int:
        async with catalogue() as app:
            if wanted == "-":
                told = await take_in(app.database, sys.stdin.buffer, dry_run=dry_run)
            else:
                file = await asyncio.to_thread(Path(wanted).open, "rb")
                with file:
                    told = await take_in(app.database, file, dry_run=dry_run)
        if as_json:
            write_json(
                {"dry_run": dry_run, "made_at": iso_time(told.made_at), "program": told.program}
                | _numbers(told)
            )
            return FINE
        paper = Paper()
        verb = "Would import" if dry_run else "Imported"
        paper.line(("", f"{verb} {_held(told)}, as they were at {iso_time(told.made_at)}."))
        if not dry_run:
            paper.line(("", "Now scan: files get their ids and dates back as they are found."))
        return FINE

    return run(work)


def _count(told: Told, line: Line) -> None:
    told.libraries += isinstance(line, Shelf)
    told.items += isinstance(line, Parent)
    if isinstance(line, File):
        told.files += 1
        told.missing += line.missing_at is not None


def _numbers(told: Told) -> dict[str, int]:
    return {
        "libraries": told.libraries,
        "files": told.files,
        "missing": told.missing,
        "items": told.items,
    }


def _held(told: Told) -> str:
    missing = f" ({told.missing} missing)" if told.missing else ""
    libraries = counted(told.libraries, "library", "libraries")
    return f"{libraries}, {counted(told.files, 'file')}{missing}, {counted(told.items, 'item')}"


@contextmanager
def _output(wanted: str) -> Iterator[BinaryIO]:
    """Where an export goes; a file gets its name when all of it is on the disk."""
    if wanted == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(wanted).absolute()
    if target.exists() or target.is_symlink():
        raise Refused(f"{target} is there already; an export replaces nothing")
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
