"""`store.search`, `store.search_index`: all is found by what people type, and scans pay nothing for it."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelfread.store import search as search_module
from shelfread.store import search_walks
from shelfread.store.cursor import BadCursor, encoded
from shelfread.store.database import Database
from shelfread.store.folding import folded, indexed_words, sort_key
from shelfread.store.search import search
from shelfread.store.search_due import ItemKind, note
from shelfread.store.search_index import bring_up_to_date
from shelfread.store.search_walks import BEGINS, EXACT, HAS, walks_of
from tests.conftest import Shelf
from tests.videos_on_disk import put

pytestmark = pytest.mark.asyncio(loop_scope="session")

TITLES = [
    "Jóga",
    "Don't Stop",
    "東京は夜の七時",
    "京都慕情",
    "사랑의 인사",
    "R.E.M.",
    "!!!",
    "Ænima",
    "STRASSE",
    "Straße zum Meer",
    '100% "quoted"',
    "夢",
    "ガラスの仮面",
    "हिन्दी गीत",
    "☮ Love",
    "O'Neill",
    "Sixty-Four",
    "Tokyo Night",
]


async def _titles(database: Database, text: str, **more: Any) -> list[str]:
    """The names that are found, in order, on pages of two."""
    assert await bring_up_to_date(database, 60)
    found: list[Any] = []
    after = None
    async with database.read() as connection:
        while True:
            hits = await search(connection, text, limit=2, after=after, **more)
            found += hits.hits
            after = hits.next
            if after is None:
                break
        names = []
        for kind, row_id in found:
            table, column, key = {
                ItemKind.ARTIST: ("artists", "name", "id"),
                ItemKind.RELEASE: ("releases", "title", "id"),
                ItemKind.TRACK: ("tracks", "title", "file_id"),
            }[kind]
            names.append(
                await connection.scalar(sa.text(f"SELECT {column} FROM {table} WHERE {key} = {row_id}"))
            )
    assert len(found) == len(set(found))
    return names


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("joga", {"Jóga"}),
        ("JÓG", {"Jóga"}),
        ("dont", {"Don't Stop"}),
        ("don't st", {"Don't Stop"}),
        ("stop don’t", {"Don't Stop"}),
        ("東京", {"東京は夜の七時"}),
        ("夜の", {"東京は夜の七時"}),
        ("七時", {"東京は夜の七時"}),
        ("京", {"東京は夜の七時", "京都慕情"}),
        ("時", {"東京は夜の七時"}),
        ("夢", {"夢"}),
        # Both pairs are in it, and not side by side.
        ("東京夜の", set()),
        ("사랑", {"사랑의 인사"}),
        ("인사", {"사랑의 인사"}),
        ("rem", {"R.E.M."}),
        ("r.e.m.", {"R.E.M."}),
        ("!!!", {"!!!"}),
        ("!!", {"!!!"}),
        ("aenima", {"Ænima"}),
        ("strasse", {"STRASSE", "Straße zum Meer"}),
        ("100", {'100% "quoted"'}),
        ('"quoted"', {'100% "quoted"'}),
        ("カラス", set()),
        ("ガラス", {"ガラスの仮面"}),
        ("仮面", {"ガラスの仮面"}),
        ("हिन्दी", {"हिन्दी गीत"}),
        ("☮", {"☮ Love"}),
        ("love -", {"☮ Love"}),
        ("oneill", {"O'Neill"}),
        ("sixty four", {"Sixty-Four"}),
        ("ＴＯＫＹＯ", {"Tokyo Night"}),
        ("okyo", set()),
    ],
)
async def test_a_title_is_found_by_what_people_type(titled: Shelf, typed: str, found: set[str]) -> None:
    assert set(await _titles(titled.database, typed, kinds=[ItemKind.TRACK])) == found


@pytest_asyncio.fixture(loop_scope="session")
async def titled(shelf: Shelf) -> Shelf:
    for number, title in enumerate(TITLES):
        shelf.tree.add(f"Nobody/Nothing/{number:02}.mp3", title=title)
    await shelf.scan()
    return shelf


async def test_exact_names_come_first_then_beginnings_then_the_rest_each_by_kind_and_id(shelf: Shelf) -> None:
    shelf.tree.add("Loved/One/1.mp3", title="My Love")
    shelf.tree.add("Love/Two/2.mp3", title="Love")
    shelf.tree.add("Other/Love Songs/3.mp3", title="True love always")
    await shelf.scan()
    found = await _titles(shelf.database, "love")
    # The release "Two" and the track "Love" of the artist "Love" have the word in their artist.
    assert found[:2] == ["Love", "Love"]
    assert found[2:4] == ["Loved", "Love Songs"]
    assert set(found[4:]) == {"Two", "My Love", "True love always", "One"}
    assert (
        await _titles(shelf.database, "love", kinds=[ItemKind.RELEASE]) == ["Love Songs", "One", "Two"]
        or (await _titles(shelf.database, "love", kinds=[ItemKind.RELEASE]))[0] == "Love Songs"
    )
    assert await _titles(shelf.database, "other true") == ["True love always"]


@pytest.mark.parametrize("few", [0, 2000])
async def test_names_that_begin_alike_are_found_in_one_order_be_they_few_or_many(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(search_module, "FEW", few)
    for number in range(7):
        shelf.tree.add(f"Lover {number % 3}/Loved {number}/{number}.mp3", title=f"Lovely {9 - number}")
    await shelf.scan()
    found = await _titles(shelf.database, "love")
    assert set(found[:3]) == {f"Lover {number}" for number in range(3)}
    assert set(found[3:10]) == {f"Loved {number}" for number in range(7)}
    assert set(found[10:]) == {f"Lovely {9 - number}" for number in range(7)}
    tracks = await _titles(shelf.database, "lovely", kinds=[ItemKind.TRACK], library_id=shelf.library_id)
    assert tracks == found[10:]
    assert await _titles(shelf.database, "love", library_id=shelf.library_id + 1) == []


@pytest.mark.parametrize("rows", [0, 2, 5000])
async def test_a_letter_finds_what_has_a_word_that_begins_so_be_it_near_or_far(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(search_walks, "NEAR_ROWS", rows)
    search_walks.walks_of.cache_clear()
    for number, title in enumerate(
        ["Sail away", "Zero", "The Ants", "Nothing", "Oh, Ada", "Beyond", "Ah", "Än"]
    ):
        shelf.tree.add(f"X/Y/{number}.mp3", title=title)
    try:
        await shelf.scan()
        found = await _titles(shelf.database, "a", kinds=[ItemKind.TRACK])
        assert set(found[:2]) == {"Ah", "Än"}
        assert sorted(found[2:]) == ["Oh, Ada", "Sail away", "The Ants"]
        assert await _titles(shelf.database, "a", kinds=[ItemKind.TRACK], library_id=4711) == []
        everywhere = await _titles(shelf.database, "z")
        assert everywhere == ["Zero"]
    finally:
        search_walks.walks_of.cache_clear()


async def test_a_cursor_that_no_search_gave_is_refused(titled: Shelf) -> None:
    async with titled.database.read() as connection:
        for rank, row_id in ((0, 2**63 - 1), (0, 1 << 48), (3, 1), (-1, 1), (0, -1)):
            with pytest.raises(BadCursor):
                await search(connection, "joga", after=encoded("sjoga", [rank, 1, row_id]))
        # A library that cannot be there holds nothing.
        assert (await search(connection, "joga", library_id=2**53)).hits == []


async def test_no_search_goes_through_all_that_can_be_found(database: Database) -> None:
    """Where nothing begins so, a walk through the rows in their order would see each of them."""
    dialect = database.engine.dialect.name
    if dialect != "sqlite":
        pytest.skip("PostgreSQL plans by what is in the tables")
    values = {"name": "love", "end": "love\U0010ffff", "most": 51, "words": '"love"*', "behind_3": 3 << 48}
    for rank, by_name in ((EXACT, False), (BEGINS, True), (HAS, False)):
        query = walks_of(dialect, (ItemKind.TRACK,), rank, by_name, in_library=False)
        made = query.compile(dialect=database.engine.dialect)
        told = tuple(values.get(one, made.params[one]) for one in getattr(made, "positiontup", None) or ())
        async with database.read() as connection:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {made}", told)
            details: list[str] = [row.detail for row in plan]
        steps = [one for one in details if "search_" in one]
        wanted = "search_index VIRTUAL TABLE" if rank == HAS else "INDEX ix_search_rows_name_key (name"
        assert wanted in steps[0], steps


async def test_what_is_missing_or_changed_or_moved_is_found_as_it_is_now(shelf: Shelf) -> None:
    shelf.tree.add("Ann/First/one.mp3", title="Walrus")
    shelf.tree.add("Ben/Second/two.mp3", title="Penguin")
    await shelf.scan()
    assert await _titles(shelf.database, "walrus") == ["Walrus"]
    shelf.tree.retag("Ann/First/one.mp3", title="Octopus", artist="Ann", album="First")
    await shelf.scan()
    assert await _titles(shelf.database, "walrus") == []
    assert await _titles(shelf.database, "octopus") == ["Octopus"]
    shelf.tree.move("Ben", "Moved")
    await shelf.scan()
    assert await _titles(shelf.database, "penguin") == ["Penguin"]
    shelf.tree.delete("Moved")
    await shelf.scan()
    assert await _titles(shelf.database, "penguin") == []
    assert await _titles(shelf.database, "second") == []
    shelf.tree.add("Ben/Second/two.mp3", title="Penguin")
    await shelf.scan()
    assert await _titles(shelf.database, "penguin") == ["Penguin"]


async def test_a_library_that_is_removed_leaves_nothing_in_the_index(shelf: Shelf) -> None:
    shelf.tree.add("Ann/First/one.mp3")
    await shelf.scan()
    assert await _titles(shelf.database, "ann", library_id=shelf.library_id) != []
    assert await _titles(shelf.database, "ann", library_id=shelf.library_id + 1) == []
    await shelf.app.libraries.remove(shelf.library_id)
    assert await _titles(shelf.database, "ann") == []
    assert await shelf.table("search_rows") == []
    assert await shelf.table("search_due") == []
    if shelf.database.is_sqlite:
        async with shelf.database.read() as connection:
            index = sa.text("SELECT count(*) FROM search_index WHERE words MATCH 'ann'")
            assert await connection.scalar(index) == 0


async def test_videos_are_found_as_they_are_called_now_and_not_when_they_are_gone(video_shelf: Shelf) -> None:
    async def kinds(text: str) -> list[ItemKind]:
        assert await bring_up_to_date(video_shelf.database, 60)
        async with video_shelf.database.read() as connection:
            return [hit.kind for hit in (await search(connection, text)).hits]

    tree = video_shelf.tree
    put(tree.path, "Harbour (2001)/Harbour (2001).mkv")
    put(tree.path, "Fog (2010)/Season 1/Fog S01E01 - Bank.mkv")
    await video_shelf.scan()
    assert await kinds("harbour 2001") == [ItemKind.MOVIE]
    assert await kinds("fog") == [ItemKind.SHOW, ItemKind.EPISODE]
    assert await kinds("fog bank") == [ItemKind.EPISODE]
    # Nothing of its episodes is read again when only the show is called otherwise.
    tree.write("Fog (2010)/tvshow.nfo", "<tvshow><title>Nebel</title></tvshow>")
    await video_shelf.scan()
    assert await kinds("nebel") == [ItemKind.SHOW, ItemKind.EPISODE]
    assert await kinds("nebel bank") == [ItemKind.EPISODE]
    tree.delete("Fog (2010)")
    await video_shelf.scan()
    assert await kinds("fog") == await kinds("bank") == []
    await video_shelf.app.libraries.remove(video_shelf.library_id)
    assert await kinds("harbour") == []
    assert await video_shelf.table("search_rows") == []


async def test_the_index_says_what_the_rows_say_however_often_it_was_told(shelf: Shelf) -> None:
    for number in range(5):
        shelf.tree.add(f"Ann/First/{number}.mp3")
    await shelf.scan()
    assert await bring_up_to_date(shelf.database, 60)
    before = await shelf.table("search_rows")
    everything = {
        "artists": [row["id"] for row in await shelf.table("artists")],
        "releases": [row["id"] for row in await shelf.table("releases")],
        "tracks": [row["file_id"] for row in await shelf.table("tracks")] + [10**9],
    }
    for _ in range(2):
        await shelf.database.write(lambda one: note(one, **everything))
    assert await bring_up_to_date(shelf.database, 60)
    assert await shelf.table("search_rows") == before
    if shelf.database.is_sqlite:
        check = "INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)"
        await shelf.database.write(lambda one: one.execute(sa.text(check)))


async def test_a_batch_writes_one_note(shelf: Shelf) -> None:
    for number in range(30):
        shelf.tree.add(f"Ann/First/{number}.mp3")
    await shelf.scan()
    assert len(await shelf.table("search_due")) <= 3


HOSTILE = [
    "",
    " ",
    "\0",
    "a\0b",
    '"',
    "'",
    "''",
    '" OR 1=1 --',
    "a AND",
    "NOT a",
    "NEAR(a b)",
    "a*",
    "*",
    "^a",
    "words:a",
    "{a b}",
    "a:*",
    "a & b",
    "!a",
    "(a",
    "<->",
    "\\",
    "%",
    "_",
    "\ud800",
    "😀",
    "😀😀",
    "\u200b",
    "a" * 10_000,
    "a " * 5000,
    "東" * 10_000,
    "!" * 10_000,
    "\U0010ffff",
    "\ue021",
    "ﷺ" * 100,
    "\u202e",
    "\r\n",
    ";DROP TABLE tracks",
    "-",
    "+",
    "~",
    "ａ'ｂ",
]


async def test_nothing_that_can_be_typed_is_an_error(titled: Shelf) -> None:
    assert await bring_up_to_date(titled.database, 60)
    async with titled.database.read() as connection:
        for text in HOSTILE:
            hits = await search(connection, text, limit=5)
            assert len(hits.hits) <= 5
        for after in ("x", encoded("sa", [0, 1]), encoded("sb", [0, 1, 1]), encoded("sa", [2**70, 1, 1])):
            with pytest.raises(BadCursor):
                await search(connection, "a", after=after)
        # Made up, and of the right form.
        await search(connection, "a", after=encoded("sa", [1, 99, 7]))
        await search(connection, "a", after=encoded("sa", [2, 3, 2**47]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.text(max_size=40))
async def test_any_name_finds_itself_and_is_an_error_nowhere(database: Database, name: str) -> None:
    stored = name.replace("\0", "").encode("utf-8", "replace").decode()

    async def put(connection: Any) -> None:
        for table in ("search_due", "releases", "artists", "libraries"):
            await connection.execute(sa.text(f"DELETE FROM {table}"))
        await connection.execute(
            sa.text(
                "INSERT INTO libraries (id, name, kind, options, reader_version, untidy, created_at) "
                "VALUES (1, 'One', 'music', '{}', 1, false, 1)"
            )
        )
        await connection.execute(
            sa.text(
                "INSERT INTO artists (id, library_id, key, name, sort_key) VALUES (1, 1, 'k', :name, :key)"
            ),
            {"name": stored, "key": sort_key(stored)},
        )
        await note(connection, artists=[1])

    await database.write(put)
    assert await bring_up_to_date(database, 60)
    async with database.read() as connection:
        await search(connection, name)
        rows = (await connection.execute(sa.text("SELECT name FROM search_rows"))).all()
    assert [row[0] for row in rows] == [sort_key(stored)]


@given(st.text(max_size=60))
async def test_folding_twice_is_folding_once_and_words_hold_no_syntax(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert not set(indexed_words(text)) & set("\"'\\*:&|!()<>")
