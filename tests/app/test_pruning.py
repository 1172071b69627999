"""Missing files are forgotten by hand or by policy: rows, nothing on disk, and never where a root is away."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.app.pruning import chosen, missing_files, preview, prune
from shelfread.kinds import KINDS
from shelfread.model.job import JobRequest, JobType
from shelfread.settings import WorkerSettings
from shelfread.store.clock import now_us
from shelfread.store.ids import IdBlocks
from shelfread.store.missing import Chosen
from shelfread.store.retention import DAY_US
from shelfread.store.tables import media_files, roots
from shelfread.tasks.pruning import forget
from tests import catalogue
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _with_missing(shelf: Shelf) -> None:
    """Two releases, of which one is missing as a whole, and of the other a track."""
    for name in ("Ada/First/1.mp3", "Ada/First/2.mp3", "Bix/Other/1.mp3", "Bix/Other/2.mp3"):
        shelf.tree.add(name, artist=name[:3], album=name[4:9])
    await shelf.scan()
    for name in ("Ada/First/1.mp3", "Bix/Other/1.mp3", "Bix/Other/2.mp3"):
        (shelf.tree.path / name).unlink()
    await shelf.scan()


async def test_what_is_pruned_is_gone_with_its_parents_and_what_comes_back_is_new(shelf: Shelf) -> None:
    await _with_missing(shelf)
    library = await shelf.library()
    listed = await missing_files(shelf.app, chosen(library), 10)
    assert [(one.path.rpartition(b"/")[2], one.reason) for one in listed] == [
        (b"1.mp3", "gone"), (b"1.mp3", "gone"), (b"2.mp3", "gone"),
    ]  # fmt: skip
    rest = await missing_files(shelf.app, chosen(library), 10, (listed[0].missing_at, listed[0].id))
    assert rest == listed[1:]
    assert await missing_files(shelf.app, chosen(library, days=1), 10) == []
    before = await catalogue.rows(shelf.database)
    ahead = await preview(shelf.app, library, chosen(library))
    assert (ahead.files, ahead.kept_back) == (3, [])
    assert await catalogue.rows(shelf.database) == before
    (one,) = [one.id for one in listed if b"First" in one.path]
    assert await prune(shelf.app, library, chosen(library, ids=[one, 10**6])) == (1, [])
    assert await prune(shelf.app, library, chosen(library, days=1)) == (0, [])
    assert await prune(shelf.app, library, chosen(library)) == (2, [])
    rows = await catalogue.rows(shelf.database)
    assert catalogue.audit(rows) == []
    assert len(rows["media_files"]) == len(rows["tracks"]) == len(rows["releases"]) == 1
    assert [path.name for path in (shelf.tree.path / "Ada/First").iterdir()] == ["2.mp3"]
    assert await shelf.scan() == {"unchanged": 1}
    shelf.tree.add("Ada/First/1.mp3", artist="Ada", album="First")
    assert await shelf.scan() == {"added": 1, "unchanged": 1}
    assert (await shelf.ids())["Ada/First/1.mp3"] not in {one.id for one in listed}


async def test_nothing_is_pruned_below_a_root_that_is_away_or_while_something_is_held(shelf: Shelf) -> None:
    await _with_missing(shelf)
    away = shelf.tree.path.with_name("away")
    shelf.tree.path.rename(away)
    library = await shelf.library()
    gone, (kept,) = await prune(shelf.app, library, chosen(library))
    assert (gone, kept.files, "cannot be listed" in kept.why) == (0, 3, True)
    shelf.tree.path.mkdir()
    ahead = await preview(shelf.app, library, chosen(library))
    assert (ahead.files, ahead.kept_back[0].why) == (0, "is empty, but the catalogue knows files in it")
    shelf.tree.path.rmdir()
    away.rename(shelf.tree.path)

    async def say_away(connection: Any) -> None:
        await connection.execute(sa.update(roots).values(state="unavailable", reason="was away"))

    await shelf.database.write(say_away)
    library = await shelf.library()
    assert (await preview(shelf.app, library, chosen(library))).kept_back[0].why == "was away"
    await shelf.scan()
    assert await prune(shelf.app, await shelf.library(), chosen(library)) == (3, [])


async def test_only_what_is_missing_for_longer_is_forgotten_by_a_policy(shelf: Shelf) -> None:
    await _with_missing(shelf)
    library = await shelf.library()
    oldest = (await missing_files(shelf.app, chosen(library), 1))[0]

    async def age(connection: Any) -> None:
        where = media_files.c.id == oldest.id
        await connection.execute(sa.update(media_files).where(where).values(missing_at=1000))

    await shelf.database.write(age)
    rows = KINDS[library.kind].catalogue(library, IdBlocks(shelf.database))
    old = Chosen(library.id, before=2000)
    assert await forget(shelf.database, library, old, rows, shelf.database.write) == (1, [])
    left = await missing_files(shelf.app, chosen(library), 10)
    assert len(left) == 2
    assert oldest.id not in {one.id for one in left}


async def test_a_worker_forgets_what_the_policy_of_a_library_says_and_touches_no_file(shelf: Shelf) -> None:
    await _with_missing(shelf)
    library = await shelf.library()
    options = dataclasses.replace(library.options, prune_days=30)
    await shelf.app.libraries.change(library.id, options=options)
    one, *rest = await missing_files(shelf.app, chosen(library), 10)

    async def age(connection: Any) -> None:
        for row_id, days in ((one.id, 31), (rest[0].id, 29)):
            await connection.execute(
                sa.update(media_files)
                .where(media_files.c.id == row_id)
                .values(missing_at=now_us() - days * DAY_US)
            )

    await shelf.database.write(age)
    on_disk = shelf.tree.files()
    job = (await shelf.app.jobs.enqueue(JobRequest(JobType.PRUNE))).job
    async with shelf.app.workers("standalone", WorkerSettings()) as group:
        assert await group.run_once()
    found = await shelf.app.jobs.get(job.id)
    assert found is not None
    assert found.report is not None
    assert (found.status.value, found.report["missing"]) == ("completed", 1)
    left = await missing_files(shelf.app, chosen(library), 10)
    assert {each.id for each in left} == {each.id for each in rest}
    assert shelf.tree.files() == on_disk
    assert catalogue.audit(await catalogue.rows(shelf.database)) == []
    assert await shelf.table("tidy_due") == []
    assert not (await shelf.table("libraries"))[0]["untidy"]
    assert await shelf.scan() == {"unchanged": 1}
