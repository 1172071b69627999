"""`scan.roots`: a disk that is away looks like trouble, never like an empty shelf (DESIGN rule 1)."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from shelfread.model.job import JobStatus
from shelfread.model.library import Root, RootState
from shelfread.scan import roots as module
from shelfread.scan.plan import RootsUnavailable
from shelfread.scan.roots import check
from shelfread.store import jobs
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _root(shelf: Shelf) -> Root:
    return (await shelf.library()).roots[0]


async def _fill(shelf: Shelf, count: int = 10) -> None:
    for number in range(count):
        shelf.tree.add(f"Ann/Album/{number:02}.mp3", seed=1)
    await shelf.outcome()


def _elsewhere(root: Root) -> Root:
    """The root as if another filesystem had been there when it was last believed."""
    return dataclasses.replace(root, identity=f"{root.identity} of yesterday")


async def test_a_new_root_is_believed_and_its_filesystem_remembered(shelf: Shelf) -> None:
    found = await check(shelf.database, await _root(shelf))
    assert found.reason is None
    assert found.identity
    await _fill(shelf)
    root = await _root(shelf)
    assert (root.state, root.identity, root.reason) == (RootState.AVAILABLE, found.identity, None)


async def test_a_root_without_a_file_is_believed_while_none_is_known(shelf: Shelf) -> None:
    await shelf.outcome()
    assert (await check(shelf.database, await _root(shelf))).reason is None
    assert (await _root(shelf)).state is RootState.AVAILABLE


@pytest.mark.parametrize("sort", ["gone", "a file", "a broken link", "a fifo"])
async def test_a_root_that_cannot_be_listed_is_not_believed(shelf: Shelf, sort: str) -> None:
    await _fill(shelf)
    path = shelf.tree.path
    shutil.move(path, path.with_name("away"))
    if sort == "a file":
        path.write_bytes(b"x")
    elif sort == "a broken link":
        path.symlink_to("nowhere")
    elif sort == "a fifo":
        os.mkfifo(path)
    for root in (await _root(shelf), dataclasses.replace(await _root(shelf), confirmed=True)):
        found = await check(shelf.database, root)
        assert found.reason is not None
        assert found.reason.startswith("cannot be listed: ")
        assert found.identity is None


async def test_an_empty_root_is_not_believed_while_files_are_known(shelf: Shelf) -> None:
    await _fill(shelf)
    path = shelf.tree.path
    shutil.move(path, path.with_name("away"))
    path.mkdir()
    root = await _root(shelf)
    found = await check(shelf.database, root)
    assert found.reason == "is empty, but the catalogue knows files in it"
    told = dataclasses.replace(root, confirmed=True, reason=found.reason, confirmed_as=found.identity)
    confirmed = await check(shelf.database, told)
    assert (confirmed.reason, confirmed.by_word) == (None, True)
    # Nobody has said so of an empty one.
    other = await check(shelf.database, dataclasses.replace(told, reason="is another filesystem than before"))
    assert other.reason == found.reason


async def test_an_empty_root_is_believed_when_all_that_is_known_is_missing_already(shelf: Shelf) -> None:
    await _fill(shelf)
    for path in shelf.tree.path.rglob("*.mp3"):
        path.unlink()
    assert await shelf.scan() == {"removed": 10}
    shutil.rmtree(shelf.tree / "Ann")
    assert (await check(shelf.database, await _root(shelf))).reason is None


@pytest.mark.parametrize(("lost", "believed"), [(0, True), (1, True), (2, False), (10, False)])
async def test_another_filesystem_is_believed_when_nine_of_ten_known_files_are_there(
    shelf: Shelf, lost: int, believed: bool
) -> None:
    await _fill(shelf)
    shelf.tree.write("something.txt", "so that it is not empty")
    for number in range(lost):
        shelf.tree.delete(f"Ann/Album/{number:02}.mp3")
    root = await _root(shelf)
    found = await check(shelf.database, _elsewhere(root))
    assert found.identity == root.identity
    if believed:
        assert found.reason is None
    else:
        assert found.reason == (
            f"is another filesystem than before, and only {10 - lost} of 10 known files looked for are there"
        )
    # The same filesystem needs no sample.
    assert (await check(shelf.database, root)).reason is None
    told = dataclasses.replace(
        _elsewhere(root), confirmed=True, reason=found.reason, confirmed_as=found.identity
    )
    again = await check(shelf.database, told)
    assert (again.reason, again.by_word) == (None, not believed)
    # Somebody confirmed yet another one.
    third = dataclasses.replace(told, confirmed_as="a third one")
    assert (await check(shelf.database, third)).reason == found.reason


async def test_the_sample_looks_at_names_and_sizes(shelf: Shelf) -> None:
    await _fill(shelf)
    for number in range(2):
        (shelf.tree / f"Ann/Album/{number:02}.mp3").write_bytes(b"of another size")
    found = await check(shelf.database, _elsewhere(await _root(shelf)))
    assert found.reason is not None
    assert "only 8 of 10" in found.reason


async def test_the_sample_is_bounded(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await _fill(shelf)
    monkeypatch.setattr(module, "SAMPLE", 4)
    shelf.tree.delete("Ann")
    shelf.tree.write("something.txt", "x")
    found = await check(shelf.database, _elsewhere(await _root(shelf)))
    assert found.reason is not None
    assert "only 0 of 4" in found.reason


# What a scan makes of it


def _hide(tree: Tree) -> Path:
    away = tree.path.with_name(tree.path.name + " away")
    shutil.move(tree.path, away)
    tree.path.mkdir()
    return away


def _show(tree: Tree, away: Path) -> None:
    tree.path.rmdir()
    shutil.move(away, tree.path)


def _catalogued(found: catalogue.Rows) -> catalogue.Rows:
    """What a library holds: everything but records of scans, roots and what is told of them."""
    return {name: rows for name, rows in catalogue.kept(found).items() if name not in ("roots", "problems")}


async def test_all_roots_away_ends_the_job_and_touches_nothing(shelf: Shelf) -> None:
    await _fill(shelf)
    before = _catalogued(await catalogue.rows(shelf.database))
    away = _hide(shelf.tree)
    for _ in range(2):
        with pytest.raises(RootsUnavailable, match="is empty, but the catalogue knows files in it"):
            await shelf.app.scan(await shelf.library(), pools=shelf.pools)
        async with shelf.database.read() as connection:
            job = (await jobs.history(connection, shelf.library_id))[0]
        assert (job.status, job.reason) == (JobStatus.FAILED, "root_unavailable")
        assert job.error is not None
        assert str(shelf.tree.path) in job.error
        assert _catalogued(await catalogue.rows(shelf.database)) == before
        assert await shelf.problems() == {("", "root_unavailable")}
        assert (await _root(shelf)).state is RootState.UNAVAILABLE
    _show(shelf.tree, away)
    assert await shelf.scan() == {"unchanged": 10}
    assert _catalogued(await catalogue.rows(shelf.database)) == before
    assert await shelf.problems() == set()
    assert ((await _root(shelf)).state, (await _root(shelf)).reason) == (RootState.AVAILABLE, None)


async def test_one_root_away_leaves_the_other_to_be_scanned(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    trees = [Tree(tmp_path / "one"), Tree(tmp_path / "two")]
    shelf = await new_shelf(database_kind, trees=trees)
    for tree in trees:
        tree.add(f"Ann/{tree.path.name}/a.mp3")
    await shelf.outcome()
    before = (await shelf.files())["Ann/one/a.mp3"]
    away = _hide(trees[0])
    trees[1].add("Ann/two/b.mp3")
    outcome = await shelf.outcome()
    assert outcome.unavailable == [(bytes(trees[0].path), "is empty, but the catalogue knows files in it")]
    assert (outcome.counters.found, outcome.counters.added, outcome.counters.unchanged) == (2, 1, 1)
    assert outcome.counters.removed == 0
    assert (await shelf.files())["Ann/one/a.mp3"] == before
    assert [root.state for root in (await shelf.library()).roots] == [
        RootState.UNAVAILABLE,
        RootState.AVAILABLE,
    ]
    assert await shelf.problems() == {("", "root_unavailable")}
    _show(trees[0], away)
    assert await shelf.scan() == {"unchanged": 3}
    assert await shelf.problems() == set()


async def test_a_persons_word_counts_once(shelf: Shelf) -> None:
    await _fill(shelf)
    _hide(shelf.tree)
    with pytest.raises(RootsUnavailable):
        await shelf.app.scan(await shelf.library(), pools=shelf.pools)
    assert (await shelf.app.confirm(await shelf.library())).roots == 1
    assert (await _root(shelf)).confirmed
    outcome = await shelf.outcome()
    assert (outcome.counters.removed, outcome.held) == (10, 0)
    assert not (await _root(shelf)).confirmed
    assert await shelf.problems() == set()
    assert {row["status"] for row in (await shelf.files()).values()} == {"missing"}


async def test_a_root_that_is_a_link_may_be_turned_to_the_same_files_elsewhere(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    real = Tree(tmp_path / "real")
    for number in range(10):
        real.add(f"Ann/Album/{number}.mp3", seed=1)
    (tmp_path / "music").symlink_to("real")
    link = Tree(tmp_path / "music")
    shelf = await new_shelf(database_kind, trees=[link])
    assert await shelf.scan() == {"added": 10}
    identity = (await _root(shelf)).identity
    shutil.copytree(tmp_path / "real", tmp_path / "copy")
    (tmp_path / "music").unlink()
    (tmp_path / "music").symlink_to("copy")
    ids = await shelf.ids()
    outcome: Any = await shelf.outcome()
    assert not outcome.unavailable
    assert outcome.counters.found == 10
    assert outcome.counters.added == outcome.counters.removed == 0
    assert await shelf.ids() == ids
    assert (await _root(shelf)).identity != identity
