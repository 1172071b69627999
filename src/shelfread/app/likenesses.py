"""Files that are probably the same: shown to people, and settled as they say.

Used by HTTP and the command line. What is asked is found by scans (`scan.judge`). Touches nothing on disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shelfread.kinds import KINDS
from shelfread.model.library import Library
from shelfread.scan.roots import check
from shelfread.scan.twins import gone_folders
from shelfread.store import between, files, likenesses, moves
from shelfread.store.clock import now_us, text_of
from shelfread.store.ids import IdBlocks
from shelfread.store.likenesses import Asked
from shelfread.tasks.pruning import refuse_beside_scans

if TYPE_CHECKING:
    from shelfread.app import App

_log = logging.getLogger(__name__)


class NoLikeness(Exception):
    """There is no such question."""


class NotSettled(Exception):
    """It cannot be answered so now; one line says why."""


async def open_ones(app: App, library_id: int | None, limit: int, after: int = 0) -> list[Asked]:
    """Open questions by id, behind `after`; of one library or of all."""
    async with app.database.read() as connection:
        return await likenesses.page(connection, library_id, limit, after)


async def confirm(app: App, row_id: int) -> int:
    """A person says that the two are the same: the old file's row goes on as the new one; gives its id.

    As with a move it keeps its id and its added date, and the newer id leads to it.

    Raises:
        NoLikeness: there is no such question.
        NotSettled: it was answered, or the files are not as they were.
        AlreadyRunning: the library is scanned now.
    """
    one, library = await _found(app, row_id)
    async with app.database.read() as connection:
        places = await between.places(connection, [one.new_file_id, one.old_file_id])
    ways = {places[file_id][0] for file_id in (one.new_file_id, one.old_file_id) if file_id in places}
    libraries = {library.id: library}
    for library_id in ways - {library.id}:
        libraries |= {found.id: found for found in [await app.libraries.get(library_id)] if found is not None}
    made = {each.id: KINDS[each.kind].catalogue(each, IdBlocks(app.database)) for each in libraries.values()}
    for catalogue in made.values():
        await catalogue.reserve_for_merge(1)
    pairs = [(one.new_file_id, one.old_file_id)]
    empty = await _gone_folders(app, list(libraries.values()), one)

    async def work(connection: Any) -> None:
        for library_id in sorted(made):
            await refuse_beside_scans(connection, library_id)
        _refuse(await likenesses.get(connection, row_id))
        found = await between.places(connection, [one.new_file_id, one.old_file_id])
        new_library, old_library = found[one.new_file_id][0], found[one.old_file_id][0]
        if not made.keys() >= {new_library, old_library}:
            raise NotSettled("the files were moved meanwhile")
        left_behind = await moves.folders_of(connection, [one.old_file_id])
        await made[new_library].merge(connection, pairs)
        await moves.merge_rows(connection, pairs, now_us())
        await made[old_library].regroup(connection, left_behind, now_us())
        if new_library != old_library:
            await between.sort_out(connection, new_library, old_library)
        await likenesses.settled(connection, one.old_file_id)
        for root_id, path in empty:
            await files.drop_empty_folders(connection, root_id, [path])
        for catalogue in made.values():
            await catalogue.tidy(connection)

    await app.database.write(work)
    _log.info("a person confirmed that %s is what %s was", text_of(one.new_path), text_of(one.old_path))
    return one.old_file_id


async def reject(app: App, row_id: int) -> None:
    """A person says that the two are not the same; nobody is asked again. Saying it twice changes nothing.

    Raises:
        NoLikeness: there is no such question.
    """
    await _found(app, row_id)

    async def work(connection: Any) -> None:
        await likenesses.reject(connection, row_id, now_us())

    await app.database.write(work)


async def _found(app: App, row_id: int) -> tuple[Asked, Library]:
    async with app.database.read() as connection:
        one = await likenesses.get(connection, row_id)
    library = None if one is None else await app.libraries.get(one.library_id)
    if one is None or library is None:
        raise NoLikeness(f"there is no likeness {row_id}")
    return one, library


def _refuse(one: Asked | None) -> None:
    if one is None:
        raise NotSettled("it was settled in another way meanwhile")
    if one.state == "rejected":
        raise NotSettled("it was said before that the two are not the same")
    if one.missing_at is None:
        raise NotSettled("the older file is there again")
    if one.new_missing_at is not None:
        raise NotSettled("the newer file is missing now")


async def _gone_folders(app: App, libraries: Sequence[Library], one: Asked) -> list[tuple[int, bytes]]:
    """The folder that the old file was in, if it is gone from a disk that is there."""
    roots = (root for library in libraries for root in library.roots)
    root = next((root for root in roots if root.id == one.old_root_id), None)
    if root is None or (await check(app.database, root)).reason is not None:
        return []
    return await asyncio.to_thread(gone_folders, [(root.id, one.old_folder)], {root.id: root.path})
