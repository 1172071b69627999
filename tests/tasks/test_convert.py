"""The task `convert`, through real scans on real folders: a book becomes a cbz and stays the same book."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from shelfread.app.converting import request_conversion
from shelfread.model.job import CancelRequested, JobRequest, JobType, Stopped
from shelfread.queue.running import RunningJob
from shelfread.queue.watch import Control
from shelfread.settings import Settings
from shelfread.store import converting, tables
from shelfread.store.cover_sources import sources
from shelfread.store.search_due import ItemKind
from shelfread.tasks.convert import convert_library_job
from shelfread.tasks.prune import prune_task
from tests import catalogue
from tests.conftest import NewShelf, Shelf
from tests.tasks.convert_stand import (
    OLD_NS,
    check_books,
    comic,
    convert,
    entries_of,
    leftovers,
    log_of,
    nothing_to_do,
    set_options,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = {"Tides/one": "cbr", "Tides/two": "cb7", "three": "cbt", "Tides/four": "cbz"}
WANTED = {stem: entries_of(number) for number, stem in enumerate(NAMES, 1)}


async def filled(shelf: Shelf) -> dict[str, int]:
    """A library with four books; gives their ids by stem."""
    for number, (stem, suffix) in enumerate(NAMES.items(), 1):
        comic(shelf.tree / f"{stem}.{suffix}", number)
    assert await shelf.scan() == {"added": 4}
    return {os.path.splitext(path)[0]: row_id for path, row_id in (await shelf.ids()).items()}


def files(shelf: Shelf) -> set[str]:
    root = shelf.tree.path
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


async def test_c4_c17_books_become_cbz_and_keep_id_dates_and_facts_and_originals_stay_untouched(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await filled(book_shelf)
    before, rows = await book_shelf.books(), await book_shelf.files()
    originals = {name: (book_shelf.tree / name).stat() for name in files(book_shelf)}
    outcome = await convert(book_shelf)
    assert outcome.to_json() == {"converted": 3, "refused": {}, "originals_removed": 0}
    assert files(book_shelf) == originals.keys() | {f"{stem}.cbz" for stem in NAMES}
    for name, stat in originals.items():
        now = (book_shelf.tree / name).stat()
        assert (now.st_ino, now.st_size, now.st_mtime_ns) == (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    await check_books(book_shelf, WANTED, ids)
    assert set(await book_shelf.ids()) == {f"{stem}.cbz" for stem in NAMES}
    after, now_rows = await book_shelf.books(), await book_shelf.files()
    for stem, suffix in NAMES.items():
        old, new = before[f"{stem}.{suffix}"], after[f"{stem}.cbz"]
        # What it is packed in, and its name, are all that differs.
        name = new["place"].rpartition(".")[0]
        assert old["place"].rpartition(".")[0] == name
        assert {**old, "container": "zip", "format": "cbz", "place": new["place"]} == new
        old_row, new_row = rows[f"{stem}.{suffix}"], now_rows[f"{stem}.cbz"]
        for column in ("id", "added_at", "folder_id", "mtime_ns", "status"):
            assert old_row[column] == new_row[column], column
        # A tar has no checksums: its signature is of another sort.
        assert (old_row["signature"] == new_row["signature"]) == (suffix != "cbt")
    assert not leftovers(book_shelf)
    await nothing_to_do(book_shelf, 7)
    # Not converted again either.
    assert (await convert(book_shelf)).counters.found == 0
    assert files(book_shelf) == originals.keys() | {f"{stem}.cbz" for stem in NAMES}


async def test_c17_originals_go_to_the_trash_when_that_is_wanted_and_can_be_fetched_back(
    book_shelf: Shelf,
) -> None:
    ids = await filled(book_shelf)
    await set_options(book_shelf, remove_originals=True)
    original = (book_shelf.tree / "Tides/one.cbr").read_bytes()
    outcome = await convert(book_shelf)
    assert (outcome.counters.updated, outcome.removed) == (3, 3)
    here = {name for name in files(book_shelf) if not name.startswith(".")}
    assert here == {f"{stem}.cbz" for stem in NAMES}
    (day,) = (book_shelf.tree / ".shelfread-trash").iterdir()
    assert (day / "Tides" / "one.cbr").read_bytes() == original
    assert (day / "three.cbt").exists()
    await check_books(book_shelf, WANTED, ids)
    await nothing_to_do(book_shelf, 4)
    # Back beside the new file it is no second book.
    shutil.move(day / "Tides" / "one.cbr", book_shelf.tree / "Tides/one.cbr")
    await nothing_to_do(book_shelf, 5)
    # In the place of the new file it is the book.
    book_shelf.tree.delete("Tides/one.cbz")
    await book_shelf.scan()
    assert (await book_shelf.ids())["Tides/one.cbr"] == ids["Tides/one"]


async def test_c17_an_original_whose_new_file_is_gone_is_a_book_again_and_one_that_changed_is_a_new_one(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    ids = await filled(book_shelf)
    await convert(book_shelf)
    await nothing_to_do(book_shelf, 7)
    book_shelf.tree.delete("Tides/one.cbz")
    assert await book_shelf.scan() == {"moved": 1, "unchanged": 5}
    assert (await book_shelf.ids())["Tides/one.cbr"] == ids["Tides/one"]
    comic(book_shelf.tree / "Tides/two.cb7", 77)
    os.utime(book_shelf.tree / "Tides/two.cb7")
    counts = await book_shelf.scan()
    assert counts["added"] == 1
    now = await book_shelf.ids()
    assert now["Tides/two.cbz"] == ids["Tides/two"]
    assert now["Tides/two.cb7"] not in ids.values()


async def test_c17_a_folder_that_is_renamed_shows_no_book_twice(book_shelf: Shelf) -> None:
    ids = await filled(book_shelf)
    await convert(book_shelf)
    await nothing_to_do(book_shelf, 7)
    book_shelf.tree.move("Tides", "Other/Tides")
    await book_shelf.scan()
    now = {
        os.path.splitext(path)[0].replace("Other/", ""): row for path, row in (await book_shelf.ids()).items()
    }
    assert now == ids
    await nothing_to_do(book_shelf, 7)


async def test_c4_a_scan_before_the_next_one_has_nothing_to_read_even_in_a_rescan_facts_are_equal(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    await filled(book_shelf)
    await set_options(book_shelf, remove_originals=True)
    await convert(book_shelf)
    before = await catalogue.dump(book_shelf.database)
    assert await book_shelf.scan(rescan=True) == {"unchanged": 4}
    after = await catalogue.dump(book_shelf.database)
    assert {name: rows for name, rows in before.items() if name != "folders"} == {
        name: rows for name, rows in after.items() if name != "folders"
    }
    await new_book_shelf.as_if_new(book_shelf)


async def test_c4_what_cannot_be_converted_stays_is_said_and_is_not_tried_again(book_shelf: Shelf) -> None:
    ids = await filled(book_shelf)
    path = book_shelf.tree / "Tides/one.cbr"
    spoiled = bytearray(path.read_bytes())
    # In the middle of a page: its name and size are as they were, its checksum is not.
    at = spoiled.index(entries_of(1)[1][1]) + 300
    spoiled[at] ^= 0xFF
    path.write_bytes(spoiled)
    os.utime(path, ns=(OLD_NS, OLD_NS + 1000))
    (book_shelf.tree / "three.cbz").write_text("not a book")
    await book_shelf.scan()
    outcome = await convert(book_shelf)
    assert dict(outcome.refused) == {"damaged": 1, "target_exists": 1}
    assert (outcome.counters.updated, outcome.counters.failed, outcome.counters.skipped) == (1, 1, 1)
    lines = {(level, message.partition(":")[0], path) for level, message, path in await log_of(book_shelf)}
    assert ("warning", "damaged", os.fsencode(path)) in lines
    assert ("warning", "target_exists", os.fsencode(book_shelf.tree / "three.cbt")) in lines
    assert (book_shelf.tree / "three.cbz").read_text() == "not a book"
    assert path.read_bytes() == spoiled
    assert not leftovers(book_shelf)
    assert {**ids}.items() <= {
        os.path.splitext(name)[0]: row
        for name, row in (await book_shelf.ids()).items()
        if name != "three.cbz"
    }.items()
    # Remembered until the file changes; a name that is taken may be free the next time.
    again = await convert(book_shelf)
    assert dict(again.refused) == {"target_exists": 1}
    comic(path, 1)
    (book_shelf.tree / "three.cbz").unlink()
    await book_shelf.scan()
    last = await convert(book_shelf)
    # The name of the missing one is kept for it.
    assert dict(last.refused) == {"target_known": 1}
    assert last.counters.updated == 1


async def test_c4_problem_books_missing_and_unsettled_ones_are_no_candidates(
    book_shelf: Shelf, new_book_shelf: NewShelf
) -> None:
    comic(book_shelf.tree / "missing.cbr", 1)
    (book_shelf.tree / "broken.cbr").write_bytes(b"Rar!\x1a\x07\x01\0broken")
    comic(book_shelf.tree / "changed.cbr", 2)
    await book_shelf.scan()
    book_shelf.tree.delete("missing.cbr")
    await book_shelf.scan()
    comic(book_shelf.tree / "changed.cbr", 3)
    os.utime(book_shelf.tree / "changed.cbr")
    outcome = await convert(book_shelf)
    assert dict(outcome.refused) == {"source_changed": 1}
    assert outcome.counters.skipped == 1
    young = await new_book_shelf(settle_seconds=3600, trees=[book_shelf.tree])
    await young.scan()
    assert (await convert(young)).counters.found == 0


async def test_c4_a_folder_where_nothing_can_be_written_is_said_once(
    book_shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(book_shelf)
    from shelfread.convert.place import Place, refusal

    def read_only(self: Place) -> tuple[int, bytes]:
        raise refusal(PermissionError(30, "Read-only file system"), "no")

    monkeypatch.setattr(Place, "new_file", read_only)
    outcome = await convert(book_shelf)
    assert dict(outcome.refused) == {"read_only": 2}
    assert outcome.counters.skipped == 3
    lines = [path for level, _, path in await log_of(book_shelf) if level == "warning"]
    assert sorted(filter(None, lines)) == sorted(
        map(os.fsencode, [book_shelf.tree.path, book_shelf.tree / "Tides"])
    )


async def test_c4_a_file_that_takes_the_name_at_the_last_moment_is_not_replaced(book_shelf: Shelf) -> None:
    ids = await filled(book_shelf)

    def at(step: str) -> None:
        if step == "journalled" and not (book_shelf.tree / "three.cbz").exists():
            (book_shelf.tree / "three.cbz").write_text("mine")
            (book_shelf.tree / "Tides/one.cbz").write_text("mine too")
            (book_shelf.tree / "Tides/two.cbz").write_text("and this")

    outcome = await convert(book_shelf, at=at)
    assert dict(outcome.refused) == {"target_exists": 3}
    assert (book_shelf.tree / "three.cbz").read_text() == "mine"
    assert not leftovers(book_shelf)
    assert {os.path.splitext(path)[0]: row for path, row in (await book_shelf.ids()).items()} == ids
    assert await book_shelf.table("conversions") == []


async def test_c4_a_job_that_goes_on_counts_what_it_did_before(book_shelf: Shelf) -> None:
    await filled(book_shelf)
    jobs = book_shelf.app.jobs
    library = await book_shelf.library()
    asked = await request_conversion(book_shelf.app, library)
    stopped = 0
    for attempt in (1, 2, 3):
        job = await jobs.claim_next(f"worker {attempt}", [JobType.CONVERT])
        assert job is not None
        running = RunningJob(jobs, job)

        def at(step: str) -> None:
            # At the end of a book, before the next one is begun.
            nonlocal stopped
            if step == "begun" and (book_shelf.tree / "Tides/one.cbz").exists() and not stopped:
                stopped = 1
                raise Stopped

        try:
            await convert_library_job(
                book_shelf.database, running, library, job.scopes, book_shelf.pools, at=at
            )
            break
        except Stopped:
            assert await jobs.release(job)
        finally:
            await running.close()
    assert stopped
    ended = await jobs.get(asked.job.id)
    assert ended is not None
    assert (ended.counters.found, ended.counters.updated, ended.counters.unchanged) == (3, 3, 0)
    assert ended.items_total == 3
    assert ended.report is not None
    assert ended.report["converted"] == 3
    assert ended.counters.processed == ended.counters.found


async def test_c4_a_conversion_is_cancelled_between_two_books_and_goes_on_later(book_shelf: Shelf) -> None:
    ids = await filled(book_shelf)
    done: list[str] = []

    def at(step: str) -> None:
        done.append(step)
        if step == "settled" and done.count("settled") == 1:
            # As a request would: the next transaction of the job sees it.
            import asyncio

            task = asyncio.current_task()
            assert task is not None
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(cancel()))

    async def cancel() -> None:
        job = (await book_shelf.app.jobs.history(book_shelf.library_id, 1))[0]
        await book_shelf.app.jobs.cancel(job.id)

    with pytest.raises(CancelRequested):
        await convert(book_shelf, at=at)
    await check_books(book_shelf, WANTED, ids)
    assert not leftovers(book_shelf)
    for job in await book_shelf.app.jobs.running():
        await book_shelf.app.jobs.end_cancelled(job)
    await book_shelf.scan()
    await convert(book_shelf)
    assert set(await book_shelf.ids()) == {f"{stem}.cbz" for stem in NAMES}
    await check_books(book_shelf, WANTED, ids)


async def test_c16_a_scan_has_conversion_follow_when_the_option_is_on(book_shelf: Shelf) -> None:
    from shelfread.tasks.follow_up import follow_scan

    await filled(book_shelf)
    await set_options(book_shelf, thumbnails=False)
    assert await follow_scan(book_shelf.app.jobs, await book_shelf.library()) == []
    await set_options(book_shelf, convert=True)
    (job_id,) = await follow_scan(book_shelf.app.jobs, await book_shelf.library())
    assert await follow_scan(book_shelf.app.jobs, await book_shelf.library()) == [job_id]
    job = await book_shelf.app.jobs.get(job_id)
    assert job is not None
    assert (job.type, job.origin, job.priority < 0) == (JobType.CONVERT, "follow_up", True)
    # A scan that is asked for meanwhile is a job of its own, and goes first.
    scan = await book_shelf.app.request_scan(await book_shelf.library())
    assert not scan.coalesced
    claimed = await book_shelf.app.jobs.claim_next("somebody")
    assert claimed is not None
    assert claimed.id == scan.job.id
    assert await book_shelf.app.jobs.claim_next("another", [JobType.CONVERT]) is None
    await book_shelf.app.jobs.end_cancelled(claimed)
    await book_shelf.app.jobs.cancel(job_id)
    await convert(book_shelf)
    assert await follow_scan(book_shelf.app.jobs, await book_shelf.library()) == []


async def test_c4_the_cover_of_a_converted_book_is_not_made_again(book_shelf: Shelf) -> None:
    ids = await filled(book_shelf)

    async def keys() -> dict[int, str]:
        async with book_shelf.database.read() as connection:
            found = await sources(connection, ItemKind.BOOK, list(ids.values()))
        return {row: "; ".join(one.key for one in own) for row, own in found.items()}

    before = await keys()

    async def made(connection: Any) -> None:
        for row, key in before.items():
            await connection.execute(
                tables.covers.insert().values(
                    kind=ItemKind.BOOK.value, item_id=row, library_id=1, source=key, shape="", made_at=1
                )
            )

    await book_shelf.database.write(made)
    await convert(book_shelf)
    after = await keys()
    assert before != after
    assert {row["item_id"]: row["source"] for row in await book_shelf.table("covers")} == after


async def test_c17_the_trash_is_emptied_by_prune_when_its_time_is_over(book_shelf: Shelf) -> None:
    await filled(book_shelf)
    await set_options(book_shelf, remove_originals=True, trash_days=2)
    await convert(book_shelf)
    trash = book_shelf.tree / ".shelfread-trash"
    repository = book_shelf.app.jobs

    async def prune(days: float) -> int:
        now_us = int((time.time() + days * 86_400) * 1e6)
        await repository.enqueue(JobRequest(JobType.PRUNE))
        job = await repository.claim_next("somebody", [JobType.PRUNE])
        assert job is not None
        await prune_task(repository, Settings(), clock=lambda: now_us)(job, Control())
        ended = await repository.get(job.id)
        assert ended is not None
        assert ended.report is not None
        return int(ended.report["originals"])

    assert await prune(0.9) == 0
    assert trash.exists()
    assert await prune(3) == 3
    assert not trash.exists()
    await set_options(book_shelf, trash_days=0)
    (trash / "2020-01-01").mkdir(parents=True)
    assert await prune(3) == 0
    assert trash.exists()


async def test_c17_an_original_stays_known_as_converted_when_its_row_is_pruned(book_shelf: Shelf) -> None:
    await filled(book_shelf)
    await convert(book_shelf)
    library = await book_shelf.library()
    path = book_shelf.tree.path
    await book_shelf.app.libraries.remove(library.id)
    again = await book_shelf.app.libraries.add("Again", "books", [os.fsencode(path)])
    book_shelf.library_id = again.id
    assert await book_shelf.scan() == {"added": 4, "unchanged": 3}
    assert set(await book_shelf.ids()) == {f"{stem}.cbz" for stem in NAMES}


async def test_c4_a_page_of_candidates_is_found_by_content_and_not_by_name(book_shelf: Shelf) -> None:
    comic(book_shelf.tree / "a.cbz", 1).rename(book_shelf.tree / "a.cbr")
    comic(book_shelf.tree / "b.cbr", 2).rename(book_shelf.tree / "b.cbz")
    await book_shelf.scan()
    outcome = await convert(book_shelf)
    # A zip that is called cbr is left alone, and so is a RAR that has the name of a cbz already.
    assert dict(outcome.refused) in ({"wrong_format": 1}, {})
    assert files(book_shelf) == {"a.cbr", "b.cbz"}
    # With another name it may become one.
    book_shelf.tree.move("b.cbz", "b.cbr")
    await book_shelf.scan()
    async with book_shelf.database.read() as connection:
        library = await book_shelf.library()
        assert await converting.any_left(connection, library.id, ["rar"])


@pytest.mark.parametrize("folder", ["archives", "books"])
async def test_c4_every_archive_of_the_fixtures_is_converted_or_refused_for_what_it_is(
    new_book_shelf: NewShelf, folder: str
) -> None:
    root = Path(__file__).resolve().parents[2]
    shared_books = Path(os.environ.get("SHELFREAD_FIXTURES", root.parent / "shared" / "fixtures"))
    if not shared_books.is_dir():
        pytest.skip(f"no fixtures in {shared_books}")
    shelf = await new_book_shelf()
    for path in sorted((shared_books / folder).iterdir()):
        if path.suffix in (".rar", ".7z"):
            suffix = {".rar": ".cbr", ".7z": ".cb7"}[path.suffix]
            shutil.copyfile(path, shelf.tree / (path.stem + suffix))
            (shelf.tree / (path.stem + suffix)).chmod(0o644)
    await shelf.scan()
    ready = {name for name, row in (await shelf.files()).items() if row["status"] == "ready"}
    assert ready
    outcome = await convert(shelf)
    assert outcome.counters.updated == len(ready), await log_of(shelf)
    from tests.tasks.convert_stand import content

    for name in ready:
        target = (shelf.tree / name).with_suffix(".cbz")
        assert content(target) == content(shelf.tree / name), name
    assert not [name for name in os.listdir(shelf.tree.path) if "encrypted" in name and name.endswith("cbz")]
