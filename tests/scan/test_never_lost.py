"""What must not be taken for gone: a disk that blinks, a name that cannot be looked at, a hold elsewhere.

Each of these once marked items missing, or let go of a hold, that had to stay.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import pytest

from shelfread.model.job import Scope
from shelfread.scan.folder import FolderListing, FolderTask, WalkRules
from shelfread.scan.reconcile import Reconciler
from shelfread.store import clock
from tests.conftest import NewShelf, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


class _Seen:
    """A walker pool whose listings a test may change, or at whose listings it may do something."""

    def __init__(self, pool: Any, change: Any) -> None:
        self._pool = pool
        self._change = change
        self.size = pool.size

    async def look(self, rules: WalkRules, tasks: Sequence[FolderTask]) -> list[FolderListing]:
        self._change(None)
        found = await self._pool.look(rules, tasks)
        return [self._change(listing) or listing for listing in found]


async def test_a_folder_that_is_away_only_while_it_is_listed_loses_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        shelf.tree.add(f"A/{number}.mp3")
    shelf.tree.add("B/stays.mp3")
    await shelf.scan()
    away = shelf.tree.path.parent / "away"

    def blink(listing: FolderListing | None) -> None:
        if listing is None and (shelf.tree / "A").exists() and not away.exists():
            (shelf.tree / "A").rename(away)
        elif listing is not None and away.exists():
            away.rename(shelf.tree / "A")

    monkeypatch.setattr(shelf.pools, "walkers", _Seen(shelf.pools.walkers, blink))
    outcome = await shelf.app.scan(await shelf.library(), pools=shelf.pools)
    monkeypatch.undo()
    assert (outcome.outcome.counters.removed, outcome.outcome.held) == (0, 0)
    assert await shelf.missing() == set()
    assert await shelf.scan() == {"unchanged": 31}
    assert await shelf.missing() == set()


async def test_a_folder_whose_name_cannot_be_looked_at_loses_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        shelf.tree.add(f"A/{number}.mp3")
    shelf.tree.add("stays.mp3")
    await shelf.scan()

    def hide(listing: FolderListing | None) -> FolderListing | None:
        if listing is None or listing.relative:
            return None
        return listing._replace(
            digest=b"other digest....",
            unchanged=False,
            subfolders=(),
            entries=(),
            problems=((b"A", "io_error", "Input/output error"), (b"stays.mp3", "io_error", "the same")),
        )

    monkeypatch.setattr(shelf.pools, "walkers", _Seen(shelf.pools.walkers, hide))
    outcome = await shelf.app.scan(await shelf.library(), pools=shelf.pools)
    assert (outcome.outcome.counters.removed, outcome.outcome.held) == (0, 0)
    assert await shelf.missing() == set()


async def test_a_root_that_goes_away_after_the_first_look_loses_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        shelf.tree.add(f"{number}.mp3")
    await shelf.scan()
    away = shelf.tree.path.parent / "away"

    def unplug(listing: FolderListing | None) -> None:
        if listing is None and not away.exists():
            shelf.tree.path.rename(away)
            shelf.tree.path.mkdir()

    monkeypatch.setattr(shelf.pools, "walkers", _Seen(shelf.pools.walkers, unplug))
    outcome = await shelf.app.scan(await shelf.library(), pools=shelf.pools)
    monkeypatch.undo()
    assert outcome.outcome.counters.removed == 0
    assert [reason for _, reason in outcome.outcome.unavailable] != []
    assert await shelf.missing() == set()
    assert {code for _, code in await shelf.problems()} == {"root_unavailable"}
    shelf.tree.path.rmdir()
    away.rename(shelf.tree.path)
    assert await shelf.scan() == {"unchanged": 5}
    assert await shelf.problems() == set()


async def test_new_files_do_not_make_a_mass_removal_small(shelf: Shelf) -> None:
    for number in range(30):
        shelf.tree.add(f"old/{number}.mp3")
    await shelf.scan()
    shelf.tree.delete("old")
    for number in range(130):
        shelf.tree.add(f"new/{number}.mp3")
    outcome = await shelf.outcome()
    assert (outcome.counters.added, outcome.counters.removed, outcome.held) == (130, 0, 30)


async def test_a_scan_of_one_part_leaves_the_hold_of_another(shelf: Shelf) -> None:
    for number in range(30):
        shelf.tree.add(f"A/{number}.mp3")
    shelf.tree.add("B/stays.mp3")
    await shelf.scan()
    shelf.tree.delete("A")
    assert (await shelf.outcome()).held == 30
    await shelf.outcome(within=[(0, "B")])
    assert await shelf.problems() == {("", "mass_removal_held")}


async def test_the_problems_of_odd_names_go_with_their_folder(shelf: Shelf) -> None:
    shelf.tree.add("A/song.mp3")
    shelf.tree.add("B/stays.mp3")
    os.mkfifo(shelf.tree / "A/pipe.mp3")
    await shelf.outcome()
    assert await shelf.problems() == {("A/pipe.mp3", "not_a_file")}
    shelf.tree.delete("A")
    await shelf.outcome()
    assert await shelf.problems() == set()


async def test_a_move_is_seen_when_its_target_was_scanned_first(shelf: Shelf) -> None:
    shelf.tree.add("A/song.mp3", album="One")
    shelf.tree.add("B/other.mp3", album="Two")
    await shelf.scan()
    before = await shelf.ids()
    shelf.tree.move("A/song.mp3", "B/song.mp3")
    await shelf.scan(within=[(0, "B")])
    assert await shelf.scan() == {"moved": 1, "unchanged": 1}
    assert (await shelf.ids())["B/song.mp3"] == before["A/song.mp3"]


async def test_a_young_picture_keeps_its_folder_due(new_shelf: NewShelf) -> None:
    shelf = await new_shelf(settle_seconds=3600, options=None)
    shelf.tree.write("A/cover.jpg", b"\xff\xd8\xff\xe0")
    await shelf.outcome()
    digests = {row["path"]: row["digest"] for row in await shelf.table("folders")}
    assert digests[b"A"] is None


@pytest.mark.parametrize("retagged", [False, True])
async def test_a_file_that_moves_on_after_a_scan_that_did_not_end_keeps_its_id(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, retagged: bool
) -> None:
    """What the unfinished scan saw in between is a stop on the way, and no second file."""
    shelf.tree.add("A/one.mp3", title="One")
    shelf.tree.add("A/two.mp3", title="Two")
    await shelf.scan()
    before = (await shelf.files())["A/one.mp3"]

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("it ends here")

    shelf.tree.move("A/one.mp3", "B/one.mp3")
    library = await shelf.library()
    monkeypatch.setattr(Reconciler, "finish", broken)
    with pytest.raises(RuntimeError):
        await shelf.app.scan(library, pools=shelf.pools)
    monkeypatch.undo()
    assert (await shelf.files()).keys() == {"A/one.mp3", "A/two.mp3", "B/one.mp3"}
    shelf.tree.move("B/one.mp3", "C/one.mp3")
    if retagged:
        shelf.tree.retag("C/one.mp3", title="Another")
    outcome = await shelf.app.scan(await shelf.library(), pools=shelf.pools)
    assert outcome.outcome.counters.moved == 1
    after = (await shelf.files())["C/one.mp3"]
    assert (after["id"], after["added_at"]) == (before["id"], before["added_at"])


async def test_a_file_keeps_its_id_though_a_part_was_scanned_by_a_machine_whose_clock_is_ahead(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a scan of everything adds after it, and does not settle, is new to the next scan of that part."""
    shelf.tree.add("A/one.mp3", title="One")
    shelf.tree.add("B/two.mp3", title="Two")
    await shelf.scan()
    before = (await shelf.files())["A/one.mp3"]
    library = await shelf.library()
    part = [Scope(library.roots[0].id, b"A")]
    with monkeypatch.context() as ahead:
        ahead.setattr(clock, "now_us", lambda: time.time_ns() // 1000 + 6 * 3600 * 1_000_000)
        await shelf.app.scan(library, part, pools=shelf.pools)

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("it ends here")

    shelf.tree.move("A/one.mp3", "A/Moved/one.mp3")
    with monkeypatch.context() as killed:
        killed.setattr(Reconciler, "finish", broken)
        with pytest.raises(RuntimeError):
            await shelf.app.scan(library, pools=shelf.pools)
    outcome = await shelf.app.scan(library, part, pools=shelf.pools)
    assert outcome.outcome.counters.moved == 1
    after = (await shelf.files())["A/Moved/one.mp3"]
    assert (after["id"], after["added_at"]) == (before["id"], before["added_at"])
