"""`store.libraries`: libraries and roots, with names and paths of every sort."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from shelfread.model.library import LibraryOptions, OddRoot, RootState
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository, NameTaken, RootsChanged
from tests import catalogue
from tests.conftest import NewShelf, Shelf, Tree
from tests.store import many_tracks

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = "'; DROP TABLE roots; -- %s [red]\u202e\x1b[31m\n𝄞"


@pytest_asyncio.fixture(loop_scope="session")
async def libraries(database: Database) -> AsyncIterator[LibraryRepository]:
    yield LibraryRepository(database)


async def test_what_is_added_is_there_again(libraries: LibraryRepository) -> None:
    options = LibraryOptions(
        follow_symlinks=True, ignore_ctime=True, ignore_inode=True, ignore=("*.demo.mp3", "# ü", "")
    )
    added = await libraries.add(HOSTILE, "music", [b"/z", b"/a\n\xff", b"/a b "], options)
    assert (added.name, added.kind, added.options, added.reader_version) == (HOSTILE, "music", options, 0)
    assert [root.path for root in added.roots] == [b"/a\n\xff", b"/a b ", b"/z"]
    assert all(
        (root.state, root.identity, root.reason, root.confirmed, root.library_id)
        == (RootState.NEW, None, None, False, added.id)
        for root in added.roots
    )
    assert await libraries.get(added.id) == added
    assert await libraries.all() == [added]


async def test_libraries_come_by_name(libraries: LibraryRepository) -> None:
    for name in ("b", "c", "a"):
        await libraries.add(name, "music", [b"/" + name.encode()])
    assert [library.name for library in await libraries.all()] == ["a", "b", "c"]
    assert [root.path for library in await libraries.all() for root in library.roots] == [b"/a", b"/b", b"/c"]


async def test_a_name_is_given_once(libraries: LibraryRepository) -> None:
    first = await libraries.add("Music", "music", [b"/a"])
    with pytest.raises(NameTaken, match="'Music' is already there"):
        await libraries.add("Music", "music", [b"/b"])
    second = await libraries.add("music", "music", [b"/b"])
    with pytest.raises(NameTaken):
        await libraries.change(second.id, name="Music")
    assert await libraries.get(second.id) == second
    assert await libraries.all() == [first, second]


async def test_roots_are_added_only_as_long_as_there_are_no_others_than_were_seen(
    libraries: LibraryRepository,
) -> None:
    first = await libraries.add("First", "music", [b"/a"], seen=[])
    with pytest.raises(RootsChanged):
        await libraries.add("Second", "music", [b"/b"], seen=[])
    with pytest.raises(RootsChanged):
        await libraries.change(first.id, name="Other", add_roots=[b"/b"], seen=[])
    assert await libraries.all() == [first]
    seen = [root.id for root in first.roots]
    changed = await libraries.change(first.id, add_roots=[b"/b"], seen=seen)
    assert changed is not None
    assert [root.path for root in changed.roots] == [b"/a", b"/b"]
    # One that is gone meanwhile harms nobody.
    await libraries.change(first.id, remove_roots=seen)
    second = await libraries.add("Second", "music", [b"/c"], seen=[root.id for root in changed.roots])
    assert [root.path for root in second.roots] == [b"/c"]


async def test_a_root_twice_in_one_library_is_refused_and_leaves_nothing(
    libraries: LibraryRepository, database: Database
) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"):
        await libraries.add("Music", "music", [b"/a", b"/a"])
    assert await libraries.all() == []
    assert (await catalogue.rows(database))["roots"] == []


async def test_two_libraries_may_have_the_same_root(libraries: LibraryRepository) -> None:
    for name in ("one", "other"):
        await libraries.add(name, "music", [b"/a"])
    assert len(await libraries.all()) == 2


async def test_only_what_is_given_is_changed(libraries: LibraryRepository) -> None:
    added = await libraries.add("Music", "music", [b"/a"], LibraryOptions(ignore=("x",)))
    assert await libraries.change(added.id) == added
    changed = await libraries.change(added.id, name="Sound", add_roots=[b"/b"])
    assert changed is not None
    assert (changed.name, changed.options) == ("Sound", added.options)
    assert changed.roots[0] == added.roots[0]
    assert [root.path for root in changed.roots] == [b"/a", b"/b"]
    changed = await libraries.change(added.id, options=LibraryOptions())
    assert changed is not None
    assert (changed.name, changed.options) == ("Sound", LibraryOptions())


async def test_what_is_not_there_cannot_be_changed_or_removed(libraries: LibraryRepository) -> None:
    assert await libraries.get(4711) is None
    assert await libraries.change(4711, name="x", add_roots=[b"/a"]) is None
    assert await libraries.remove(4711) is False
    assert await libraries.confirm(4711, odd=[]) == 0


async def test_ids_of_removed_libraries_are_not_used_again(libraries: LibraryRepository) -> None:
    first = await libraries.add("one", "music", [b"/a"])
    assert await libraries.remove(first.id) is True
    second = await libraries.add("one", "music", [b"/a"])
    assert second.id > first.id
    assert second.roots[0].id > first.roots[0].id


async def _filled(shelf: Shelf) -> None:
    shelf.tree.add("Ann/First/one.mp3", genre="Jazz")
    shelf.tree.add("Ann/First/two.flac", genre="Rock")
    shelf.tree.write("Ann/First/three.mp3", b"")
    shelf.tree.write("Ann/First/cover.jpg", b"no picture")
    await shelf.outcome()


async def test_counts_are_real(shelf: Shelf) -> None:
    await _filled(shelf)
    counts = await shelf.app.libraries.counts(shelf.library_id)
    assert {name: counts[name] for name in ("ready", "missing", "error", "held")} == {
        "ready": 2,
        "missing": 0,
        "error": 1,
        "held": 0,
    }
    assert counts["genres"] == 2
    assert counts["artists"] >= 1
    assert counts["releases"] >= 1
    shelf.tree.delete("Ann/First/one.mp3")
    await shelf.outcome()
    counts = await shelf.app.libraries.counts(shelf.library_id)
    assert (counts["ready"], counts["missing"]) == (1, 1)


async def test_counts_of_several_libraries_are_those_of_their_own_files(database: Database) -> None:
    """Whichever is the largest; a library without a folder holds nothing."""
    libraries = LibraryRepository(database)
    assert await libraries.every_count() == {}
    await many_tracks.fill(database, 1000)
    empty = text(
        "INSERT INTO libraries (id, name, kind, options, reader_version, untidy, created_at)"
        " VALUES (3, 'Empty', 'books', '{}', 1, false, 1)"
    )
    await database.write(lambda one: one.execute(empty))
    of_files = text(
        "SELECT library_id, status, count(*) FROM media_files JOIN folders ON folders.id = folder_id"
        " JOIN roots ON roots.id = root_id GROUP BY 1, 2"
    )
    # The first library is the smaller one, then the larger one.
    other_way_round = text("UPDATE folders SET root_id = 3 - root_id")
    for _ in range(2):
        await database.write(lambda one: one.execute(other_way_round))
        async with database.read() as connection:
            rows = (await connection.execute(of_files)).all()
        every = await libraries.every_count()
        wanted = {(row[0], row[1]): row[2] for row in rows}
        assert len(wanted) == 5
        for one in (1, 2, 3):
            for status in ("ready", "missing", "error"):
                assert every[one][status] == wanted.get((one, status), 0)
        assert every[1] == await libraries.counts(1)
        assert (every[1]["releases"], every[2]["releases"]) == (90, 10)
        assert set(every[3].values()) == {0}


async def test_removing_a_library_forgets_all_of_it_and_touches_no_file(shelf: Shelf) -> None:
    await _filled(shelf)
    other = await shelf.app.libraries.add("Other", "music", [b"/nowhere"])
    before = {path: path.read_bytes() for path in shelf.tree.path.rglob("*") if path.is_file()}
    assert await shelf.app.libraries.remove(shelf.library_id) is True
    left = await catalogue.rows(shelf.database)
    assert {name for name, content in left.items() if content} == {
        "id_counters",
        "search_due",
        "libraries",
        "roots",
        "workers",
    }
    assert await shelf.app.libraries.all() == [other]
    assert {path: path.read_bytes() for path in shelf.tree.path.rglob("*") if path.is_file()} == before


async def test_removing_a_root_leaves_the_others_and_the_next_scan_tidies_up(
    new_shelf: NewShelf, database_kind: str, tmp_path: Path
) -> None:
    trees = [Tree(tmp_path / "one"), Tree(tmp_path / "two")]
    shelf = await new_shelf(database_kind, trees=trees)
    trees[0].add("Ann/First/a.mp3", genre="Jazz")
    trees[1].add("Bob/Second/b.mp3", genre="Rock")
    await shelf.outcome()
    kept, gone = (await shelf.library()).roots
    changed = await shelf.app.libraries.change(shelf.library_id, remove_roots=[gone.id])
    assert changed is not None
    assert [root.id for root in changed.roots] == [kept.id]
    assert set(await shelf.files()) == {"Ann/First/a.mp3"}
    shelf.trees = trees[:1]
    assert await shelf.scan() == {"unchanged": 1}
    assert await shelf.artists() == {"Ann"}
    assert [row["name"] for row in await shelf.table("genres")] == ["Jazz"]


async def test_a_word_for_the_roots_is_asked_only_where_it_is_needed(shelf: Shelf) -> None:
    libraries = shelf.app.libraries
    (root,) = (await shelf.library()).roots
    assert await libraries.confirm(shelf.library_id, odd=[OddRoot(root.id, "", None)]) == 0
    assert not (await shelf.library()).roots[0].confirmed
