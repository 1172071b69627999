"""A person's word for what a scan would not decide (DESIGN rule 1): all at once or root by root."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from shelfread.app.holding import waiting
from shelfread.app.reports import Confirmed
from shelfread.model.library import OddRoot
from shelfread.scan import judge
from shelfread.scan.plan import RootsUnavailable
from tests.conftest import NewShelf, Shelf, Tree
from tests.scan import unplugging
from tests.scan.unplugging import Plug, Walkers

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _full(shelf: Shelf, count: int = 25) -> None:
    for tree in shelf.trees:
        for number in range(count):
            tree.add(f"Ada/First/{number:02} one.mp3", seed=number)
        tree.add("Bea/Second/two.mp3", seed=99)
    await shelf.scan()


async def test_what_is_held_and_hidden_by_a_rule_is_settled_by_the_same_word(
    shelf: Shelf, new_shelf: NewShelf
) -> None:
    await _full(shelf, 30)
    for number in range(25):
        shelf.tree.delete(f"Ada/First/{number:02} one.mp3")
    shelf.tree.write("Ada/.shelfignore", "29*\n")
    assert (await shelf.outcome()).held == 26
    assert await shelf.app.confirm(await shelf.library()) == Confirmed(26, 0, 0, left_out=1)
    reasons = {name[-10:-8]: row["missing_reason"] for name, row in (await shelf.files()).items()}
    assert (reasons["24"], reasons["29"], reasons["28"]) == ("gone", "left_out", None)
    assert await shelf.scan() == {"unchanged": 5}
    await new_shelf.as_if_new(shelf)


async def test_nothing_is_marked_below_a_root_that_is_away_when_the_word_is_given(shelf: Shelf) -> None:
    await _full(shelf)
    shelf.tree.delete("Ada")
    assert (await shelf.outcome()).held == 25
    plug = unplugging.empty(shelf.tree.path)
    plug.pull()
    assert await shelf.app.confirm(await shelf.library()) == Confirmed(0, 0, 0, away=25)
    assert await shelf.missing() == set()
    plug.put_back()
    assert (await shelf.app.confirm(await shelf.library())).missing == 25


async def test_a_word_may_be_for_one_root_only(
    new_shelf: NewShelf, database_kind: str, tmp_path: object
) -> None:
    trees = [Tree(tmp_path / name) for name in ("one", "two")]  # type: ignore[operator]
    shelf = await new_shelf(database_kind, trees=trees)
    await _full(shelf)
    for tree in shelf.trees:
        tree.delete("Ada")
    assert (await shelf.outcome()).held == 50
    library = await shelf.library()
    first, second = await waiting(shelf.app, library, 10)
    assert [(one.code, one.files, len(one.examples)) for one in (first, second)] == [
        ("mass_removal_held", 25, 5), ("mass_removal_held", 25, 5),
    ]  # fmt: skip
    assert await waiting(shelf.app, library, 10, after=first.place.id) == [second]
    assert await shelf.app.confirm(library, {first.place.root_id}) == Confirmed(25, 0, 0)
    assert await waiting(shelf.app, library, 10) == [second]
    assert await shelf.app.reject(library, {first.place.root_id}) == 0
    assert await shelf.app.reject(library) == 25
    assert await waiting(shelf.app, library, 10) == []
    # Both disks are others now, and only one of them is right.
    plugs = [unplugging.another(tree.path, "Zed/Other/9.mp3") for tree in shelf.trees]
    for plug in plugs:
        plug.pull()
    with pytest.raises(Exception, match="another filesystem"):
        await shelf.outcome()
    first, second = await waiting(shelf.app, library, 10)
    assert {(one.code, one.can_be_confirmed) for one in (first, second)} == {("other_disk", True)}
    assert (await shelf.app.confirm(await shelf.library(), {first.place.root_id})).roots == 1
    assert [one.place.confirmed for one in await waiting(shelf.app, library, 10)] == [True, False]
    outcome = await shelf.outcome()
    assert (outcome.counters.removed, len(outcome.unavailable)) == (1, 1)


def _way_out(sort: str, path: Path) -> Plug:
    if sort == "another":
        return unplugging.another(path, "Zed/Other/9.mp3")
    return unplugging.empty(path) if sort == "empty" else unplugging.missing(path)


async def _wrong(shelf: Shelf, sort: str) -> Plug:
    """A root that looks wrong, as a scan has noted."""
    await _full(shelf)
    plug = _way_out(sort, shelf.tree.path)
    plug.pull()
    with pytest.raises(RootsUnavailable):
        await shelf.outcome()
    return plug


async def _confirmed(shelf: Shelf, sort: str) -> Plug:
    """One of which somebody says that it is right."""
    plug = await _wrong(shelf, sort)
    assert await shelf.app.confirm(await shelf.library()) == Confirmed(0, 0, 1)
    return plug


@pytest.mark.parametrize("sort", ["missing", "empty", "another"])
async def test_a_root_that_is_back_when_the_word_is_given_is_asked_of_as_ever(
    shelf: Shelf, sort: str
) -> None:
    """Rule 1: the word was for what looked wrong, and that is over."""
    plug = await _wrong(shelf, sort)
    plug.put_back()
    shelf.tree.delete("Ada")
    assert await shelf.app.confirm(await shelf.library()) == Confirmed(0, 0, 0, back=1)
    assert (await shelf.outcome()).held == 25
    assert await shelf.missing() == set()


@pytest.mark.parametrize("sort", ["empty", "another"])
async def test_a_word_is_void_once_the_root_is_back(shelf: Shelf, sort: str) -> None:
    plug = await _confirmed(shelf, sort)
    plug.put_back()
    shelf.tree.delete("Ada")
    assert (await shelf.outcome()).held == 25
    assert await shelf.missing() == set()
    assert not (await shelf.library()).roots[0].confirmed


@pytest.mark.parametrize(
    ("first", "then"), [("empty", "another"), ("another", "empty"), ("empty", "missing")]
)
async def test_a_word_for_one_thing_that_looks_wrong_is_none_for_another(
    shelf: Shelf, first: str, then: str
) -> None:
    plug = await _confirmed(shelf, first)
    plug.put_back()
    plug = _way_out(then, shelf.tree.path)
    plug.pull()
    with pytest.raises(RootsUnavailable):
        await shelf.outcome()
    assert not (await shelf.library()).roots[0].confirmed
    plug.put_back()
    assert await shelf.scan() == {"unchanged": 26}


async def test_of_a_root_that_cannot_be_listed_nobody_can_say_that_it_is_right(shelf: Shelf) -> None:
    await _wrong(shelf, "missing")
    (one,) = await waiting(shelf.app, await shelf.library(), 10)
    assert (one.code, one.can_be_confirmed) == ("root_unavailable", False)
    assert await shelf.app.confirm(await shelf.library()) == Confirmed(0, 0, 0, unlisted=1)
    # Whatever is there next, an empty folder for one, is looked at with open eyes.
    os.mkdir(shelf.tree.path)
    with pytest.raises(RootsUnavailable, match="is empty"):
        await shelf.outcome()
    assert await shelf.missing() == set()


async def test_a_word_does_not_hold_for_a_disk_that_goes_while_it_is_scanned(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _confirmed(shelf, "another")
    walkers = Walkers()
    try:
        monkeypatch.setattr(shelf.pools, "walkers", walkers)

        def emptied() -> None:
            shutil.rmtree(shelf.tree / "Zed")

        empty = Plug(emptied, lambda: None)
        walkers.before = lambda folder: empty.pull() if folder == b"Zed" else None
        outcome = await shelf.outcome()
    finally:
        walkers.close()
    assert empty.out
    assert (outcome.counters.removed, outcome.held, len(outcome.unavailable)) == (0, 0, 1)
    assert await shelf.missing() == set()


async def test_a_word_for_one_other_disk_is_none_for_a_third_one(shelf: Shelf) -> None:
    plug = await _confirmed(shelf, "another")
    plug.put_back()
    shelf.tree.path.rename(shelf.tree.path.with_name("kept"))
    shelf.tree.write("PUT THE DISK HERE", "x")
    with pytest.raises(RootsUnavailable, match="another filesystem"):
        await shelf.outcome()
    assert await shelf.missing() == set()


async def test_a_word_does_not_hold_for_a_disk_that_another_one_takes_the_place_of_meanwhile(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _confirmed(shelf, "another")
    walkers = Walkers()

    def changed() -> None:
        shelf.tree.path.rename(shelf.tree.path.with_name("second"))
        shelf.tree.write("PUT THE DISK HERE", "x")

    third = Plug(changed, lambda: None)
    walkers.before = lambda folder: third.pull() if folder == b"Zed" else None
    try:
        monkeypatch.setattr(shelf.pools, "walkers", walkers)
        outcome = await shelf.outcome()
    finally:
        walkers.close()
    assert third.out
    assert (outcome.counters.removed, outcome.held, len(outcome.unavailable)) == (0, 0, 1)
    assert await shelf.missing() == set()


async def test_a_scan_of_a_part_does_not_use_up_a_word_for_the_root(shelf: Shelf) -> None:
    await _confirmed(shelf, "another")
    assert (await shelf.outcome(within=[(0, "Zed")])).unavailable == []
    assert (await shelf.library()).roots[0].confirmed
    assert (await shelf.outcome()).counters.removed == 26
    assert not (await shelf.library()).roots[0].confirmed


@pytest.mark.parametrize("sort", ["empty", "another"])
async def test_a_word_counts_until_a_scan_of_the_whole_root_has_ended(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    await _confirmed(shelf, sort)

    async def breaks(*_: object) -> None:
        raise OSError(5, "the worker dies")

    with monkeypatch.context() as patched:
        patched.setattr(judge.Judge, "over", breaks)
        with pytest.raises(OSError, match="dies"):
            await shelf.outcome()
    assert (await shelf.library()).roots[0].confirmed
    outcome = await shelf.outcome()
    assert (outcome.counters.removed, outcome.held) == (26, 0)
    assert not (await shelf.library()).roots[0].confirmed
    assert "root_unavailable" not in {code for _, code in await shelf.problems()}


@pytest.mark.parametrize(
    ("first", "then"), [("missing", "empty"), ("empty", "another"), ("another", "empty")]
)
async def test_a_root_that_looks_wrong_in_another_way_is_not_confirmed_unseen(
    shelf: Shelf, first: str, then: str
) -> None:
    plug = await _wrong(shelf, first)
    plug.put_back()
    _way_out(then, shelf.tree.path).pull()
    assert await shelf.app.confirm(await shelf.library()) == Confirmed(0, 0, 0, changed=1)
    assert not (await shelf.library()).roots[0].confirmed


async def test_a_word_is_not_taken_for_what_a_scan_noted_meanwhile(shelf: Shelf) -> None:
    await _full(shelf)
    (root,) = (await shelf.library()).roots
    plug = _way_out("empty", shelf.tree.path)
    plug.pull()
    with pytest.raises(RootsUnavailable):
        await shelf.outcome()
    libraries = shelf.app.libraries
    assert await libraries.confirm(shelf.library_id, odd=[OddRoot(root.id, "is something else", "x")]) == 0
    assert not (await shelf.library()).roots[0].confirmed
