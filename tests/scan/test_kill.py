"""`kill -9` at any moment: the next scan takes over at once; the catalogue is that of an undisturbed one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shelfread.app import KINDS, App, open_app
from shelfread.model.job import AlreadyRunning, JobStatus, JobType, Scope
from shelfread.queue.running import RunningJob
from shelfread.scan.extract import FileReading, FileRef
from shelfread.scan.plan import Mode
from shelfread.scan.progress import Progress
from shelfread.settings import Settings
from shelfread.store import jobs
from shelfread.store.turns import PLACES
from shelfread.tasks.library_scan import Pools, warm
from tests import catalogue
from tests.conftest import SIZES, NewShelf, PostgresServer, Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRIVER = Path(__file__).with_name("scan_driver.py")


def fill(tree: Tree) -> int:
    """A library with everything that refers to something else. Gives the number of its files."""
    genres = ["Rock", "Jazz", "Folk", "rock", "Dub"]
    count = 0
    for album in range(8):
        artist = ["Ada", "ada", "Bix", "Cy & The Others"][album % 4]
        for number in range(1, 10):
            disc = 1 + number // 6
            folder = f"{artist}/Album {album}" + (f"/CD{disc}" if album % 3 == 0 else "")
            tree.add(
                f"{folder}/{number:02} song.{'mpc' if number % 3 else 'mp3'}",
                artist=[artist, "Guest"] if number == 4 else artist,
                albumartist=artist,
                album=f"Album {album}",
                genre=[genres[number % 5], genres[album % 5]],
                composer=f"Composer {number % 4}",
                tracknumber=f"{number}/9",
                date=f"19{60 + album}-0{number}",
                discnumber=f"{disc}/2" if album % 3 == 0 else "",
            )
            count += 1
    for number in range(30):
        tree.add(f"Various/Hits {number // 15}/{number:02}.ape", artist=f"Singer {number}", compilation="1")
        tree.add(f"Loose/{number:02}.wv", artist="", album="", seed=number % 28)
        count += 2
    tree.write("Loose/broken.flac", b"fLaC but not really" * 20)
    tree.write("Loose/empty.mp3", b"")
    tree.write("Ada/Album 0/CD1/cover.jpg", b"\xff\xd8\xff\xe0 hardly a picture")
    return count + 2


def change(tree: Tree) -> None:
    """Moves, removals, copies, edits and a return, all to be settled by one scan."""
    tree.move("Bix/Album 2", "Bix/Renamed")
    tree.move("ada/Album 1/01 song.mpc", "moved.mpc")
    tree.move("Various/Hits 0", "Hits")
    for number in range(5):
        tree.delete(f"Loose/{number:02}.wv")
    tree.delete("Ada/Album 0/CD2")
    tree.copy("Loose/10.wv", "Copies/10.wv")
    tree.add("New/Album/01 new.mpc", artist="Guest", album="New")
    tree.retag("Ada/Album 4/01 song.mpc", artist="Ada", album="Other")
    tree.move("ada/Album 5/02 song.mpc", "ada/Album 5/02 retagged.mpc")
    tree.retag("ada/Album 5/02 retagged.mpc", artist="Dora", album="Album 5")


@dataclass
class Libraries:
    """The folder, catalogues to begin with, and what an undisturbed scan makes of each."""

    tree: Tree
    fresh: Path
    fresh_end: dict[str, Any]
    scanned: Path
    scanned_end: dict[str, Any]
    #: The id of each file that was there before, by its path now.
    kept_ids: dict[str, int]


async def scan_copy(path: Path, into: Path, pools: Pools) -> tuple[catalogue.Rows, int]:
    shutil.copyfile(path, into)
    async with open_app(Settings(database_url=f"sqlite:///{into}", settle_seconds=0)) as app:
        (library,) = await app.libraries.all()
        report = await app.scan(library, pools=pools)
        return await catalogue.rows(app.database), report.outcome.counters.processed


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def libraries(
    tmp_path_factory: pytest.TempPathFactory, sqlite_catalogue: Path, pools: Pools
) -> AsyncIterator[tuple[Libraries, Libraries]]:
    """A folder that was never scanned, and one that changed since it was."""
    found: list[Libraries] = []
    for changed in (False, True):
        folder = tmp_path_factory.mktemp("killed")
        tree = Tree(folder / "music")
        count = fill(tree)
        fresh, scanned = folder / "fresh.db", folder / "scanned.db"
        shutil.copyfile(sqlite_catalogue, fresh)
        async with open_app(Settings(database_url=f"sqlite:///{fresh}")) as app:
            await app.libraries.add("Music", "music", [os.fsencode(tree.path)])
        rows, processed = await scan_copy(fresh, scanned, pools)
        assert processed == count
        fresh_end = catalogue.dumped(rows)
        if changed:
            change(tree)
        rows, _ = await scan_copy(scanned, folder / "end.db", pools)
        before = {row["id"] for row in (await read(scanned))["media_files"]}
        folders = {row["id"]: row["path"] for row in rows["folders"]}
        kept = {
            os.fsdecode(os.path.join(folders[row["folder_id"]], row["name"])): row["id"]
            for row in rows["media_files"]
            if row["id"] in before
        }
        found.append(Libraries(tree, fresh, fresh_end, scanned, catalogue.dumped(rows), kept))
    assert len(found[1].kept_ids) == len(found[0].kept_ids)
    yield found[0], found[1]


async def read(path: Path) -> catalogue.Rows:
    async with open_app(Settings(database_url=f"sqlite:///{path}")) as app:
        return await catalogue.rows(app.database)


async def killed(url: str, mode: str, rng: random.Random) -> bool:
    """Start a scan and kill it at a random moment; true if it had not ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(DRIVER), url, "1", mode, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    # In sync mode there is a transaction for every file, else a handful for all.
    wanted = rng.choice("+-").encode() + f" {rng.randint(1, 150 if mode == 'sync' else 5)}\n".encode()
    async for line in process.stdout:
        if line in (wanted, b"end\n"):
            break
    time.sleep(rng.choice((0, 0, rng.uniform(0, 0.01), rng.uniform(0, 0.1))))
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    rest = await process.stdout.read()
    await process.wait()
    assert process.returncode in (-signal.SIGKILL, 0)
    return b"end" not in line + rest


