"""A covers job whose worker is killed in the middle: no half picture, no lost cover. Pictures that kill."""

from __future__ import annotations

import hashlib
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from shelfread.app import KINDS
from shelfread.app.places import whole
from shelfread.app.workers import shelf_of
from shelfread.model.job import Job, JobStatus, JobType
from shelfread.queue.running import RunningJob
from shelfread.settings import Settings
from shelfread.store.covers import covers_of
from shelfread.store.search_due import ItemKind
from shelfread.tasks.covers import CoverWork
from shelfread.tasks.library_scan import PoolSizes
from tests import catalogue
from tests.books_on_disk import archive
from tests.cli.staying_programs import House, house, until
from tests.conftest import Shelf, Tree, counted
from tests.covers.pictures import picture

pytestmark = pytest.mark.asyncio(loop_scope="session")

RELEASES = 120


async def _cover_job(house: House) -> Job | None:
    found = await house.app.jobs.listed(types=[JobType.COVERS])
    return found[0] if found else None


async def test_a_worker_killed_in_the_middle_leaves_no_half_file_and_loses_no_cover(
    tmp_path: Path, database_url: str
) -> None:
    tree = Tree(tmp_path / "music")
    for number in range(RELEASES):
        tree.add(f"A/{number:03}/1.mp3", seed=1)
        tree.write(f"A/{number:03}/cover.jpg", picture((1200, 1200), (number, 255 - number, 2 * number)))
    async with house(tmp_path, database_url) as made:
        library = await made.library(tree.path)
        scan = await made.queue(library)
        first = made.program("worker")
        await made.job_is(scan, JobStatus.COMPLETED)

        async def in_the_middle() -> Job | None:
            job = await _cover_job(made)
            assert job is None or not job.status.ended, "too quick to be killed"
            return job if job is not None and job.counters.added > 0 else None

        job = await until(in_the_middle, "some covers")
        first.tell(signal.SIGKILL)
        await first.ended()
        kept = shelf_of(Settings(data_dir=Path(made.env["SHELFREAD_DATA_DIR"])))
        for path in kept.folder.glob("??/*.webp"):
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
        rows = (await catalogue.rows(made.app.database))["covers"]
        before = {row["item_id"]: row["made_at"] for row in rows}
        assert 0 < len(before) < RELEASES
        made.program("worker")
        ended = await made.job_is(job.id, JobStatus.COMPLETED)
        assert ended.attempt == 2
        assert ended.counters.processed == ended.counters.found == RELEASES
        found = await catalogue.rows(made.app.database)
        assert found["cover_due"] == []
        ids = [row["id"] for row in found["releases"]]
        async with made.app.database.read() as connection:
            covers = await covers_of(connection, ItemKind.RELEASE, ids)
        assert len(covers) == RELEASES
        for path in kept.folder.glob("??/*.webp"):
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
        digests = {one.digest for one in covers.values()}
        assert {path.stem for path in kept.folder.glob("??/*.webp")} == digests
        # What was made before the kill was not made a second time.
        after = {row["item_id"]: row["made_at"] for row in found["covers"]}
        assert before.items() <= after.items()


async def test_a_picture_that_kills_hangs_or_fills_its_maker_costs_its_own_cover(book_shelf: Shelf) -> None:
    for name in ("abort", "hang", "memory", "good", "wrong"):
        archive(book_shelf.tree / f"{name}.cbz", {"1.png": picture(form="PNG")})
    await book_shelf.scan()
    library = await book_shelf.library()
    job = await RunningJob.claim(book_shelf.database, library.id, JobType.COVERS, whole(library))
    parts = replace(KINDS["books"], reference="tests.tasks.killing_covers:KIND")
    sizes = PoolSizes(parsers=2, file_timeout_s=1.0, memory_limit=256 << 20)
    work = CoverWork(
        book_shelf.app.jobs, job, library, parts, shelf_of(book_shelf.app.settings), sizes, patient=True
    )
    try:
        await job.run(work.run())
    finally:
        await job.close()
    assert counted(work.counters) == {"added": 1, "failed": 4}
    paths = {row["id"]: path for path, row in (await book_shelf.files()).items()}
    codes = {paths[row["item_id"]]: row["code"] for row in await book_shelf.table("covers")}
    assert codes == {
        "abort.cbz": "parser_crashed",
        "hang.cbz": "parser_timeout",
        "memory.cbz": "parser_oom",
        "wrong.cbz": "parser_crashed",
        "good.cbz": None,
    }
