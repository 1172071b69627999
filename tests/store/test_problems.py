"""`store.problems`: trouble stays until it is over, is told once, and only where it belongs."""

from __future__ import annotations

from typing import Any

import pytest

from shelfread.model.catalogue import FileWrite, FolderWrite, NewFolder
from shelfread.model.change import Change
from shelfread.model.entry import Stamp
from shelfread.model.job import Scope
from shelfread.model.problem import ProblemCode
from shelfread.store import files, ignoring, problems
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks
from shelfread.store.libraries import LibraryRepository
from shelfread.store.problems import clear_place, note_place, open_problems, places_in_trouble

pytestmark = pytest.mark.asyncio(loop_scope="session")

STAMP = Stamp(1, 1, 1, 1, 1)


class Place:
    """A library with one root and one folder of two files in it."""

    def __init__(self, database: Database, library_id: int, root_id: int) -> None:
        self.database = database
        self.library_id = library_id
        self.root_id = root_id
        self.ids = IdBlocks(database)

    @classmethod
    async def make(cls, database: Database) -> Place:
        library = await LibraryRepository(database).add("Music", "music", [b"/music"])
        place = cls(database, library.id, library.roots[0].id)

        async def work(connection: Any) -> None:
            await files.insert_folders(
                connection,
                [
                    NewFolder(1, place.root_id, None, b"", False),
                    NewFolder(2, place.root_id, 1, b"Ann", False),
                ],
                {},
            )

        await database.write(work)
        await place.write([place.file(11, b"a.mp3", None), place.file(12, b"b.mp3", None)])
        return place

    def file(self, file_id: int, name: bytes, code: ProblemCode | None, **more: Any) -> FileWrite:
        values = {"fresh": False, "was_read": True, "code": code, "detail": "why" if code else None, **more}
        return FileWrite(file_id, name, STAMP, Change.ADDED, False, **values)

    async def write(
        self, written: list[FileWrite], odd: list[tuple[bytes, ProblemCode, str]] | None = None, **more: Any
    ) -> None:
        """What a batch writes of the folder, with these files and these odd names."""
        batch = [
            FolderWrite(
                2, self.root_id, b"Ann", **{"known": True, "files": written, "problems": odd or [], **more}
            )
        ]
        ids = await problems.take_ids(self.ids, problems.count_in(batch))

        async def work(connection: Any) -> None:
            known = {
                file.id for found in (await files.known_files(connection, [2])).values() for file in found
            }
            for file in written:
                file.fresh = file.id not in known
            await files.write_files(connection, batch, version=1, job_seq=1, now=5)
            for file in written:
                file.fresh = False
            await problems.write_problems(connection, batch, ids, 5)

        await self.database.write(work)

    async def note(self, path: bytes, code: ProblemCode, detail: str = "why") -> None:
        async def work(connection: Any) -> None:
            await note_place(connection, self.root_id, path, code, detail, 5)

        await self.database.write(work)

    async def open(self, *relatives: bytes, limit: int | None = None) -> set[tuple[bytes, str]]:
        scopes = [Scope(self.root_id, relative) for relative in relatives] or None
        found = await open_problems(self.database, library_id=self.library_id, scopes=scopes, limit=limit)
        return {(problem.path, problem.code) for problem in found}


async def test_trouble_of_a_file_is_replaced_whenever_it_is_read(database: Database) -> None:
    place = await Place.make(database)
    assert await place.open() == set()
    await place.write([place.file(11, b"a.mp3", ProblemCode.TRUNCATED)])
    assert await place.open() == {(b"/music/Ann/a.mp3", "truncated")}
    await place.write([place.file(11, b"a.mp3", ProblemCode.DAMAGED)])
    assert await place.open() == {(b"/music/Ann/a.mp3", "damaged")}
    # Read or not: only a reading can tell that it is over.
    await place.write([place.file(11, b"a.mp3", None, was_read=False)])
    assert await place.open() == {(b"/music/Ann/a.mp3", "damaged")}
    await place.write([place.file(12, b"b.mp3", None)])
    assert await place.open() == {(b"/music/Ann/a.mp3", "damaged")}
    await place.write([place.file(11, b"a.mp3", None)])
    assert await place.open() == set()


async def test_odd_names_are_replaced_with_the_head_of_their_folder(database: Database) -> None:
    place = await Place.make(database)
    fifo = (b"pipe.mp3", ProblemCode.NOT_A_FILE, "a pipe")
    await place.write([place.file(11, b"a.mp3", ProblemCode.TRUNCATED)], [fifo])
    both = {(b"/music/Ann/a.mp3", "truncated"), (b"/music/Ann/pipe.mp3", "not_a_file")}
    assert await place.open() == both
    # A later part of a large folder says nothing of its odd names.
    await place.write([place.file(12, b"b.mp3", None)], head=False)
    assert await place.open() == both
    await place.write([], [(b"other.mp3", ProblemCode.BROKEN_LINK, "nowhere")])
    assert await place.open() == {
        (b"/music/Ann/a.mp3", "truncated"),
        (b"/music/Ann/other.mp3", "broken_link"),
    }
    await place.write([])
    assert await place.open() == {(b"/music/Ann/a.mp3", "truncated")}