async def taken_over(app: App, pools: Pools, was_killed: bool) -> catalogue.Rows:
    """Scan at once after the other process was killed."""
    library = await app.libraries.get(1)
    assert library is not None
    report = await app.scan(library, pools=pools)
    assert report.outcome.counters.processed == report.outcome.counters.found
    async with app.database.read() as connection:
        mine, *others = await jobs.history(connection, 1)
    assert mine.status is JobStatus.COMPLETED
    if was_killed and others[0].status is not JobStatus.COMPLETED:
        # Rule 9: a dead scan from the command line is never queued again.
        assert (others[0].status, others[0].reason) == (JobStatus.FAILED, "worker_lost")
        assert others[0].fence == 2
        assert others[0].completed_at is not None
    assert {job.status for job in others} <= {JobStatus.COMPLETED, JobStatus.FAILED}
    rows = await catalogue.rows(app.database)
    assert catalogue.audit(rows) == []
    return rows


def assert_same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, content in wanted.items():
        assert found[name] == content, name


@pytest.mark.parametrize("seed", range(20))
async def test_a_killed_first_scan_is_completed_by_the_next_one(
    libraries: tuple[Libraries, Libraries], tmp_path: Path, pools: Pools, seed: int
) -> None:
    first, _ = libraries
    rng = random.Random(seed)
    path = tmp_path / "shelfread.db"
    shutil.copyfile(first.fresh, path)
    url = f"sqlite:///{path}"
    was_killed = await killed(url, rng.choice(("sync", "sync", "batched")), rng)
    async with open_app(Settings(database_url=url, settle_seconds=0)) as app:
        assert_same(catalogue.dumped(await taken_over(app, pools, was_killed)), first.fresh_end)
    # Neither the lock of the dead job nor that of this one is left.
    assert {lock.name for lock in tmp_path.glob("*.locks/*")} <= set(PLACES)


@pytest.mark.parametrize("seed", range(100, 106))
async def test_a_killed_scan_that_settles_moves_and_removals_is_completed_by_the_next_one(
    libraries: tuple[Libraries, Libraries], tmp_path: Path, pools: Pools, seed: int
) -> None:
    _, changed = libraries
    rng = random.Random(seed)
    path = tmp_path / "shelfread.db"
    shutil.copyfile(changed.scanned, path)
    url = f"sqlite:///{path}"
    was_killed = await killed(url, rng.choice(("sync", "batched")), rng)
    async with open_app(Settings(database_url=url, settle_seconds=0)) as app:
        rows = await taken_over(app, pools, was_killed)
    assert_same(catalogue.dumped(rows), changed.scanned_end)
    folders = {row["id"]: row["path"] for row in rows["folders"]}
    ids = {
        os.fsdecode(os.path.join(folders[row["folder_id"]], row["name"])): row["id"]
        for row in rows["media_files"]
    }
    assert changed.kept_ids.items() <= ids.items()


@pytest.mark.parametrize("seed", range(200, 204))
async def test_a_killed_scan_on_postgresql_is_completed_by_the_next_one(
    libraries: tuple[Libraries, Libraries],
    new_shelf: NewShelf,
    postgres: PostgresServer,
    pools: Pools,
    seed: int,
) -> None:
    first, _ = libraries
    rng = random.Random(seed)
    shelf = await new_shelf("postgresql", trees=[first.tree])
    url = shelf.app.settings.database_url
    assert url is not None
    was_killed = await killed(url, rng.choice(("sync", "batched")), rng)
    assert_same(catalogue.dumped(await taken_over(shelf.app, pools, was_killed)), first.fresh_end)


