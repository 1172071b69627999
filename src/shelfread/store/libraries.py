"""Libraries and their roots."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.library import Library, LibraryOptions, OddRoot, Root, RootState
from shelfread.model.problem import ProblemCode
from shelfread.store import library_counts
from shelfread.store.clock import now_us, text_of
from shelfread.store.database import Database
from shelfread.store.files import below
from shelfread.store.ids import next_id
from shelfread.store.library_options import options_of, options_text
from shelfread.store.search_due import note_removed
from shelfread.store.tables import (
    artists,
    folders,
    genres,
    libraries,
    library_scan_jobs,
    media_files,
    problems,
    release_credits,
    releases,
    roots,
    track_credits,
    track_genres,
    tracks,
)

#: More to be written about a library, by its id, in the same transaction.
Also = Callable[[AsyncConnection, int], Awaitable[object]]


class NameTaken(Exception):
    """Another library has this name."""


class RootsChanged(Exception):
    """Roots came that the caller has not seen."""


class LibraryRepository:
    """Reads and writes libraries; every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Library]:
        """Every library, by name."""
        async with self._database.read() as connection:
            return await _load(connection, None)

    async def get(self, library_id: int) -> Library | None:
        async with self._database.read() as connection:
            found = await _load(connection, library_id)
        return found[0] if found else None

    async def add(
        self,
        name: str,
        kind: str,
        paths: Sequence[bytes],
        options: LibraryOptions | None = None,
        *,
        seen: Collection[int] | None = None,
        also: Also | None = None,
    ) -> Library:
        """Add a library with its roots (absolute paths), and `also` what is given, or nothing of it.

        Raises:
            NameTaken: a library of that name is there.
            RootsChanged: there are roots, of any library, whose ids are not among `seen`.
        """

        async def work(connection: AsyncConnection) -> Library:
            library_id = await next_id(connection, "libraries")
            await connection.execute(
                insert(libraries).values(
                    id=library_id,
                    name=name,
                    kind=kind,
                    options=options_text(options or LibraryOptions()),
                    reader_version=0,
                    untidy=False,
                    created_at=now_us(),
                )
            )
            await _add_roots(connection, library_id, paths, seen)
            if also is not None:
                await also(connection, library_id)
            return (await _load(connection, library_id))[0]

        return await self._guarded(name, work)

    async def change(
        self,
        library_id: int,
        *,
        name: str | None = None,
        options: LibraryOptions | None = None,
        add_roots: Sequence[bytes] = (),
        remove_roots: Sequence[int] = (),
        empty_ok: Mapping[int, bool] | None = None,
        seen: Collection[int] | None = None,
        also: Also | None = None,
    ) -> Library | None:
        """Change what is given, all of it or nothing; None when there is no such library.

        Removing a root removes what the catalogue holds of it. `empty_ok` says, by the ids of roots, which
        may be empty though files are known in them. Raises NameTaken and RootsChanged, as `add`.
        """

        async def work(connection: AsyncConnection) -> Library | None:
            if not await _load(connection, library_id):
                return None
            values: dict[str, object] = {} if name is None else {"name": name}
            if options is not None:
                values["options"] = options_text(options)
            if remove_roots:
                values["untidy"] = True
            if values:
                await connection.execute(
                    update(libraries).where(libraries.c.id == library_id).values(**values)
                )
            await _add_roots(connection, library_id, add_roots, seen)
            for root_id, may_be in (empty_ok or {}).items():
                mine = (roots.c.id == root_id, roots.c.library_id == library_id)
                await connection.execute(update(roots).where(*mine).values(empty_ok=may_be))
            for root_id in remove_roots:
                await _clear_roots(connection, library_id, roots.c.id == root_id)
            if also is not None:
                await also(connection, library_id)
            return (await _load(connection, library_id))[0]

        return await self._guarded(name or "", work)

    async def remove(self, library_id: int) -> bool:
        """Forget a library and all that the catalogue holds of it. No file is touched."""

        async def work(connection: AsyncConnection) -> bool:
            await _clear_roots(connection, library_id, roots.c.library_id == library_id)
            own = select(releases.c.id).where(releases.c.library_id == library_id)
            await connection.execute(delete(release_credits).where(release_credits.c.release_id.in_(own)))
            for table in (releases, artists, genres, library_scan_jobs):
                await connection.execute(delete(table).where(table.c.library_id == library_id))
            gone = await connection.execute(delete(libraries).where(libraries.c.id == library_id))
            return gone.rowcount > 0

        return await self._database.write(work)

    async def confirm(
        self, library_id: int, root_ids: Collection[int] | None = None, *, odd: Collection[OddRoot]
    ) -> int:
        """Let the next scan believe what a person says is right; gives how many roots and mounts that are.

        Of the roots those in `odd`, if no scan noted anything else of them meanwhile; of the mounts that are
        away all, or with `root_ids` those in these roots. A mount is then a folder like any other: the next
        scan looks whether it is there.
        """

        async def work(connection: AsyncConnection) -> int:
            mine: ColumnElement[bool] = roots.c.library_id == library_id
            if root_ids is not None:
                mine = and_(mine, roots.c.id.in_(sorted(root_ids)))
            mounts = await _forget_mounts(connection, mine)
            believed = 0
            for one in odd:
                noted = (roots.c.id == one.id, roots.c.reason == one.noted)
                done = await connection.execute(
                    update(roots)
                    .where(mine, *noted, roots.c.state == RootState.UNAVAILABLE.value)
                    .values(confirmed=True, confirmed_as=one.identity)
                )
                believed += done.rowcount
            return believed + mounts

        return await self._database.write(work)

    async def counts(self, library_id: int) -> dict[str, int]:
        """How many items of each sort a library holds: files by status, held removals, parents."""
        async with self._database.read() as connection:
            return library_counts.of(await library_counts.counts(connection), library_id)

    async def every_count(self) -> dict[int, dict[str, int]]:
        """The same of all libraries, by their ids."""
        async with self._database.read() as connection:
            found = await library_counts.counts(connection)
            ids = (await connection.execute(select(libraries.c.id))).scalars()
            return {one: library_counts.of(found, one) for one in ids}

    async def _guarded(self, name: str, work: object) -> Library:
        try:
            return await self._database.write(work)  # type: ignore[arg-type]
        except sa.exc.IntegrityError as error:
            if "name" in str(error.orig):
                raise NameTaken(f"a library named {name!r} is already there") from None
            raise


