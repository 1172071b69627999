"""The rows that an import makes: libraries, and files as if a scan had been there that read none of them.

Statements for `app.importing`, inside its one transaction. The next scan finds these files in their places,
or elsewhere by their content, and reads them; parents wait in `remembered` until files of theirs are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.library import LibraryOptions, RootState
from shelfread.store import former
from shelfread.store.clock import text_of
from shelfread.store.database import insert_rows
from shelfread.store.files import FILE_COLUMNS
from shelfread.store.former import FormerPlace
from shelfread.store.ids import next_id
from shelfread.store.library_options import options_text
from shelfread.store.tables import (
    aliases,
    conversions,
    folders,
    id_counters,
    libraries,
    likenesses,
    media_files,
    metadata,
    problems,
    remembered,
    roots,
    schedules,
)

_FILE_COLUMNS = (*FILE_COLUMNS, "missing_at", "missing_reason")
#: Counted, but not by the name of a table.
_ALSO_COUNTED = {"jobs"}


class FileTold(NamedTuple):
    """A file that an import tells of."""

    id: int
    root_id: int
    #: Below the root.
    path: bytes
    size: int
    signature: bytes | None
    added_at: int
    missing_at: int | None
    missing_reason: str | None
    aliases: Sequence[int]
    #: The oldest first.
    former_places: Sequence[FormerPlace]


async def is_empty(connection: AsyncConnection) -> bool:
    """Whether a catalogue has no library yet."""
    return (await connection.execute(select(libraries.c.id).limit(1))).first() is None


async def raise_counters(connection: AsyncConnection, wanted: Mapping[str, int]) -> None:
    """Give no id below these to a new row; names that nothing is counted by are passed over."""
    for name in sorted(wanted.keys() & (metadata.tables.keys() | _ALSO_COUNTED)):
        # Makes the row where there is none, and holds it.
        first = await next_id(connection, name)
        await connection.execute(
            update(id_counters).where(id_counters.c.name == name).values(next=max(first, wanted[name]))
        )


async def add_library(
    connection: AsyncConnection,
    library_id: int,
    name: str,
    kind: str,
    options: LibraryOptions,
    *,
    created_at: int,
    known_until: int,
) -> None:
    """A library under its old id; what was added until `known_until` counts as known before any scan."""
    await connection.execute(
        insert(libraries).values(
            id=library_id,
            name=name,
            kind=kind,
            options=options_text(options),
            reader_version=0,
            untidy=False,
            created_at=created_at,
            known_until=known_until,
        )
    )


async def add_root(
    connection: AsyncConnection, library_id: int, root_id: int, path: bytes, *, empty_ok: bool
) -> None:
    """A root under its old id. Which filesystem it is, the first scan sees."""
    await connection.execute(
        insert(roots).values(
            id=root_id,
            library_id=library_id,
            path=path,
            path_text=text_of(path),
            state=RootState.NEW.value,
            confirmed=False,
            empty_ok=empty_ok,
        )
    )


async def add_schedule(
    connection: AsyncConnection, library_id: int, job_type: str, cron: str, zone: str, paused_at: int | None
) -> None:
    """A schedule; whoever looks at it first says when it runs next."""
    await connection.execute(
        insert(schedules).values(
            id=await next_id(connection, "schedules"),
            library_id=library_id,
            type=job_type,
            cron=cron,
            zone=zone,
            paused_at=paused_at,
        )
    )


async def add_parents(connection: AsyncConnection, rows: Sequence[tuple[int, str, bytes, int, int]]) -> None:
    """Remember parents: (library id, table, key, id, added at)."""
    columns = ("library_id", "subject", "key", "row_id", "added_at")
    await insert_rows(connection, remembered, columns, rows)


class FileRows:
    """Makes the rows of files, and of the folders that they are in."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._folders: dict[tuple[int, bytes], int] = {}

    async def add(self, told: Sequence[FileTold]) -> None:
        """Files as a scan would leave them that saw them and read nothing.

        Their times are those of no file, and the version of their reader that of none: so each is read when
        it is found.
        """
        await self._make_folders([(one.root_id, _folder_of(one.path)) for one in told])
        rows = []
        for one in told:
            name = one.path.rpartition(b"/")[2]
            status = "ready" if one.missing_at is None else "missing"
            rows.append(
                (
                    one.id,
                    self._folders[one.root_id, _folder_of(one.path)],
                    name,
                    text_of(name),
                    one.size,
                    *(0, 0, 0, 0),
                    status,
                    False,
                    0,
                    one.signature,
                    None,
                    0,
                    one.added_at,
                    one.added_at,
                    *(None, None),
                    one.missing_at,
                    one.missing_reason,
                )
            )
        await insert_rows(self._connection, media_files, _FILE_COLUMNS, rows)
        also = [(old_id, one.id) for one in told for old_id in one.aliases]
        await insert_rows(self._connection, aliases, ("old_id", "file_id"), also)
        before = {one.id: one.former_places for one in told if one.former_places}
        await former.add(self._connection, before)

    async def folder(self, root_id: int, path: bytes) -> int:
        """The row of a folder, made where there is none."""
        await self._make_folders([(root_id, path)])
        return self._folders[root_id, path]

    async def _make_folders(self, wanted: Sequence[tuple[int, bytes]]) -> None:
        missing: list[tuple[int, bytes]] = []
        seen = set()
        for root_id, path in wanted:
            chain = []
            while (root_id, path) not in self._folders and (root_id, path) not in seen:
                seen.add((root_id, path))
                chain.append((root_id, path))
                if not path:
                    break
                path = _folder_of(path)
            # Outermost first: a row refers to the one above it.
            missing += reversed(chain)
        if not missing:
            return
        first = await next_id(self._connection, "folders", len(missing))
        for number, place in enumerate(missing):
            self._folders[place] = first + number
        columns = ("id", "root_id", "parent_id", "path", "path_text", "digest", "mounted")
        rows = [
            (
                self._folders[root_id, path],
                root_id,
                self._folders[root_id, _folder_of(path)] if path else None,
                path,
                text_of(path),
                None,
                False,
            )
            for root_id, path in missing
        ]
        await insert_rows(self._connection, folders, columns, rows)


