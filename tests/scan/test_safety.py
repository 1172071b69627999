"""Readers are not trusted (DESIGN rules 2 and 13): one that misbehaves costs its file, in a whole scan."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from shelfread.app import KINDS
from shelfread.tasks.library_scan import KindParts, PoolSizes, warm
from tests import catalogue
from tests.conftest import NewShelf, Shelf
from tests.scan import hostile_music
from tests.scan.hostile import children
from tests.scan.hostile_music import EVIL

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _parts(name: str) -> KindParts:
    return KindParts(
        getattr(hostile_music, name), f"tests.scan.hostile_music:{name}", KINDS["music"].catalogue
    )


def _sizes(timeout: float = 20.0) -> PoolSizes:
    return PoolSizes(parsers=2, walkers=1, file_timeout_s=timeout, memory_limit=128 << 20)


def _spoil(shelf: Shelf, name: str) -> None:
    path = shelf.tree.add(name)
    path.write_bytes(EVIL + path.read_bytes())


@pytest.mark.parametrize(
    ("kind", "database", "code"),
    [
        ("ABORTS", "sqlite", "parser_crashed"),
        ("ABORTS", "postgresql", "parser_crashed"),
        ("SEGFAULTS", "sqlite", "parser_crashed"),
        ("RAISES", "sqlite", "parser_crashed"),
        ("HANGS", "sqlite", "parser_timeout"),
        ("EATS", "sqlite", "parser_oom"),
        ("GARBAGE", "sqlite", "parser_output"),
    ],
)
async def test_a_reader_that_misbehaves_costs_its_file_once(
    new_shelf: NewShelf, kind: str, database: str, code: str
) -> None:
    shelf = await new_shelf(database)
    for number in range(6):
        shelf.tree.add(f"Ann/First/{number} good.mp3")
    shelf.tree.add("Bob/Second/1 good.flac")
    _spoil(shelf, "Ann/First/07 - Evil Song.mp3")
    async with warm(_parts(kind), _sizes(0.5 if code == "parser_timeout" else 20.0)) as pools:
        shelf.pools = pools
        assert await shelf.scan() == {"added": 7, "failed": 1}
        assert await shelf.problems() == {("Ann/First/07 - Evil Song.mp3", code)}
        files, tracks = await shelf.files(), await shelf.tracks()
        assert {name: row["status"] for name, row in files.items() if row["status"] != "ready"} == {
            "Ann/First/07 - Evil Song.mp3": "error"
        }
        # It stands there under its name, and the rest in full.
        assert tracks["Ann/First/07 - Evil Song.mp3"]["title"] == "Evil Song"
        assert tracks["Bob/Second/1 good.flac"]["codec"]
        assert await shelf.artists() >= {"Ann", "Bob"}

        before = catalogue.kept(await catalogue.rows(shelf.database))
        assert await shelf.scan() == {"unchanged": 8}
        assert shelf.opened == []
        assert catalogue.kept(await catalogue.rows(shelf.database)) == before

        # Nor when something beside it changes.
        shelf.tree.add("Ann/First/8 new.mp3")
        shelf.tree.retag("Ann/First/0 good.mp3", artist="Ann", album="First", title="Other")
        assert await shelf.scan() == {"added": 1, "updated": 1, "unchanged": 7}
        assert sorted(map(os.path.basename, shelf.opened)) == ["0 good.mp3", "8 new.mp3"]
        assert await shelf.problems() == {("Ann/First/07 - Evil Song.mp3", code)}

        # A rescan is somebody who asks for it.
        assert await shelf.scan(rescan=True) == {"unchanged": 8, "failed": 1}
        assert await shelf.problems() == {("Ann/First/07 - Evil Song.mp3", code)}

        shelf.tree.add("Ann/First/07 - Evil Song.mp3", title="Good at last")
        assert await shelf.scan() == {"updated": 1, "unchanged": 8}
        assert await shelf.problems() == set()
        assert (await shelf.tracks())["Ann/First/07 - Evil Song.mp3"]["title"] == "Good at last"
        assert await shelf.scan() == {"unchanged": 9}
    running = children()
    assert not running & set(pools.parsers.pids)


async def test_many_bad_files_cost_only_themselves(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    for number in range(40):
        shelf.tree.add(f"Ann/First/good {number:02}.mp3", seed=number)
    for number in range(8):
        _spoil(shelf, f"Ann/First/{number} bad.mp3")
    async with warm(_parts("ABORTS"), _sizes()) as pools:
        shelf.pools = pools
        assert await shelf.scan() == {"added": 40, "failed": 8}
    assert await shelf.problems() == {(f"Ann/First/{n} bad.mp3", "parser_crashed") for n in range(8)}


async def test_a_newer_reader_tries_a_bad_file_again(
    new_shelf: NewShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = await new_shelf()
    shelf.tree.add("Ann/First/good.mp3")
    _spoil(shelf, "Ann/First/bad.mp3")
    shelf.tree.add("Ann/First/other.mp3")
    calm = shelf.pools
    async with warm(_parts("RAISES"), _sizes()) as pools:
        shelf.pools = pools
        await shelf.scan()
        assert await shelf.problems() == {("Ann/First/bad.mp3", "parser_crashed")}
    shelf.pools = calm
    assert await shelf.scan() == {"unchanged": 3}
    monkeypatch.setattr(type(KINDS["music"].kind), "version", KINDS["music"].kind.version + 1)
    await shelf.scan()
    assert len(shelf.opened) == 3
    assert ("Ann/First/bad.mp3", "parser_crashed") not in await shelf.problems()
    await shelf.scan()
    assert shelf.opened == []


@pytest.mark.parametrize("ignore_ctime", [False, True])
async def test_a_file_that_kept_changing_is_read_when_it_has_come_to_rest(
    new_shelf: NewShelf, ignore_ctime: bool
) -> None:
    from shelfread.model.library import LibraryOptions

    shelf = await new_shelf(options=LibraryOptions(ignore_ctime=ignore_ctime))
    shelf.tree.add("Ann/First/calm.mp3")
    shelf.tree.add("Bob/Second/restless.mp3", title="Restless")
    busy = shelf.tree.write("Bob/Second/busy.txt", "")
    async with warm(_parts("TOUCHES_ALWAYS"), _sizes()) as pools:
        shelf.pools = pools
        assert await shelf.scan() == {"added": 1, "failed": 1}
        assert await shelf.problems() == {("Bob/Second/restless.mp3", "changed_while_read")}
        # Nothing that was read half way is believed; its name is.
        assert (await shelf.tracks())["Bob/Second/restless.mp3"]["codec"] is None
        busy.unlink()
        counters = await shelf.scan()
        assert counters == {"updated": 1, "unchanged": 1}
        assert await shelf.problems() == set()
        assert (await shelf.tracks())["Bob/Second/restless.mp3"]["codec"]
        assert await shelf.scan() == {"unchanged": 2}
        assert shelf.opened == []


async def test_a_file_that_is_appended_to_while_it_is_read_is_read_again_later(new_shelf: NewShelf) -> None:
    shelf = await new_shelf()
    shelf.tree.add("Ann/First/calm.mp3")
    path = shelf.tree.add("Bob/Second/growing.mp3")
    busy = shelf.tree.write("Bob/Second/busy.txt", "")
    async with warm(_parts("GROWS"), _sizes()) as pools:
        shelf.pools = pools
        scanning = asyncio.create_task(shelf.outcome())
        with path.open("ab", buffering=0) as file:
            while not scanning.done():
                file.write(b"\0" * 10)
                await asyncio.sleep(0.001)
        counters = (await scanning).counters
        assert (counters.added, counters.failed) == (1, 1)
        assert await shelf.problems() == {("Bob/Second/growing.mp3", "changed_while_read")}
        busy.unlink()
        await shelf.scan()
        assert ("Bob/Second/growing.mp3", "changed_while_read") not in await shelf.problems()
        assert (await shelf.files())["Bob/Second/growing.mp3"]["size"] == path.stat().st_size
        await shelf.scan()
        assert shelf.opened == []


# What others do while a scan runs


class _Meddling:
    """Something of the pools, with a deed that is done before its next use."""

    def __init__(self, genuine: Any, method: str, deed: Any) -> None:
        self._genuine = genuine
        self._method = method
        self._deed = deed

    def __getattr__(self, name: str) -> Any:
        genuine = getattr(self._genuine, name)
        if name != self._method:
            return genuine

        async def meddled(*arguments: Any) -> Any:
            self._deed(*arguments)
            return await genuine(*arguments)

        return meddled


async def test_a_file_that_goes_before_it_is_read_is_skipped_and_settled_by_the_next_scan(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.tree.add("Ann/First/stays.mp3")
    path = shelf.tree.add("Ann/First/goes.mp3")
    deed = _Meddling(shelf.pools.parsers, "read", lambda _chunk: path.unlink(missing_ok=True))
    with monkeypatch.context() as patched:
        patched.setattr(shelf.pools, "parsers", deed)
        assert await shelf.scan() == {"added": 1, "skipped": 1}
    assert set(await shelf.files()) == {"Ann/First/stays.mp3"}
    assert await shelf.problems() == set()
    assert await shelf.scan() == {"unchanged": 1}
    # The same for one that was known: it is missing only once a listing says so.
    path = shelf.tree.add("Ann/First/stays.mp3", title="changed")
    with monkeypatch.context() as patched:
        patched.setattr(shelf.pools, "parsers", deed)
        assert await shelf.scan() == {"skipped": 1}
    assert await shelf.missing() == set()
    shelf.tree.add("Ann/First/other.mp3")
    assert await shelf.scan() == {"added": 1, "removed": 1}
    assert await shelf.missing() == {"Ann/First/stays.mp3"}


async def test_a_folder_that_goes_before_it_is_listed_is_settled_by_the_next_scan(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ann/First/a.mp3", "Bob/Second/b.mp3", "Cid/Third/c.mp3"):
        shelf.tree.add(name)
    await shelf.scan()
    ids = await shelf.ids()

    def deed(_rules: Any, tasks: Any) -> None:
        if any(task.relative == b"Bob/Second" for task in tasks):
            shelf.tree.delete("Bob/Second")

    shelf.tree.add("Ann/First/new.mp3")
    with monkeypatch.context() as patched:
        patched.setattr(shelf.pools, "walkers", _Meddling(shelf.pools.walkers, "look", deed))
        assert await shelf.scan() == {"added": 1, "unchanged": 2}
    assert await shelf.missing() == set()
    assert await shelf.problems() == set()
    assert await shelf.scan() == {"unchanged": 3, "removed": 1}
    assert await shelf.missing() == {"Bob/Second/b.mp3"}
    assert {name: row["id"] for name, row in (await shelf.files()).items() if name in ids} == ids


async def test_a_root_that_goes_in_the_middle_marks_nothing_missing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("Ann/First/a.mp3", "Bob/Second/b.mp3"):
        shelf.tree.add(name)
    await shelf.scan()
    looked = 0

    def deed(_rules: Any, _tasks: Any) -> None:
        nonlocal looked
        looked += 1
        if looked == 2:
            shelf.tree.path.rename(tmp_path / "away")

    with monkeypatch.context() as patched:
        patched.setattr(shelf.pools, "walkers", _Meddling(shelf.pools.walkers, "look", deed))
        outcome = await shelf.outcome()
    assert outcome.counters.removed == 0
    assert await shelf.missing() == set()
    (tmp_path / "away").rename(shelf.tree.path)
    assert await shelf.scan() == {"unchanged": 2}