async def _load(connection: AsyncConnection, library_id: int | None) -> list[Library]:
    query = select(libraries).order_by(libraries.c.name, libraries.c.id)
    root_query = select(roots).order_by(roots.c.path)
    if library_id is not None:
        query = query.where(libraries.c.id == library_id)
        root_query = root_query.where(roots.c.library_id == library_id)
    of: dict[int, list[Root]] = {}
    for row in await connection.execute(root_query):
        of.setdefault(row.library_id, []).append(
            Root(
                row.id,
                row.library_id,
                row.path,
                RootState(row.state),
                row.identity,
                row.reason,
                bool(row.confirmed),
                bool(row.empty_ok),
                row.confirmed_as,
            )
        )
    return [
        Library(
            row.id, row.name, row.kind, options_of(row.options), tuple(of.get(row.id, ())), row.reader_version
        )
        for row in await connection.execute(query)
    ]


async def _add_roots(
    connection: AsyncConnection, library_id: int, paths: Sequence[bytes], seen: Collection[int] | None
) -> None:
    if not paths:
        return
    # Whoever adds roots has the counter's row to the end of the transaction: from here on nobody else does.
    first = await next_id(connection, "roots", len(paths))
    if seen is not None:
        others = select(roots.c.id).where(roots.c.id.not_in(seen)).limit(1)
        if (await connection.execute(others)).first() is not None:
            raise RootsChanged
    for number, path in enumerate(paths):
        await connection.execute(
            insert(roots).values(
                id=first + number,
                library_id=library_id,
                path=path,
                path_text=text_of(path),
                state=RootState.NEW.value,
                confirmed=False,
            )
        )


async def _clear_roots(connection: AsyncConnection, library_id: int, which: sa.ColumnElement[bool]) -> None:
    # Children first, in set operations: cascading row by row is far slower on a large library.
    in_roots = select(folders.c.id).join(roots, roots.c.id == folders.c.root_id).where(which)
    in_files = select(media_files.c.id).where(media_files.c.folder_id.in_(in_roots))
    for table in (track_genres, track_credits, tracks):
        await connection.execute(delete(table).where(table.c.file_id.in_(in_files)))
    await connection.execute(delete(media_files).where(media_files.c.folder_id.in_(in_roots)))
    await connection.execute(delete(roots).where(which))
    await note_removed(connection, library_id)


async def _forget_mounts(connection: AsyncConnection, which: ColumnElement[bool]) -> int:
    """Take the mounts of some roots that are away for plain folders; gives how many there were."""
    mine = select(roots.c.id).where(which)
    away = and_(problems.c.root_id.in_(mine), problems.c.code == ProblemCode.MOUNT_UNAVAILABLE.value)
    found = [
        (row.root_id, row.path)
        for row in await connection.execute(select(problems.c.root_id, problems.c.path).where(away))
    ]
    for root_id, path in found:
        await connection.execute(
            update(folders)
            .where(folders.c.root_id == root_id, below(path))
            .values(mounted=False, digest=None)
        )
        # Whichever of the folders above is the last one there: the scan must list it to miss the next.
        parts = path.split(b"/")
        above = [b"/".join(parts[:length]) for length in range(len(parts))]
        await connection.execute(
            update(folders).where(folders.c.root_id == root_id, folders.c.path.in_(above)).values(digest=None)
        )
    await connection.execute(delete(problems).where(away))
    return len(found)
