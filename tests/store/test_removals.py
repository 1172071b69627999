"""`store.removals`: which candidates are the same file elsewhere, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.catalogue import NewFolder
from shelfread.model.job import Scope
from shelfread.store import files, moves, removals
from shelfread.store.database import Database, insert_rows
from shelfread.store.libraries import LibraryRepository
from shelfread.store.tables import aliases, media_files, problems
from shelfread.store.tables import removals as removal_rows

pytestmark = pytest.mark.asyncio(loop_scope="session")

JOB, SINCE, NOW = 7, 100, 1000
OLD_ADDED, NEW_ADDED = 50, 150


class Shelves:
    """Two roots of one library and one of another, each with the folders "", "a", "a/b", "a-c" and "d"."""

    PATHS = (b"", b"a", b"a/b", b"a-c", b"d")

    def __init__(self, database: Database, roots: list[int], library_id: int) -> None:
        self.database = database
        self.roots = roots
        self.library_id = library_id

    @classmethod
    async def make(cls, database: Database) -> Shelves:
        libraries = LibraryRepository(database)
        mine = await libraries.add("Music", "music", [b"/one", b"/two"])
        theirs = await libraries.add("Other", "music", [b"/three"])
        made = cls(database, [root.id for library in (mine, theirs) for root in library.roots], mine.id)

        async def work(connection: Any) -> None:
            for number, root in enumerate(made.roots):
                new = [
                    NewFolder(
                        number * 10 + at,
                        root,
                        None if not path else number * 10 + cls.PATHS.index(path.rpartition(b"/")[0]),
                        path,
                        path == b"d",
                    )
                    for at, path in enumerate(cls.PATHS)
                ]
                await files.insert_folders(connection, new, {})

        await database.write(work)
        return made

    async def file(
        self,
        file_id: int,
        folder: int,
        *,
        name: bytes = b"",
        new: bool = False,
        inode: int = 0,
        size: int = 10,
        mtime: int = 10,
        signature: bytes | None = None,
        status: str = "ready",
    ) -> None:
        row = (
            file_id, folder, name or b"%d" % file_id, "", size, mtime, 0, 0, inode or file_id, status, False,
            1, signature, 0, JOB, NEW_ADDED if new else OLD_ADDED, 0, JOB, "added",
        )  # fmt: skip

        async def work(connection: Any) -> None:
            await insert_rows(connection, media_files, files.FILE_COLUMNS, [row])

        await self.database.write(work)

    async def gone(self, *pairs: tuple[int, int]) -> None:
        async def work(connection: Any) -> None:
            rows = [(file_id, self.roots[number]) for file_id, number in pairs]
            await removals.add(connection, JOB, rows)

        await self.database.write(work)

    async def moves(self, stable: Sequence[int] = (0, 1)) -> list[tuple[int, int]]:
        async with self.database.read() as connection:
            return await moves.found(
                connection, JOB, SINCE, stable_roots=[self.roots[number] for number in stable]
            )

    async def statuses(self) -> dict[int, str]:
        async with self.database.read() as connection:
            rows = await connection.execute(sa.select(media_files.c.id, media_files.c.status))
            return {row[0]: row[1] for row in rows}


async def test_the_same_inode_with_size_and_time_is_the_same_file(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1, inode=70)
    await shelves.file(2, 2, inode=70, new=True)
    await shelves.gone((1, 0))
    assert await shelves.moves() == [(2, 1)]
    # Where inodes mean nothing they prove nothing.
    assert await shelves.moves(stable=[]) == []


@pytest.mark.parametrize(
    ("folder", "other"),
    [
        (2, {"inode": 71}),
        (2, {"size": 11}),
        (2, {"mtime": 11}),
        # Another root may be another filesystem, with inodes of its own.
        (12, {}),
        (2, {"new": False}),
        (2, {"status": "missing"}),
    ],
)
async def test_anything_less_is_another_file(database: Database, folder: int, other: dict[str, Any]) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1, inode=70)
    await shelves.file(2, folder, **{"inode": 70, "new": True, **other})
    await shelves.gone((1, 0))
    assert await shelves.moves() == []


@pytest.mark.parametrize(("folder", "found"), [(2, True), (12, True), (22, False)])
async def test_the_same_signature_is_the_same_file_anywhere_in_the_library(
    database: Database, folder: int, found: bool
) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1, signature=b"s")
    await shelves.file(2, folder, signature=b"s", new=True, size=99, mtime=99)
    await shelves.gone((1, 0))
    assert await shelves.moves() == ([(2, 1)] if found else [])


async def test_no_signature_matches_nothing(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1)
    await shelves.file(2, 2, new=True)
    await shelves.gone((1, 0))
    assert await shelves.moves() == []


@pytest.mark.parametrize("sort", ["inode", "signature"])
async def test_more_than_one_match_is_no_match(database: Database, sort: str) -> None:
    shelves = await Shelves.make(database)
    same: dict[str, Any] = {"inode": 70} if sort == "inode" else {"signature": b"s"}
    await shelves.file(1, 1, **same)
    await shelves.file(2, 2, new=True, **same)
    await shelves.file(3, 3, new=True, **same)
    await shelves.gone((1, 0))
    assert await shelves.moves() == []
    # Two that are gone, one that is new: nobody can say which it was.
    await shelves.file(4, 4, **same)
    await shelves.gone((3, 0), (4, 0))
    assert await shelves.moves() == []


async def test_the_inode_decides_before_the_signature(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1, inode=70, signature=b"s")
    await shelves.file(2, 2, inode=70, signature=b"s", new=True)
    await shelves.file(3, 3, inode=71, signature=b"s", new=True)
    await shelves.gone((1, 0))
    assert await shelves.moves() == [(2, 1)]


async def test_what_the_inode_matched_is_no_rival_to_what_the_content_matches(database: Database) -> None:
    shelves = await Shelves.make(database)
    # Two equal files were moved; of one also the inode lasted, the other came by another filesystem.
    await shelves.file(1, 1, inode=70, signature=b"s")
    await shelves.file(2, 1, inode=71, signature=b"s")
    await shelves.file(3, 2, inode=70, signature=b"s", new=True)
    await shelves.file(4, 12, inode=72, signature=b"s", new=True)
    await shelves.gone((1, 0), (2, 0))
    assert await shelves.moves() == [(3, 1), (4, 2)]
    assert await shelves.moves(stable=[]) == []


async def test_many_equal_files_are_never_paired_with_one_another(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelves = await Shelves.make(database)
    rows = [
        (number, folder, b"%d" % number, "", 10, 10, 0, 0, number, "ready", False, 1, b"s", *rest)
        for start, folder, added in ((100, 1, OLD_ADDED), (200, 2, NEW_ADDED))
        for rest in [(0, JOB, added, 0, JOB, None)]
        for number in range(start, start + 100)
    ]  # fmt: skip

    async def work(connection: Any) -> None:
        await insert_rows(connection, media_files, files.FILE_COLUMNS, rows)

    await database.write(work)
    await shelves.gone(*((number, 0) for number in range(100, 200)))
    await shelves.file(1, 1, inode=70)
    await shelves.file(2, 2, inode=70, new=True)
    await shelves.gone((1, 0))
    fetched: list[int] = []
    execute = AsyncConnection.execute

    async def counting(self: AsyncConnection, *arguments: Any, **options: Any) -> Any:
        result = (await execute(self, *arguments, **options)).all()
        fetched.append(len(result))
        return result

    monkeypatch.setattr(AsyncConnection, "execute", counting)
    assert await shelves.moves() == [(2, 1)]
    # Only what is a pair leaves the database.
    assert fetched == [1, 0]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_matching_by_content_after_inodes_searches_the_signature_index(database: Database) -> None:
    shelves = await Shelves.make(database)
    for number in range(1, 60):
        await shelves.file(number, 1, inode=1000 + number, signature=b"%d" % number)
        await shelves.file(100 + number, 2, inode=1000 + number, signature=b"%d" % number, new=True)
    await shelves.gone((1, 0))
    _, plan = await _plans(database, lambda: shelves.moves())
    assert "media_files USING INDEX ix_media_files_signature" in plan, plan
    assert "SCAN media_files" not in plan, plan


async def _plans(database: Database, ask: Any) -> list[str]:
    sent: list[tuple[str, Any]] = []

    def remember(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        if not statement.startswith("BEGIN"):
            sent.append((statement, parameters))

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", remember)
    try:
        await ask()
    finally:
        sa.event.remove(engine, "before_cursor_execute", remember)
    plans = []
    async with database.read() as connection:
        for statement, parameters in sent:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append("\n".join(row._mapping["detail"] for row in rows))
    return plans


async def test_many_moves_at_once_come_by_their_old_rows(database: Database) -> None:
    shelves = await Shelves.make(database)
    for number in range(1, 31):
        await shelves.file(number, 1, inode=1000 + number)
        await shelves.file(100 - number, 3, inode=1000 + number, new=True)
    await shelves.gone(*((number, 0) for number in range(1, 31)))
    assert await shelves.moves() == [(100 - number, number) for number in range(1, 31)]


async def test_a_moved_row_takes_place_and_facts_and_leaves_an_alias(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1, name=b"old", inode=70)
    await shelves.file(2, 2, name=b"new", inode=70, new=True, signature=b"s")
    await shelves.gone((1, 0))

    async def merge(connection: Any) -> list[moves.Merged]:
        await connection.execute(sa.insert(aliases).values(old_id=500, file_id=2))
        return await moves.merge_rows(connection, [(2, 1)], NOW, JOB + 1)

    (merged,) = await database.write(merge)
    assert (merged.status, merged.added_at) == ("ready", NEW_ADDED)
    async with database.read() as connection:
        (row,) = await connection.execute(sa.select(media_files))
        found = {pair.old_id: pair.file_id for pair in await connection.execute(sa.select(aliases))}
        left = await removals.left(connection, JOB)
    assert (row.id, row.folder_id, row.name, row.signature) == (1, 2, b"new", b"s")
    # It was added when it was first seen.
    assert (row.added_at, row.missing_at) == (OLD_ADDED, None)
    assert (row.changed_by, row.change) == (JOB + 1, "moved")
    assert found == {2: 1, 500: 1}
    assert left == {}


async def test_two_rows_may_change_places(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1, name=b"x", inode=70)
    await shelves.file(2, 1, name=b"y", inode=71)
    await shelves.file(3, 2, name=b"x", inode=71, new=True)
    await shelves.file(4, 2, name=b"y", inode=70, new=True)
    await shelves.gone((1, 0), (2, 0))
    pairs = await shelves.moves()
    assert pairs == [(4, 1), (3, 2)]

    async def merge(connection: Any) -> None:
        await moves.merge_rows(connection, pairs, NOW)

    await database.write(merge)
    async with database.read() as connection:
        found = list(await connection.execute(sa.select(media_files)))
    assert {row.id: (row.folder_id, row.name) for row in found} == {1: (2, b"y"), 2: (2, b"x")}
    # No job found it out: what the new rows say of the last one stays.
    assert {(row.changed_by, row.change) for row in found} == {(JOB, "added")}


@pytest.mark.parametrize(
    ("path", "spare", "noted"),
    [
        (b"a", [], {11, 12}),
        (b"a/b", [], {12}),
        (b"a-c", [], {13}),
        (b"", [], {10, 11, 12, 13, 14}),
        (b"", [b"a"], {10, 13, 14}),
        (b"", [b"a/b", b"d"], {10, 11, 13}),
        (b"nothing", [], set()),
    ],
)
async def test_a_folder_that_is_gone_takes_what_is_below_it_and_no_neighbour(
    database: Database, path: bytes, spare: list[bytes], noted: set[int]
) -> None:
    shelves = await Shelves.make(database)
    for at in range(5):
        await shelves.file(10 + at, at)
        await shelves.file(20 + at, at, status="missing")
        await shelves.file(30 + at, 10 + at)

    async def work(connection: Any) -> None:
        await removals.add_below(connection, JOB, shelves.roots[0], path, spare)

    await database.write(work)
    async with database.read() as connection:
        found = await removals.candidates(connection, JOB, 0, 100)
        assert {candidate.file_id for candidate in found} == noted
        assert await removals.left(connection, JOB) == ({shelves.roots[0]: len(noted)} if noted else {})
        assert await removals.mounted_below(connection, shelves.roots[0], b"") == [b"d"]
        assert await removals.mounted_below(connection, shelves.roots[0], b"a") == []


async def test_candidates_come_in_pages_with_their_paths(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 0, name=b"top\n")
    await shelves.file(2, 2, name=b"\xff")
    await shelves.file(3, 14)
    await shelves.gone((1, 0), (2, 0), (3, 1))
    async with database.read() as connection:
        pages = [await removals.candidates(connection, JOB, after, 2) for after in (0, 2, 3)]
    assert [[(found.file_id, found.path) for found in page] for page in pages] == [
        [(1, b"top\n"), (2, b"a/b/\xff")],
        [(3, b"d/3")],
        [],
    ]


async def test_what_is_left_is_missing_or_held_and_a_word_settles_it(database: Database) -> None:
    shelves = await Shelves.make(database)
    for number in range(1, 5):
        await shelves.file(number, 1)
    await shelves.file(5, 11)
    await shelves.gone((1, 0), (2, 0), (3, 0), (5, 1))

    async def settle(connection: Any) -> None:
        await removals.drop(connection, [3])
        await removals.mark_missing(connection, JOB, shelves.roots[1], 9)
        await removals.hold(connection, JOB, shelves.roots[0])

    await database.write(settle)
    assert await shelves.statuses() == {1: "ready", 2: "ready", 3: "ready", 4: "ready", 5: "missing"}
    async with database.read() as connection:
        held = await removals.held(connection, shelves.library_id)
        assert [candidate.file_id for candidate in held] == [1, 2]
        assert await removals.any_left(connection, shelves.roots[:1])
        assert not await removals.any_left(connection, shelves.roots[1:])

    async def confirm(connection: Any) -> None:
        await removals.settle_held(connection, shelves.roots[:2], [1], 9)

    await database.write(confirm)
    assert await shelves.statuses() == {1: "missing", 2: "ready", 3: "ready", 4: "ready", 5: "missing"}
    async with database.read() as connection:
        assert await removals.held(connection, shelves.library_id) == []


async def test_a_new_scan_forgets_what_others_noted_in_its_scopes_only(database: Database) -> None:
    shelves = await Shelves.make(database)
    for number, folder in ((1, 1), (2, 2), (3, 3), (4, 11)):
        await shelves.file(number, folder)
    await shelves.gone((1, 0), (2, 0), (3, 0), (4, 1))

    async def forget(connection: Any) -> set[int]:
        await removals.forget(connection, [Scope(shelves.roots[0], b"a")])
        return set((await connection.execute(sa.select(removal_rows.c.file_id))).scalars())

    assert await database.write(forget) == {3, 4}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_forgetting_is_driven_by_what_is_left_over(database: Database) -> None:
    shelves = await Shelves.make(database)

    async def forget() -> None:
        async def work(connection: Any) -> None:
            await removals.forget(connection, [Scope(shelves.roots[0], b"a"), Scope(shelves.roots[0], b"")])

        await database.write(work)

    for plan in await _plans(database, forget):
        assert plan.startswith("SCAN removals"), plan
        assert "uq_" not in plan, plan
        assert "autoindex" not in plan, plan


async def test_what_is_held_is_known_by_root(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1)
    await shelves.file(2, 11)
    await shelves.gone((1, 0), (2, 1))

    async def hold(connection: Any) -> list[bool]:
        await removals.hold(connection, JOB, shelves.roots[0])
        return [await removals.any_held(connection, root) for root in shelves.roots]

    assert await database.write(hold) == [True, False, False]


@pytest.mark.parametrize(
    ("path", "spare", "kept"),
    [
        (b"a", [], {"", "a-c", "d"}),
        (b"a", [b"a/b"], {"", "a/b", "a-c", "d"}),
        (b"", [], set()),
        (b"nothing", [], {"", "a", "a/b", "a-c", "d"}),
    ],
)
async def test_problems_of_names_go_with_their_folder(
    database: Database, path: bytes, spare: list[bytes], kept: set[str]
) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1)
    one, two, _ = shelves.roots
    wanted = ("id", "root_id", "path", "path_text", "file_id", "folder_id", "code", "detail", "found_at")

    async def work(connection: Any) -> set[tuple[int, str, str]]:
        rows: list[tuple[object, ...]] = [(1, one, b"a/1", "file", 1, 1, "damaged", "", 0)]
        for at, folder in enumerate(Shelves.PATHS):
            text = folder.decode()
            rows.append((10 + at, one, folder + b"/x", text, None, at, "name_too_long", "", 0))
            rows.append((20 + at, one, folder, text, None, at, "mount_unavailable", "", 0))
            rows.append((30 + at, two, folder + b"/x", text, None, 10 + at, "name_too_long", "", 0))
        await insert_rows(connection, problems, wanted, rows)
        await removals.drop_problems_below(connection, one, path, spare)
        left = await connection.execute(sa.select(problems.c.root_id, problems.c.code, problems.c.path_text))
        return {(row[0], row[1], row[2]) for row in left}

    every = {folder.decode() for folder in Shelves.PATHS}
    assert await database.write(work) == {
        (one, "damaged", "file"),
        *((one, "mount_unavailable", text) for text in every),
        *((two, "name_too_long", text) for text in every),
        *((one, "name_too_long", text) for text in kept),
    }


async def test_present_items_may_be_counted_without_those_of_this_scan(database: Database) -> None:
    shelves = await Shelves.make(database)
    await shelves.file(1, 1)
    await shelves.file(2, 1, new=True)
    async with database.read() as connection:
        scopes, enough = [Scope(shelves.roots[0], b"")], {shelves.roots[0]: 9}
        assert await removals.present(connection, scopes, enough) == {shelves.roots[0]: 2}
        assert await removals.present(connection, scopes, enough, NEW_ADDED) == {shelves.roots[0]: 1}
        assert await removals.present(connection, scopes, enough, OLD_ADDED) == {shelves.roots[0]: 0}


async def test_present_items_are_counted_by_scope(database: Database) -> None:
    shelves = await Shelves.make(database)
    for at in range(5):
        await shelves.file(10 + at, at)
        await shelves.file(30 + at, 10 + at, status="missing" if at else "error")
    one, two, _ = shelves.roots

    async def count(*scopes: Scope, enough: int = 9) -> dict[int, int]:
        async with database.read() as connection:
            return await removals.present(connection, scopes, {one: enough, two: enough})

    assert await count(Scope(one, b""), Scope(two, b"")) == {one: 5, two: 1}
    assert await count(Scope(one, b"a")) == {one: 2}
    assert await count(Scope(one, b"a/b"), Scope(one, b"a-c")) == {one: 2}
    # No further than is asked, over all scopes of a root, and nothing where nothing is asked.
    assert await count(Scope(one, b""), Scope(two, b""), enough=3) == {one: 3, two: 1}
    assert await count(Scope(one, b"a"), Scope(one, b"a-c"), Scope(one, b"d"), enough=3) == {one: 3}
    assert await count(Scope(shelves.roots[2], b"")) == {}
