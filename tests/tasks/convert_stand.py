"""A library of books in other archives, and what must be true of it whatever happened to its conversion."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.corpus.containers import archive
from shelfread.app.places import whole
from shelfread.media.books.archives import open_archive
from shelfread.media.kind import Source
from shelfread.model.job import JobType
from shelfread.queue.running import RunningJob
from shelfread.tasks.convert import Converted, convert_library_job
from shelfread.tasks.settling import At, nowhere
from tests import catalogue
from tests.books_on_disk import comicinfo, page
from tests.conftest import Shelf

Entries = list[tuple[str, bytes]]
OLD_NS = 1_500_000_000_123_456_789


def entries_of(seed: int, pages: int = 3) -> Entries:
    """The pages of a comic and what it says of itself."""
    said = comicinfo({"Series": "Tides", "Number": seed, "Title": f"Tide {seed}"})
    return [(f"{number:03}.jpg", page(1000 * seed + number)) for number in range(pages)] + [
        ("ComicInfo.xml", said)
    ]


def comic(path: Path, seed: int, pages: int = 3) -> Path:
    """A comic in the archive that its suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(archive(path.suffix[1:], entries_of(seed, pages)))
    os.utime(path, ns=(OLD_NS, OLD_NS))
    return path


def content(path: Path) -> Entries:
    """The entries of any archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            assert file.testzip() is None
            return [(one.filename, file.read(one)) for one in file.infolist()]
    fd = os.open(path, os.O_RDONLY)
    try:
        found = open_archive(Source(fd, os.fsencode(path), path.stat().st_size))
        return [(entry.name, found.read(entry)) for entry in found.entries]
    finally:
        os.close(fd)


async def convert(shelf: Shelf, *, at: At = nowhere) -> Converted:
    """Run a conversion job of a library here and now."""
    library = await shelf.library()
    scopes = whole(library)
    job = await RunningJob.claim(shelf.database, library.id, JobType.CONVERT, scopes)
    try:
        return await convert_library_job(shelf.database, job, library, scopes, shelf.pools, at=at)
    finally:
        await job.close()


async def set_options(shelf: Shelf, **options: Any) -> None:
    """Change the options of the library."""
    library = await shelf.library()
    await shelf.app.libraries.change(library.id, options=replace(library.options, **options))


async def log_of(shelf: Shelf) -> list[tuple[str, str, bytes | None]]:
    """The newest job's log: level, message, path."""
    job = (await shelf.app.jobs.history(shelf.library_id, 1))[0]
    return [(line.level, line.message, line.path) for line in await shelf.app.jobs.logs(job.seq)]


async def check_books(shelf: Shelf, wanted: dict[str, Entries], ids: dict[str, int]) -> None:
    """Every book is there once, with its id and all of its pages; nothing half lies under a book's name.

    `wanted` are the stems of the books, below the root, with their entries, `ids` their ids.
    """
    now = await shelf.ids()
    assert {os.path.splitext(path)[0]: row_id for path, row_id in now.items()} == ids
    assert len(now) == len(ids)
    for path in now:
        assert content(shelf.tree / path) == wanted[os.path.splitext(path)[0]], path
    for found in shelf.tree.path.rglob("*.cb?"):
        stem = str(found.relative_to(shelf.tree.path).with_suffix(""))
        if ".shelfread-trash" not in stem:
            assert content(found) == wanted[stem], found


def leftovers(shelf: Shelf) -> Sequence[str]:
    """Temporary files that lie around."""
    return [str(path) for path in shelf.tree.path.rglob(".shelfread-*.part")]


async def nothing_to_do(shelf: Shelf, books: int) -> None:
    """A second scan reads no file and changes no row of the catalogue."""
    assert await shelf.scan() == {"unchanged": books}
    before = catalogue.kept(await catalogue.rows(shelf.database))
    assert await shelf.scan() == {"unchanged": books}
    assert shelf.opened == []
    assert catalogue.kept(await catalogue.rows(shelf.database)) == before