async def test_a_scan_that_is_killed_again_and_again_is_completed_in_the_end(
    libraries: tuple[Libraries, Libraries], tmp_path: Path, pools: Pools
) -> None:
    _, changed = libraries
    rng = random.Random(1)
    path = tmp_path / "shelfread.db"
    shutil.copyfile(changed.scanned, path)
    url = f"sqlite:///{path}"
    was_killed = [await killed(url, "sync", rng) for _ in range(2)][-1]
    async with open_app(Settings(database_url=url, settle_seconds=0)) as app:
        rows = await taken_over(app, pools, was_killed)
    assert_same(catalogue.dumped(rows), changed.scanned_end)


async def test_a_scan_that_only_stands_still_is_alive(
    libraries: tuple[Libraries, Libraries], database_kind: str, new_shelf: NewShelf, pools: Pools
) -> None:
    shelf = await new_shelf(database_kind, trees=[libraries[0].tree])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(DRIVER),
        shelf.app.settings.database_url or "",
        "1",
        "sync",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if line == b"- 20\n":
            break
    # Between two transactions, or SQLite would rightly let nobody else write.
    os.kill(process.pid, signal.SIGSTOP)
    try:
        if database_kind == "postgresql":
            with pytest.raises(AlreadyRunning):
                await shelf.app.scan(await shelf.library(), pools=pools)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    assert_same(catalogue.dumped(await taken_over(shelf.app, pools, True)), libraries[0].fresh_end)


async def test_a_second_scan_of_the_same_files_is_refused_while_one_runs(shelf: Shelf) -> None:
    fill(shelf.tree)
    library = await shelf.library()
    scopes = [Scope(root.id, b"") for root in library.roots]
    first = await RunningJob.claim(shelf.database, library.id, JobType.SCAN, scopes)
    with pytest.raises(AlreadyRunning):
        await shelf.app.scan(library, pools=shelf.pools)
    await first.cancel()
    report = await shelf.app.scan(library, pools=shelf.pools)
    assert report.outcome.counters.processed == report.outcome.counters.found
    assert catalogue.audit(await catalogue.rows(shelf.database)) == []


async def test_a_cancelled_scan_keeps_what_is_committed_and_the_next_one_completes_it(
    libraries: tuple[Libraries, Libraries], database_kind: str, new_shelf: NewShelf, pools: Pools
) -> None:
    shelf = await new_shelf(database_kind, trees=[libraries[0].tree])
    library = await shelf.library()
    task: list[asyncio.Task[Any]] = []

    def stop(progress: Progress) -> None:
        if progress.counters.processed > 5:
            task[0].cancel()

    task.append(asyncio.create_task(shelf.app.scan(library, mode=Mode.SYNC, pools=pools, on_progress=stop)))
    with pytest.raises(asyncio.CancelledError):
        await task[0]
    async with shelf.database.read() as connection:
        (job,) = await jobs.history(connection, shelf.library_id)
    assert job.status is JobStatus.CANCELLED
    assert 5 < job.counters.processed < 134
    assert len(await shelf.table("media_files")) == job.counters.processed
    report = await shelf.app.scan(library, pools=pools)
    assert report.outcome.counters.processed == report.outcome.counters.found
    assert_same(await catalogue.dump(shelf.database), libraries[0].fresh_end)


async def test_a_killed_parser_costs_one_problem_at_most(
    libraries: tuple[Libraries, Libraries], database_kind: str, new_shelf: NewShelf
) -> None:
    shelf = await new_shelf(database_kind, trees=[libraries[0].tree])
    library = await shelf.library()
    dead: list[int] = []
    async with warm(KINDS["music"], SIZES) as pools:
        read = pools.parsers.read

        async def killing(chunk: list[FileRef]) -> list[FileReading]:
            reading = asyncio.ensure_future(read(chunk))
            await asyncio.sleep(0)
            if len(dead) < 3 and pools.parsers.pids:
                dead.append(pools.parsers.pids[0])
                os.kill(dead[-1], signal.SIGKILL)
            return await reading

        pools.parsers.read = killing  # type: ignore[method-assign]
        report = await shelf.app.scan(library, mode=Mode.SYNC, pools=pools)
    assert dead
    of_parsers = [found for found in report.problems if found.code.startswith("parser_")]
    assert len(of_parsers) <= 1
    if not of_parsers:
        assert_same(await catalogue.dump(shelf.database), libraries[0].fresh_end)


async def test_killed_walkers_cost_nothing(
    libraries: tuple[Libraries, Libraries], new_shelf: NewShelf
) -> None:
    shelf = await new_shelf("sqlite", trees=[libraries[0].tree])
    async with warm(KINDS["music"], SIZES) as pools:
        (walker,) = pools.walkers._walkers
        os.kill(walker.pid, signal.SIGKILL)
        await shelf.app.scan(await shelf.library(), pools=pools)
    assert_same(await catalogue.dump(shelf.database), libraries[0].fresh_end)
