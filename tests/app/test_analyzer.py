"""`app.analyzer`: requests of paths become jobs (PROMISES A13-A20, decision 10)."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from shelfread.app import App, open_app
from shelfread.app.analyzer import NewRootsRefused, NothingToScan, PathRefused, RootsBusy, told, wanted
from shelfread.app.shelving import Overlap
from shelfread.model.job import Enqueued, JobStatus, Scope
from shelfread.model.library import Library
from shelfread.settings import Settings, read_settings
from shelfread.store import config
from shelfread.store.libraries import LibraryRepository
from shelfread.tasks.library_scan import Pools
from tests.conftest import Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _set(app: App, **values: Any) -> App:
    """The same catalogue under other settings."""
    other = App(app.settings.model_copy(update=values), app.database)
    other.jobs = app.jobs
    return other


def _folder(shelf: Shelf, name: str) -> bytes:
    path = shelf.tree.path / name
    path.mkdir(parents=True, exist_ok=True)
    return os.fsencode(path)


async def _scopes(shelf: Shelf, enqueued: list[Enqueued]) -> list[set[bytes]]:
    (root,) = (await shelf.library()).roots
    assert all(scope.root_id == root.id for one in enqueued for scope in one.job.scopes)
    return [{scope.relative for scope in one.job.scopes} for one in enqueued]


async def test_a14_several_paths_in_one_request_are_one_job(shelf: Shelf) -> None:
    paths = [_folder(shelf, "A-M"), _folder(shelf, "N-Z")]
    enqueued = await shelf.app.analyze(paths)
    assert await _scopes(shelf, enqueued) == [{b"A-M", b"N-Z"}]
    assert told(enqueued) == {
        "job_ids": [enqueued[0].job.id],
        "job_id": enqueued[0].job.id,
        "queued": True,
        "coalesced": False,
    }


async def test_a15_split_paths_are_siblings_under_one_request(shelf: Shelf) -> None:
    paths = [_folder(shelf, name) for name in ("A-M", "N-Z", "Other")]
    enqueued = await shelf.app.analyze(paths, split_paths=True, force=True)
    assert await _scopes(shelf, enqueued) == [{b"A-M"}, {b"N-Z"}, {b"Other"}]
    assert len({one.job.id for one in enqueued}) == 3
    (request_id,) = {one.job.request_id for one in enqueued}
    assert request_id is not None
    assert {one.job.type for one in enqueued} == {"rescan"}
    # All may run at the same time.
    claimed = [await shelf.app.jobs.claim_next("worker") for _ in range(4)]
    assert [job is not None for job in claimed] == [True, True, True, False]
    assert "job_id" not in told(enqueued)


async def test_a16_without_any_path_nothing_is_queued(shelf: Shelf) -> None:
    nothing: tuple[list[bytes] | None, ...] = (None, [])
    for paths in nothing:
        with pytest.raises(NothingToScan, match="SHELFREAD_ANALYZER_PATHS"):
            await shelf.app.analyze(paths)
    assert await shelf.app.jobs.listed() == []


async def test_a17_paths_of_the_request_win_over_the_default_list(shelf: Shelf) -> None:
    mine, default = _folder(shelf, "mine"), _folder(shelf, "default")
    app = _set(shelf.app, analyzer_paths=(default,))
    assert await _scopes(shelf, await app.analyze([mine])) == [{b"mine"}]
    # An empty list names none: the default list it is.
    assert await _scopes(shelf, await app.analyze([])) == [{b"default"}]


async def test_a18_the_default_list_is_split_as_well(shelf: Shelf) -> None:
    app = _set(shelf.app, analyzer_paths=(_folder(shelf, "A-M"), _folder(shelf, "N-Z")))
    assert await _scopes(shelf, await app.analyze(split_paths=True)) == [{b"A-M"}, {b"N-Z"}]
    assert len(await shelf.app.jobs.listed()) == 2


async def test_a19_parts_of_one_tree_are_independent_and_overlapping_ones_wait(shelf: Shelf) -> None:
    first, second = _folder(shelf, "A-M"), _folder(shelf, "N-Z")
    (one,) = await shelf.app.analyze([first])
    (two,) = await shelf.app.analyze([second])
    assert one.job.id != two.job.id
    assert not two.coalesced
    jobs = shelf.app.jobs
    running = [await jobs.claim_next("worker"), await jobs.claim_next("worker")]
    assert [job.id for job in running if job] == [one.job.id, two.job.id]
    (whole,) = await shelf.app.analyze([os.fsencode(shelf.tree.path)])
    assert whole.job.status is JobStatus.QUEUED
    assert await jobs.claim_next("worker") is None
    for job in running:
        assert job is not None
        await jobs.finish(job)
    claimed = await jobs.claim_next("worker")
    assert claimed is not None
    assert claimed.id == whole.job.id


async def test_a20_the_timeout_is_per_job_and_resolved_when_it_is_queued(shelf: Shelf) -> None:
    paths = [_folder(shelf, "A-M"), _folder(shelf, "N-Z")]
    app = _set(shelf.app, analyzer_scan_job_timeout=120)
    enqueued = await app.analyze(paths, split_paths=True)
    assert [one.job.timeout_s for one in enqueued] == [120, 120]
    jobs = [await shelf.app.jobs.claim_next("worker") for _ in range(2)]
    assert [job.left_us for job in jobs if job] == [120_000_000, 120_000_000]


async def test_a_path_that_no_library_has_becomes_a_root_of_music(shelf: Shelf, tmp_path: Path) -> None:
    outside = [os.fsencode(tmp_path / name) for name in ("new", "newer")]
    for path in outside:
        os.mkdir(path)
    (enqueued,) = await shelf.app.analyze(outside)
    music = await shelf.app.libraries.get(enqueued.job.library_id or 0)
    assert music is not None
    assert music.name == "Music"
    assert {root.path for root in music.roots} >= set(outside)
    # Once more it is known.
    (again,) = await shelf.app.analyze(outside)
    assert again.coalesced
    assert again.job.id == enqueued.job.id
    assert {scope.relative for scope in again.job.scopes} == {b""}


@asynccontextmanager
async def _two_at(url: str) -> AsyncIterator[list[App]]:
    """Two programs with one catalogue."""
    async with open_app(Settings(database_url=url)) as one, open_app(Settings(database_url=url)) as two:
        yield [one, two]


class _SeeTheSame(LibraryRepository):
    """Both requests have looked before one of them writes: what happens when they come at the same moment."""

    def __init__(self, app: App, both: asyncio.Barrier) -> None:
        super().__init__(app.database)
        self._both = both
        self._met = False

    async def all(self) -> list[Library]:
        found = await super().all()
        if not self._met:
            self._met = True
            await self._both.wait()
        return found


async def _at_once(apps: list[App], *requests: Sequence[bytes]) -> list[list[Enqueued] | BaseException]:
    both = asyncio.Barrier(len(apps))
    for app in apps:
        app.libraries = _SeeTheSame(app, both)
    asked = (app.analyze(paths) for app, paths in zip(apps, requests, strict=True))
    return await asyncio.gather(*asked, return_exceptions=True)


@pytest.mark.parametrize("library_is_there", [False, True])
async def test_two_requests_at_once_for_one_new_path_are_one_root_and_one_job(
    database_url: str, tmp_path: Path, library_is_there: bool
) -> None:
    async with _two_at(database_url) as apps:
        if library_is_there:
            await apps[0].libraries.add("Music", "music", [])
        path = os.fsencode(tmp_path)
        jobs = set()
        for found in await _at_once(apps, [path], [path]):
            assert not isinstance(found, BaseException), found
            (enqueued,) = found
            jobs.add(enqueued.job.id)
        (music,) = await apps[0].libraries.all()
        assert [root.path for root in music.roots] == [path]
        assert len(jobs) == 1


@pytest.mark.parametrize("library_is_there", [False, True])
async def test_two_requests_at_once_for_folders_in_one_another_never_make_both_roots(
    database_url: str, tmp_path: Path, library_is_there: bool
) -> None:
    outer, inner = os.fsencode(tmp_path), os.fsencode(tmp_path / "inner")
    os.mkdir(inner)
    async with _two_at(database_url) as apps:
        if library_is_there:
            await apps[0].libraries.add("Music", "music", [])
        of_outer, of_inner = await _at_once(apps, [outer], [inner])
        (music,) = await apps[0].libraries.all()
        (root,) = music.roots
        assert not isinstance(of_inner, BaseException), of_inner
        (enqueued,) = of_inner
        if root.path == outer:
            assert not isinstance(of_outer, BaseException), of_outer
            assert [scope.relative for scope in enqueued.job.scopes] in ([b"inner"], [b""])
        else:
            assert root.path == inner
            assert isinstance(of_outer, RootsBusy)
            assert "is queued" in str(of_outer)


async def test_requests_of_many_processes_for_one_new_path_all_find_the_one_root(
    database_url: str, tmp_path: Path
) -> None:
    ask = (
        "import asyncio, sys\n"
        "from shelfread.app import open_app\n"
        "from shelfread.settings import Settings\n"
        "async def main():\n"
        "    async with open_app(Settings(database_url=sys.argv[1])) as app:\n"
        "        print('ready', flush=True)\n"
        "        sys.stdin.readline()\n"
        "        (found,) = await app.analyze([sys.argv[2].encode()])\n"
        "        print(found.job.id)\n"
        "asyncio.run(main())\n"
    )
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", ask, database_url, str(tmp_path), stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(process.communicate(b"go\n") for process in started))
    assert [process.returncode for process in started] == [0, 0, 0], told
    assert len({out for out, _ in told}) == 1
    async with open_app(Settings(database_url=database_url)) as app:
        (music,) = await app.libraries.all()
        assert [root.path for root in music.roots] == [os.fsencode(tmp_path)]


async def test_a_library_of_another_kind_that_has_the_name_is_told(app: App, tmp_path: Path) -> None:
    await app.libraries.add("Music", "books", [b"/books"])
    with pytest.raises(PathRefused, match="holds no music"):
        await app.analyze([os.fsencode(tmp_path)])
    assert await app.jobs.listed() == []


async def test_paths_inside_one_another_are_the_outer_one(shelf: Shelf) -> None:
    outer, inner = _folder(shelf, "A"), _folder(shelf, "A/B")
    enqueued = await shelf.app.analyze([inner, outer, outer + b"/", outer + b"/./B/.."], split_paths=True)
    assert await _scopes(shelf, enqueued) == [{b"A"}]


@pytest.mark.parametrize(
    "path", [b"relative", b"", b"../up", b"/with\0zero", b"/nowhere/at/all", b"/etc/hostname"]
)
async def test_a_path_that_cannot_be_scanned_is_refused_and_nothing_is_queued(
    shelf: Shelf, path: bytes
) -> None:
    good = _folder(shelf, "good")
    with pytest.raises(PathRefused):
        await shelf.app.analyze([good, path])
    assert await shelf.app.jobs.listed() == []
    assert len(await shelf.app.libraries.all()) == 1


async def test_decision_10_a_path_above_roots_absorbs_them_and_every_row_keeps_its_id(
    app: App, pools: Pools, tmp_path: Path
) -> None:
    trees = [Tree(tmp_path / "outer" / name) for name in ("A", "deep/er/B")]
    for tree in trees:
        tree.add("Artist/Album/one.mp3")
        tree.add("Artist/Album/two.mp3", artist="")
        tree.write("Artist/broken.mp3", b"")
        tree.write(".shelfignore", "nothing/\n")
    music = await app.libraries.add("Music", "music", [os.fsencode(tree.path) for tree in trees])
    shelf = Shelf(app, music.id, trees, pools)
    await shelf.outcome()
    before, problems = await shelf.table("media_files"), await shelf.table("problems")
    outer = os.fsencode(tmp_path / "outer")
    (enqueued,) = await app.analyze([outer])
    (root,) = (await shelf.library()).roots
    assert root.path == outer
    assert enqueued.job.scopes == (Scope(root.id, b""),)
    assert {row["id"]: row["folder_id"] for row in await shelf.table("media_files")} == {
        row["id"]: row["folder_id"] for row in before
    }
    moved = {row["id"]: row["path"] for row in await shelf.table("problems")}
    assert moved.keys() == {row["id"] for row in problems}
    assert set(moved.values()) == {b"A/Artist/broken.mp3", b"deep/er/B/Artist/broken.mp3"}
    folders = {row["id"]: row for row in await shelf.table("folders")}
    for row in folders.values():
        above = folders[row["parent_id"]]["path"] if row["parent_id"] is not None else None
        assert above == (os.path.dirname(row["path"]) if row["path"] else None)
    await app.cancel(enqueued.job.id)
    counts = await shelf.scan()
    assert counts == {"unchanged": 6}
    assert shelf.opened == []
    assert set(await shelf.ids()) == {
        f"{place}/Artist/{name}"
        for place in ("A", "deep/er/B")
        for name in ("Album/one.mp3", "Album/two.mp3", "broken.mp3")
    }


async def test_roots_with_a_job_and_roots_that_are_away_or_links_are_not_absorbed(
    app: App, tmp_path: Path
) -> None:
    inner, outer = tmp_path / "outer" / "inner", os.fsencode(tmp_path / "outer")
    inner.mkdir(parents=True)
    await app.analyze([os.fsencode(inner)])
    with pytest.raises(RootsBusy, match="queued"):
        await app.analyze([outer])
    claimed = await app.jobs.claim_next("worker")
    with pytest.raises(RootsBusy, match="running"):
        await app.analyze([outer])
    assert claimed is not None
    await app.jobs.finish(claimed)
    inner.rename(tmp_path / "away")
    with pytest.raises(RootsBusy, match="is away now"):
        await app.analyze([outer])
    inner.symlink_to(tmp_path / "away")
    with pytest.raises(RootsBusy, match="over a link"):
        await app.analyze([outer])
    assert len((await app.libraries.all())[0].roots) == 1


async def test_a_path_above_a_root_of_another_library_is_refused_with_its_name(shelf: Shelf) -> None:
    await shelf.app.libraries.change(shelf.library_id, name="Records")
    with pytest.raises(Overlap, match="Records"):
        await shelf.app.analyze([os.fsencode(shelf.tree.path.parent)])
    assert await shelf.app.jobs.listed() == []


async def test_only_who_may_add_roots_does(shelf: Shelf, tmp_path: Path) -> None:
    inside, outside = _folder(shelf, "A"), os.fsencode(tmp_path / "elsewhere")
    os.mkdir(outside)
    await shelf.app.analyze([inside], may_add=False)
    with pytest.raises(NewRootsRefused):
        await shelf.app.analyze([inside, outside], may_add=False)
    # What is set as the default was chosen by whoever runs the server.
    await _set(shelf.app, analyzer_paths=(outside,)).analyze(may_add=False)


@pytest.mark.parametrize("path", [b"/", b"/proc", b"/sys/kernel", b"/etc", b"/usr/lib", b"/var", b"/dev/shm"])
async def test_folders_of_the_system_are_refused(app: App, path: bytes) -> None:
    with pytest.raises(PathRefused, match="system"):
        await app.analyze([path])


async def test_allowed_roots_confine_and_links_out_of_them_are_followed(shelf: Shelf, tmp_path: Path) -> None:
    inside, outside = _folder(shelf, "A"), tmp_path / "outside"
    outside.mkdir()
    (shelf.tree.path / "way out").symlink_to(outside)
    app = _set(shelf.app, allowed_roots=(os.fsencode(shelf.tree.path),))
    await app.analyze([inside])
    for path in (outside, shelf.tree.path / "way out", shelf.tree.path / ".." / "outside"):
        with pytest.raises(PathRefused, match="SHELFREAD_ALLOWED_ROOTS"):
            await app.analyze([os.fsencode(path)])


async def test_the_data_folder_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    app = _set(shelf.app, data_dir=tmp_path / "data")
    (tmp_path / "data" / "covers").mkdir(parents=True)
    with pytest.raises(PathRefused, match="data folder"):
        await app.analyze([os.fsencode(tmp_path / "data" / "covers")])


async def test_a_part_that_is_gone_is_scanned_so_that_it_goes_missing(shelf: Shelf) -> None:
    shelf.tree.add("A/one.mp3")
    shelf.tree.add("B/two.mp3")
    await shelf.scan()
    shelf.tree.delete("A")
    (enqueued,) = await shelf.app.analyze([os.fsencode(shelf.tree.path / "A")])
    assert enqueued.job.scopes == (Scope((await shelf.library()).roots[0].id, b"A"),)


async def test_names_that_are_no_text_are_paths_too(shelf: Shelf) -> None:
    folder = os.path.join(os.fsencode(shelf.tree.path), b"\xff\xfe")
    os.mkdir(folder)
    (enqueued,) = await shelf.app.analyze([folder])
    assert await _scopes(shelf, [enqueued]) == [{b"\xff\xfe"}]


async def test_wanted_leaves_the_default_list_as_it_is() -> None:
    default = (b"/a", b"/b")
    assert wanted(None, default) == [b"/a", b"/b"]
    assert wanted([b"/c"], default) == [b"/c"]


async def _stored(shelf: Shelf, value: int | None) -> None:
    async def work(connection: Any) -> None:
        await config.put(connection, config.ANALYZER_SCAN_JOB_TIMEOUT, value)

    await shelf.app.database.write(work)


async def test_a9_a10_what_is_stored_counts_at_every_enqueue_and_queued_jobs_keep_it(
    shelf: Shelf,
) -> None:
    first, second, third = (_folder(shelf, name) for name in ("A-M", "N-Z", "Other"))
    jobs = shelf.app.jobs
    (early,) = await shelf.app.analyze([first])
    await _stored(shelf, 600)
    (late,) = await shelf.app.analyze([second])
    library = await shelf.library()
    asked = await shelf.app.request_scan(library, [Scope(library.roots[0].id, b"Asked")])
    await _stored(shelf, 700)
    assert (await jobs.cancel(early.job.id)) is not None
    again = await shelf.app.retry(early.job.id)
    assert again is not None
    await _stored(shelf, None)
    (last,) = await shelf.app.analyze([third])
    told = [early, late, asked, again, last]
    assert [one.job.timeout_s for one in told] == [21_600, 600, 600, 700, 21_600]
    kept = [await jobs.get(one.job.id) for one in told]
    assert [job.timeout_s for job in kept if job] == [21_600, 600, 600, 700, 21_600]


async def test_a15_each_part_settles_what_is_missing_in_its_own_paths_only(shelf: Shelf) -> None:
    for part in ("A-M", "N-Z"):
        shelf.tree.add(f"{part}/goes.mp3")
        shelf.tree.add(f"{part}/stays.mp3")
    await shelf.scan()
    shelf.tree.delete("A-M/goes.mp3")
    shelf.tree.delete("N-Z/goes.mp3")
    assert await shelf.scan(within=[(0, "A-M")]) == {"removed": 1, "unchanged": 1}
    assert await shelf.missing() == {"A-M/goes.mp3"}
    assert await shelf.scan(within=[(0, "N-Z")]) == {"removed": 1, "unchanged": 1}
    assert await shelf.missing() == {"A-M/goes.mp3", "N-Z/goes.mp3"}


@pytest.mark.parametrize("form", ["json", "commas"])
async def test_a16_the_default_list_comes_from_the_environment(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    paths = [os.fsdecode(_folder(shelf, name)) for name in ("A-M", "N-Z")]
    monkeypatch.setenv("SHELFREAD_ANALYZER_PATHS", json.dumps(paths) if form == "json" else ",".join(paths))
    app = _set(shelf.app, analyzer_paths=read_settings().analyzer_paths)
    assert await _scopes(shelf, await app.analyze()) == [{b"A-M", b"N-Z"}]