def _folder_of(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]


async def add_set_aside(
    connection: AsyncConnection,
    values: Mapping[str, Any],
    file_id: int | None,
    mtime_ns: int | None,
    folder_id: int | None,
) -> None:
    """A problem that a person set aside. It stays so if the next scan finds its file as it was then."""
    if file_id is not None:
        file = media_files.c.id == file_id
        folder_id = (await connection.execute(select(media_files.c.folder_id).where(file))).scalar_one()
        if mtime_ns is not None:
            await connection.execute(update(media_files).where(file).values(mtime_ns=mtime_ns))
    await connection.execute(
        insert(problems).values(
            id=await next_id(connection, "problems"),
            path_text=text_of(values["path"]),
            file_id=file_id,
            folder_id=folder_id,
            **values,
        )
    )


async def add_conversion(connection: AsyncConnection, file_id: int | None, values: Mapping[str, Any]) -> None:
    """What a book was converted from."""
    await connection.execute(
        insert(conversions).values(
            id=await next_id(connection, "conversions"),
            file_id=file_id,
            state="done",
            source_name_text=text_of(values["source_name"]),
            source_ctime_ns=0,
            source_device=0,
            source_inode=0,
            **values,
        )
    )


async def add_not_same(
    connection: AsyncConnection, library_of_root: Mapping[int, int], values: Mapping[str, Any]
) -> bool:
    """Two files that are not the same; false when one of them is not there."""
    place = (
        select(folders.c.root_id)
        .join(media_files, media_files.c.folder_id == folders.c.id)
        .where(media_files.c.id == values["new_file_id"])
    )
    root_id = (await connection.execute(place)).scalar_one_or_none()
    if root_id is None:
        return False
    await connection.execute(
        insert(likenesses).values(
            id=await next_id(connection, "likenesses"),
            library_id=library_of_root[root_id],
            state="rejected",
            **values,
        )
    )
    return True
