"""A person's word for what a scan would not decide (DESIGN rule 1): all at once or root by root."""

from __future__ import annotations

import pytest

from shelfread.app.holding import waiting
from shelfread.app.reports import Confirmed
from tests.conftest import NewShelf, Shelf, Tree
from tests.scan import unplugging

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
