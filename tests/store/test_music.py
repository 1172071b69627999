"""Writing music: what a batch leaves behind whatever order, retry or neighbour it meets (A4, A6, rule 10)."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from shelfread.app import KINDS
from shelfread.media.music.people import key_of
from shelfread.model.catalogue import Catalogue, FileWrite, FolderWrite, NewFolder
from shelfread.model.change import Change
from shelfread.model.entry import Stamp
from shelfread.model.library import Library, LibraryOptions
from shelfread.model.music import Audio, Credit
from shelfread.scan.plan import Mode
from shelfread.store import files, ids
from shelfread.store import parents as parent_rows
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks
from shelfread.store.parents import Shown, better
from tests import catalogue as whole
from tests.conftest import NewShelf, Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_spelling_shown_does_not_depend_on_the_order() -> None:
    names = ["ABBA", "Abba", "abba", "aBBa"]
    for order in itertools.permutations(names):
        shown = order[0]
        for name in order[1:]:
            shown = better(shown, name)
        assert shown == "Abba"


_text = st.text(min_size=1, max_size=3)
_shown = st.builds(Shown, _text, st.none() | _text, st.none() | _text)


@given(st.lists(_shown, min_size=1, max_size=5), st.randoms())
async def test_what_is_shown_of_an_artist_does_not_depend_on_the_order(found: list[Shown], rng: Any) -> None:
    def joined(shown: list[Shown]) -> Shown:
        result = shown[0]
        for other in shown[1:]:
            result = result.joined(other)
        return result

    shuffled = list(found)
    rng.shuffle(shuffled)
    assert joined(shuffled) == joined(found)
    assert joined([*found, *found]) == joined(found)


class Bench:
    """One library with one folder, and batches written straight into it."""

    def __init__(self, database: Database, library_id: int, root_id: int) -> None:
        self.database = database
        self.library_id = library_id
        self.root_id = root_id
        self.ids = IdBlocks(database)
        library = Library(library_id, "Music", "music", LibraryOptions(), ())
        self.catalogue: Catalogue = KINDS["music"].catalogue(library, self.ids)
        self._numbers = itertools.count(1)
        self._folder: int | None = None

    def batch(self, *items: Audio) -> FolderWrite:
        new = [
            FileWrite(
                number := next(self._numbers),
                b"%d.mp3" % number,
                Stamp(1, 2, 3, 4, 5),
                Change.ADDED,
                unsettled=False,
                fresh=True,
                item=item,
                was_read=True,
            )
            for item in items
        ]
        return FolderWrite(1, self.root_id, b"", known=self._folder is not None, files=new)

    async def write(
        self, batch: FolderWrite, between: Callable[[], Awaitable[None]] | None = None, *, attempts: int = 1
    ) -> None:
        """Write a batch; with `attempts` all but the last are rolled back and done again, as when busy."""
        await self.catalogue.reserve([batch])
        left = attempts

        async def work(connection: Any) -> None:
            nonlocal left
            left -= 1
            if self._folder is None:
                await files.insert_folders(connection, [NewFolder(1, self.root_id, None, b"", False)], {})
            await files.write_files(connection, [batch], version=1, job_seq=1, now=7)
            await self.catalogue.save(connection, [batch], 7)
            if left:
                raise _Busy

        while left:
            try:
                await self.database.write(work)
            except _Busy:
                continue
        self._folder = 1
        self.catalogue.committed()


class _Busy(Exception):
    pass


def track(title: str, artist: str, album: str = "Album", **more: Any) -> Audio:
    people = [Credit("artist", artist, key_of(artist))]
    return Audio(title=title, artist=artist, artists=[artist], album=album, credits=people, **more)


@pytest.fixture
def bench_of() -> Callable[[Shelf], Awaitable[Bench]]:
    async def make(shelf: Shelf) -> Bench:
        library = await shelf.library()
        return Bench(shelf.database, library.id, library.roots[0].id)

    return make


MakeBench = Callable[[Shelf], Awaitable[Bench]]


async def test_a_batch_that_is_tried_again_leaves_what_the_first_try_would_have(
    shelf: Shelf, bench_of: MakeBench, new_shelf: NewShelf
) -> None:
    other = await new_shelf("sqlite", trees=shelf.trees)
    for where, attempts in ((shelf, 3), (other, 1)):
        bench = await bench_of(where)
        await bench.write(bench.batch(track("1", "Ada"), track("2", "Bix", "Other")), attempts=attempts)
        await bench.write(
            bench.batch(track("3", "ADA"), track("4", "Cy", genres=["Dub"], genre_keys=["dub"]))
        )
    mine, theirs = await whole.dump(shelf.database), await whole.dump(other.database)
    assert mine == theirs
    assert whole.audit(await whole.rows(shelf.database)) == []


async def test_a_batch_that_is_tried_again_does_not_run_out_of_ids(
    new_shelf: NewShelf, bench_of: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last ids of a block are as good as any.
    monkeypatch.setattr(ids, "BLOCK", 1)
    shelf = await new_shelf()
    bench = await bench_of(shelf)
    await bench.write(
        bench.batch(*(track(str(n), f"Artist {n}", f"Album {n}") for n in range(9))), attempts=5
    )
    assert len(await shelf.table("artists")) == 9
    assert len(await shelf.table("releases")) == 9


async def test_parents_that_fell_out_of_memory_are_found_again(
    shelf: Shelf, bench_of: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent_rows, "CACHE_LIMIT", 2)
    bench = await bench_of(shelf)
    for _ in range(3):
        for number in range(6):
            await bench.write(
                bench.batch(track("x", f"Artist {number}", genres=["Dub", "Ska"], genre_keys=["dub", "ska"]))
            )
    assert len(await shelf.table("artists")) == 7  # and the various ones
    assert len(await shelf.table("genres")) == 2
    assert len(await shelf.table("tracks")) == 18


async def test_two_writers_of_one_library_make_no_parent_twice(shelf: Shelf, bench_of: MakeBench) -> None:
    one, other = await bench_of(shelf), await bench_of(shelf)
    await one.write(one.batch(track("1", "Ada")))
    other._folder, other._numbers = 1, itertools.count(100)
    await other.write(other.batch(track("2", "Ada"), track("3", "Bix")))
    await one.write(one.batch(track("4", "Bix"), track("5", "Cy")))
    await other.write(other.batch(track("6", "Cy"), track("7", "Ada")))
    assert sorted(row["key"] for row in await shelf.table("artists")) == sorted(
        {key_of(name) for name in ("Ada", "Bix", "Cy", "Various Artists")}
    )
    assert len(await shelf.table("releases")) == 1
    assert whole.audit(await whole.rows(shelf.database)) == []


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("refused", ["only its tags", "its name too"])
async def test_what_the_database_does_not_accept_costs_one_file_its_tags_and_nothing_else(
    shelf: Shelf, mode: Mode, refused: str
) -> None:
    for number in range(5):
        shelf.tree.add(f"Ada/First/{number}.mp3")
    if refused == "only its tags":
        shelf.tree.retag("Ada/First/3.mp3", title="refused", artist="Ada", album="First")
    title = "refused" if refused == "only its tags" else "3"
    # A rule that only the database knows, as a limit of a column is.
    refuse = (
        "CREATE TRIGGER refuse BEFORE INSERT ON tracks "
        f"WHEN NEW.title = '{title}' "
        "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        if shelf.database.is_sqlite
        else "ALTER TABLE tracks ADD CONSTRAINT refuse CHECK (title <> '" + title + "')"
    )
    allow = "DROP TRIGGER refuse" if shelf.database.is_sqlite else "ALTER TABLE tracks DROP CONSTRAINT refuse"

    async def run(statement: str) -> None:
        async def work(connection: Any) -> None:
            await connection.execute(sa.text(statement))

        await shelf.database.write(work)

    await run(refuse)
    try:
        report = await shelf.app.scan(await shelf.library(), mode=mode, pools=shelf.pools)
    finally:
        await run(allow)
    counters = report.outcome.counters
    assert (counters.found, counters.added, counters.failed) == (5, 4, 1)
    assert await shelf.problems() == {("Ada/First/3.mp3", "damaged")}
    assert len(await shelf.table("media_files")) == 5
    titles = {row["title"] for row in await shelf.table("tracks")}
    assert titles == {"0", "1", "2", "4"} | ({"3"} if refused == "only its tags" else set())
    (release,) = await shelf.table("releases")
    assert {row["release_id"] for row in await shelf.table("tracks")} == {release["id"]}
