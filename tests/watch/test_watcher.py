"""The watch of a catalogue on both databases: who watches, what it says of itself, and trouble."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from shelfread.app import App
from shelfread.app.watching import watch_json, watches_of
from shelfread.media.music import KIND
from shelfread.model.job import Job, Origin, Scope
from shelfread.model.library import Library, LibraryOptions
from shelfread.model.watching import RootWatch, WatchState
from shelfread.settings import Settings
from shelfread.store import watches
from shelfread.store.clock import now_us
from shelfread.watch import library as library_module
from shelfread.watch import source as source_module
from shelfread.watch.watcher import Watcher
from tests.conftest import NewShelf

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's"),
]
T = TypeVar("T")

QUICK = Settings(watch_quiet_seconds=0.1, watch_cap_seconds=0.5, settle_seconds=0)


async def _until(look: Callable[[], Awaitable[T | None]]) -> T:
    async with asyncio.timeout(60):
        while not (seen := await look()):
            await asyncio.sleep(0.01)
        return seen


@asynccontextmanager
async def _watching(app: App, settings: Settings = QUICK) -> AsyncIterator[Watcher]:
    watcher = Watcher(app.jobs, {"music": KIND}, settings, look_s=0.05)
    task = asyncio.create_task(watcher.run())
    try:
        yield watcher
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _library(app: App, *roots: Path, watch: bool = True, follow: bool = False) -> Library:
    for root in roots:
        root.mkdir(parents=True, exist_ok=True)
    options = LibraryOptions(watch=watch, follow_symlinks=follow)
    return await app.libraries.add("Music", "music", [os.fsencode(root) for root in roots], options)


async def _state(app: App, library: Library, state: WatchState) -> RootWatch:
    """Wait until the first root is watched like this."""

    async def look() -> RootWatch | None:
        found = (await watches_of(app)).get(library.roots[0].id)
        return found if found is not None and found.state is state else None

    return await _until(look)


async def _queued(app: App, least: int = 1) -> list[Job]:
    """The jobs that were asked for, when there are so many."""

    async def look() -> list[Job] | None:
        found = list(await app.jobs.listed(limit=100))
        return found if len(found) >= least else None

    return await _until(look)


async def _take(app: App) -> Job:
    """The next job, which is cancelled, so that what comes after is a job of its own."""

    async def look() -> Job | None:
        queued = [job for job in await app.jobs.listed(limit=100) if not job.status.ended]
        return queued[-1] if queued else None

    job = await _until(look)
    await app.jobs.cancel(job.id)
    return job


async def test_a_change_becomes_a_scan_of_its_folder(app: App, tmp_path: Path) -> None:
    library = await _library(app, tmp_path / "Music")
    (tmp_path / "Music" / "Artist" / "Album").mkdir(parents=True)
    root = library.roots[0].id
    async with _watching(app):
        watch = await _state(app, library, WatchState.WATCHING)
        assert watch.reason is None
        # What happened while nobody watched is found by a scan of all of it.
        whole = await _take(app)
        assert (whole.type, whole.origin, whole.scopes) == ("scan", Origin.WATCH, (Scope(root, b""),))
        (tmp_path / "Music" / "Artist" / "Album" / "1.mp3").write_bytes(b"sound")
        (part,) = [job for job in await _queued(app, 2) if job.id != whole.id]
        assert part.scopes == (Scope(root, b"Artist/Album"),)
        assert part.timeout_s == 21_600
    # Nobody watches any more, and nothing says so.
    assert await watches_of(app) == {}


async def test_only_libraries_that_want_it_are_watched_and_a_change_of_mind_counts_at_once(
    app: App, tmp_path: Path
) -> None:
    library = await _library(app, tmp_path / "Music", watch=False)
    async with _watching(app):
        await app.libraries.change(library.id, options=LibraryOptions(watch=True))
        await _state(app, library, WatchState.WATCHING)
        await app.libraries.change(library.id, options=LibraryOptions(watch=False))

        async def unwatched() -> bool:
            return not await watches_of(app)

        await _until(unwatched)
        await app.libraries.change(library.id, options=LibraryOptions(watch=True))
        await _state(app, library, WatchState.WATCHING)
        await app.libraries.remove(library.id)
        await _until(unwatched)


async def test_one_of_several_servers_watches_and_another_goes_on_when_it_ends(
    app: App, tmp_path: Path
) -> None:
    library = await _library(app, tmp_path / "Music")
    async with _watching(app):
        async with _watching(app):
            await _state(app, library, WatchState.WATCHING)
            await _take(app)
            (tmp_path / "Music" / "1.mp3").write_bytes(b"")
            jobs = await _queued(app, 2)
            assert len(jobs) == 2
        # Whichever of the two is left.
        await _state(app, library, WatchState.WATCHING)
    assert await watches_of(app) == {}


async def test_a_root_that_goes_removes_nothing_is_told_and_watched_again_when_it_is_back(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "AWAY_S", 0.05)
    library = await _library(app, tmp_path / "Music")
    async with _watching(app):
        await _state(app, library, WatchState.WATCHING)
        await _take(app)
        (tmp_path / "Music").rename(tmp_path / "away")
        away = await _state(app, library, WatchState.SWEEPING)
        assert away.reason is not None
        # One scan looks at it and says so; nothing more until it is back.
        assert (await _take(app)).scopes == (Scope(library.roots[0].id, b""),)
        (tmp_path / "away").rename(tmp_path / "Music")
        await _state(app, library, WatchState.WATCHING)
        assert (await _take(app)).scopes == (Scope(library.roots[0].id, b""),)


async def test_a_root_that_tells_nothing_is_swept_and_says_why(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "is_network", lambda fs_type: True)
    library = await _library(app, tmp_path / "Music")
    async with _watching(app):
        state = await _state(app, library, WatchState.SWEEPING)
        assert "network filesystem" in (state.reason or "")
        assert (await _take(app)).scopes == (Scope(library.roots[0].id, b""),)

        async def swept() -> RootWatch | None:
            found = (await watches_of(app))[library.roots[0].id]
            return found if found.swept_at else None

        told = watch_json(await _until(swept))
        assert told is not None
        assert told["state"] == "sweeping"
    # A server that starts again does not scan anew before its time; but a sweep that is due comes.
    long_ago = now_us() - 2 * 3600 * 1_000_000
    before = await _until(lambda: _row(app, library))

    async def age(connection: object) -> None:
        await watches.put(
            connection,  # type: ignore[arg-type]
            RootWatch(before.root_id, before.state, before.reason, long_ago, long_ago),
        )

    async with _watching(app):
        await _state(app, library, WatchState.SWEEPING)
    assert len(await _queued(app)) == 1
    await app.database.write(age)
    async with _watching(app):
        assert len(await _queued(app, 2)) == 2


async def _row(app: App, library: Library) -> RootWatch | None:
    async with app.database.read() as connection:
        return (await watches.every(connection)).get(library.roots[0].id)


async def test_a_library_that_follows_links_is_swept(app: App, tmp_path: Path) -> None:
    library = await _library(app, tmp_path / "Music", follow=True)
    async with _watching(app):
        assert "links" in ((await _state(app, library, WatchState.SWEEPING)).reason or "")


async def test_folders_that_no_scan_looks_into_lead_to_none(app: App, tmp_path: Path) -> None:
    root = tmp_path / "Music"
    (root / "incoming").mkdir(parents=True)
    (root / "kept").mkdir()
    (root / ".shelfignore").write_text("incoming/\n")
    library = await _library(app, root)
    async with _watching(app):
        await _state(app, library, WatchState.WATCHING)
        first = await _take(app)
        (root / "incoming" / "1.mp3").write_bytes(b"")
        (root / "kept" / "2.mp3").write_bytes(b"")
        jobs = await _queued(app, 2)
        assert [job.scopes for job in jobs if job.id != first.id] == [(Scope(library.roots[0].id, b"kept"),)]


async def test_a_database_that_is_away_loses_no_change(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = await _library(app, tmp_path / "Music")
    monkeypatch.setattr(library_module, "FIRST_PAUSE_S", 0.01)
    failing = [OSError("the database is away")] * 3
    real = app.jobs.enqueue

    async def enqueue(request: object) -> object:
        if failing:
            raise failing.pop()
        return await real(request)  # type: ignore[arg-type]

    monkeypatch.setattr(app.jobs, "enqueue", enqueue)
    async with _watching(app):
        assert (await _take(app)).scopes == (Scope(library.roots[0].id, b""),)
        assert not failing


async def test_what_was_young_when_it_was_scanned_is_looked_at_again(new_shelf: NewShelf) -> None:
    """Once its folder is not as it should be; and not when all is well, nor while the first job waits."""
    # However long it takes until it is scanned: it is young then. And a look comes soon.
    shelf = await new_shelf("sqlite", settle_seconds=3600)
    app, library = shelf.app, await shelf.library()
    await app.libraries.change(library.id, options=LibraryOptions(watch=True))
    shelf.tree.add("Artist/Album/1.mp3")
    async with _watching(app, QUICK.model_copy(update={"settle_seconds": 0.05})):
        (first,) = await _queued(app)
        assert first.scopes == (Scope(library.roots[0].id, b""),)
        # The scan that was asked for is made here. What a look finds before it is no reason to stop looking.
        await shelf.outcome()
        await app.jobs.cancel(first.id)
        again = await _take(app)
        assert again.id != first.id
        assert again.origin == Origin.WATCH
        assert again.scopes == first.scopes