async def test_a_file_that_could_not_be_read_and_then_not_be_looked_at_is_told_once(
    database: Database,
) -> None:
    place = await Place.make(database)
    odd = (b"a.mp3", ProblemCode.IO_ERROR, "Input/output error")
    await place.write([place.file(11, b"a.mp3", ProblemCode.IO_ERROR)])
    await place.write([], [odd])
    assert await place.open() == {(b"/music/Ann/a.mp3", "io_error")}
    # The other way round, and in parts of a folder that come in either order.
    await place.write([place.file(11, b"a.mp3", None)], [odd])
    await place.write([place.file(11, b"a.mp3", ProblemCode.IO_ERROR)], head=False)
    assert await place.open() == {(b"/music/Ann/a.mp3", "io_error")}
    await place.write([place.file(11, b"a.mp3", None)])
    assert await place.open() == set()


async def test_trouble_of_a_place_is_noted_once_and_cleared_by_code(database: Database) -> None:
    place = await Place.make(database)
    for _ in range(3):
        await place.note(b"Ann", ProblemCode.FOLDER_UNREADABLE)
    await place.note(b"Ann", ProblemCode.PERMISSION_DENIED)
    await place.note(b"", ProblemCode.ROOT_UNAVAILABLE)
    found = await open_problems(database)
    assert [(problem.path, problem.code) for problem in found] == [
        (b"/music", "root_unavailable"),
        (b"/music/Ann", "folder_unreadable"),
        (b"/music/Ann", "permission_denied"),
    ]
    assert {problem.library_id for problem in found} == {place.library_id}

    async def trouble(*codes: ProblemCode) -> set[bytes]:
        async with database.read() as connection:
            return await places_in_trouble(connection, place.root_id, codes)

    assert await trouble(ProblemCode.FOLDER_UNREADABLE) == {b"Ann"}
    assert await trouble(ProblemCode.FOLDER_UNREADABLE, ProblemCode.ROOT_UNAVAILABLE) == {b"", b"Ann"}
    assert await trouble(ProblemCode.MOUNT_UNAVAILABLE) == set()

    async def clear(connection: Any) -> None:
        await clear_place(connection, place.root_id, b"Ann", [ProblemCode.FOLDER_UNREADABLE])

    await database.write(clear)
    assert await place.open() == {(b"/music", "root_unavailable"), (b"/music/Ann", "permission_denied")}


@pytest.mark.parametrize(
    ("scopes", "shown"),
    [
        ([b""], {b"", b"A", b"A-M", b"A/x", b"A/x/y", b"B"}),
        ([b"A"], {b"", b"A", b"A/x", b"A/x/y"}),
        ([b"A/x"], {b"", b"A/x", b"A/x/y"}),
        ([b"A-M", b"B"], {b"", b"A-M", b"B"}),
        ([b"C"], {b""}),
    ],
)
async def test_problems_are_shown_by_scope_those_of_the_root_always(
    database: Database, scopes: list[bytes], shown: set[bytes]
) -> None:
    place = await Place.make(database)
    for path in (b"", b"A", b"A-M", b"A/x", b"A/x/y", b"B"):
        await place.note(path, ProblemCode.PERMISSION_DENIED)
    assert {path.removeprefix(b"/music").lstrip(b"/") for path, _ in await place.open(*scopes)} == shown


async def test_details_are_one_text_that_fits(database: Database) -> None:
    place = await Place.make(database)
    await place.write([place.file(11, b"a.mp3", ProblemCode.DAMAGED, detail="nul \0 in it" + "x" * 5000)])
    await place.note(b"", ProblemCode.ROOT_UNAVAILABLE, "y" * 5000)
    for problem in await open_problems(database):
        assert "\0" not in problem.detail
        assert len(problem.detail) == problems.DETAIL_LIMIT


async def test_problems_come_by_path_and_up_to_a_limit(database: Database) -> None:
    place = await Place.make(database)
    for path in (b"c", b"a", b"b"):
        await place.note(path, ProblemCode.FOLDER_UNREADABLE)
    found = await open_problems(database, limit=2)
    assert [problem.path for problem in found] == [b"/music/a", b"/music/b"]
    assert await open_problems(database, library_id=place.library_id + 1) == []


async def test_a_name_that_was_set_aside_stays_so_while_it_has_the_same_trouble(database: Database) -> None:
    place = await Place.make(database)

    async def aside() -> set[tuple[bytes, str]]:
        found = await open_problems(database, ignored=True)
        return {(one.path, one.code) for one in found}

    broken = [place.file(11, b"a.mp3", ProblemCode.DAMAGED)]
    odd = (b"odd", ProblemCode.IO_ERROR, "cannot be looked at")
    await place.write(broken, [odd])
    for row in await open_problems(database):

        async def work(connection: Any, row_id: int = row.id) -> None:
            await ignoring.ignore(connection, row_id, 7)

        await database.write(work)
    both = {(b"/music/Ann/a.mp3", "damaged"), (b"/music/Ann/odd", "io_error")}
    assert await aside() == both
    same = [place.file(11, b"a.mp3", ProblemCode.DAMAGED, as_known=True)]
    await place.write(same, [odd])
    assert await aside() == both
    # A folder that is listed anew says nothing of the files in it, and one of another code is another one.
    await place.write(broken, [(b"odd", ProblemCode.BROKEN_LINK, "nowhere")])
    assert await aside() == set()
    assert len(await open_problems(database, ignored=False)) == 2
    await place.write(broken, [odd])
    assert await aside() == set()
