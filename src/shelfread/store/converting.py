"""The journal of conversions: what may be converted, what is under way, what was converted from what.

Statements inside transactions of a conversion job, and what a scan asks: which files are originals of books
that it has already. The journal outlives the row of its book: an original stays known as converted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.conversion import (
    CONVERTER_VERSION,
    Candidate,
    ConversionState,
    Prepared,
    Refused,
)
from shelfread.model.entry import Stamp
from shelfread.model.job import Scope
from shelfread.store.clock import text_of
from shelfread.store.files import below, sliced
from shelfread.store.ids import next_id
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import (
    books,
    conversions,
    covers,
    folders,
    is_under_way,
    media_files,
    problems,
    roots,
)

_DETAIL_LIMIT = 500
#: States in which the book is the new file.
_CONVERTED = (ConversionState.REMOVING.value, ConversionState.DONE.value)


class Original(NamedTuple):
    """A file that a book was converted from."""

    name: bytes
    size: int
    mtime_ns: int
    #: The name of the new file, in the same folder.
    target: bytes


def _within(scopes: Sequence[Scope]) -> ColumnElement[bool]:
    return or_(*(and_(folders.c.root_id == scope.root_id, below(scope.relative)) for scope in scopes))


def _may_be(scopes: Sequence[Scope], containers: Sequence[str]) -> Select[tuple[int]]:
    """Sound, settled books in such archives, that were not given up as they are."""
    given_up = (
        exists()
        .where(
            conversions.c.file_id == media_files.c.id,
            conversions.c.state == ConversionState.FAILED.value,
            conversions.c.converter == CONVERTER_VERSION,
            # What was renamed since may have got a name that can be converted.
            conversions.c.source_name == media_files.c.name,
            conversions.c.source_size == media_files.c.size,
            conversions.c.source_mtime_ns == media_files.c.mtime_ns,
        )
        .correlate(media_files)
    )
    return (
        select(media_files.c.id)
        .join(books, books.c.file_id == media_files.c.id)
        .join(folders, folders.c.id == media_files.c.folder_id)
        .where(
            books.c.container.in_(containers),
            media_files.c.status == "ready",
            media_files.c.unsettled.is_(False),
            _within(scopes),
            ~given_up,
            ~exists().where(problems.c.file_id == media_files.c.id).correlate(media_files),
        )
    )


async def candidates(
    connection: AsyncConnection, scopes: Sequence[Scope], containers: Sequence[str], after: int, limit: int
) -> list[Candidate]:
    """A page of the books that may be converted, by the id of their file."""
    if not scopes:
        return []
    query = (
        _may_be(scopes, containers)
        .with_only_columns(
            media_files.c.id,
            folders.c.root_id,
            folders.c.id,
            folders.c.path,
            media_files.c.name,
            media_files.c.size,
            media_files.c.mtime_ns,
            media_files.c.ctime_ns,
            media_files.c.device,
            media_files.c.inode,
        )
        .where(media_files.c.id > after)
        .order_by(media_files.c.id)
        .limit(limit)
    )
    rows = await connection.execute(query)
    return [Candidate(row[0], row[1], row[2], row[3], row[4], Stamp._make(row[5:])) for row in rows]


async def count(connection: AsyncConnection, scopes: Sequence[Scope], containers: Sequence[str]) -> int:
    """How many books may be converted."""
    if not scopes:
        return 0
    query = _may_be(scopes, containers).with_only_columns(func.count())
    return int((await connection.execute(query)).scalar_one())


async def any_left(connection: AsyncConnection, library_id: int, containers: Sequence[str]) -> bool:
    """Whether a library has anything to convert, or a conversion that is not at its end."""
    own = await connection.execute(select(roots.c.id).where(roots.c.library_id == library_id))
    scopes = [Scope(row[0], b"") for row in own]
    if not scopes:
        return False
    first = await connection.execute(_may_be(scopes, containers).limit(1))
    return first.first() is not None or bool(await under_way(connection, scopes))


async def name_is_known(connection: AsyncConnection, folder_id: int, name: bytes) -> bool:
    """Whether a folder has a row of this name, missing or not."""
    found = await connection.execute(
        select(media_files.c.id).where(media_files.c.folder_id == folder_id, media_files.c.name == name)
    )
    return found.first() is not None


async def prepare(connection: AsyncConnection, prepared: Prepared, now: int) -> None:
    """Note that the new file of a book is complete; what was noted of the book before is replaced."""
    await connection.execute(delete(conversions).where(conversions.c.file_id == prepared.file_id))
    await connection.execute(
        insert(conversions).values(
            id=await next_id(connection, "conversions"),
            file_id=prepared.file_id,
            state=prepared.state.value,
            source_name=prepared.source_name,
            source_name_text=text_of(prepared.source_name),
            source_size=prepared.source.size,
            source_mtime_ns=prepared.source.mtime_ns,
            source_ctime_ns=prepared.source.ctime_ns,
            source_device=prepared.source.device,
            source_inode=prepared.source.inode,
            target_name=prepared.target_name,
            temporary=prepared.temporary,
            target_size=prepared.target_size,
            target_mtime_ns=prepared.target_mtime_ns,
            converter=CONVERTER_VERSION,
            at=now,
        )
    )


async def give_up(connection: AsyncConnection, candidate: Candidate, refused: Refused, now: int) -> None:
    """Remember that a book cannot be converted as it is."""
    await connection.execute(delete(conversions).where(conversions.c.file_id == candidate.file_id))
    await connection.execute(
        insert(conversions).values(
            id=await next_id(connection, "conversions"),
            file_id=candidate.file_id,
            state=ConversionState.FAILED.value,
            source_name=candidate.name,
            source_name_text=text_of(candidate.name),
            source_size=candidate.stamp.size,
            source_mtime_ns=candidate.stamp.mtime_ns,
            source_ctime_ns=candidate.stamp.ctime_ns,
            source_device=candidate.stamp.device,
            source_inode=candidate.stamp.inode,
            target_name=b"",
            target_size=0,
            target_mtime_ns=0,
            converter=CONVERTER_VERSION,
            code=refused.code,
            detail=refused.detail.replace("\0", "")[:_DETAIL_LIMIT],
            at=now,
        )
    )


async def discard(connection: AsyncConnection, file_id: int) -> None:
    """Forget what is noted of a book: it is as it was."""
    await connection.execute(delete(conversions).where(conversions.c.file_id == file_id))


async def set_state(connection: AsyncConnection, file_id: int, state: ConversionState, now: int) -> None:
    """How far a conversion is."""
    await connection.execute(
        update(conversions).where(conversions.c.file_id == file_id).values(state=state.value, at=now)
    )


async def rename(connection: AsyncConnection, prepared: Prepared) -> bool:
    """Give the row of a book the name of its new file, and make its folder due.

    False when it is not the row that it was, and nothing was written.
    """
    changed = await connection.execute(
        update(media_files)
        .where(
            media_files.c.id == prepared.file_id,
            media_files.c.folder_id == prepared.folder_id,
            media_files.c.name.in_((prepared.source_name, prepared.target_name)),
        )
        .values(name=prepared.target_name, name_text=text_of(prepared.target_name))
    )
    await connection.execute(update(folders).where(folders.c.id == prepared.folder_id).values(digest=None))
    return bool(changed.rowcount)


async def keep_cover(connection: AsyncConnection, prepared: Prepared, stamp: Stamp) -> None:
    """What a cover was made from has another stamp now, and gives the same cover: it is not made again."""
    old = f"file {prepared.source.size} {prepared.source.mtime_ns}"
    new = f"file {stamp.size} {stamp.mtime_ns}"
    await connection.execute(
        update(covers)
        .where(covers.c.kind == ItemKind.BOOK.value, covers.c.item_id == prepared.file_id)
        .values(source=func.replace(covers.c.source, old, new))
    )


async def stamp_unread(connection: AsyncConnection, file_id: int, stamp: Stamp, now: int) -> None:
    """The file is another one now and was not read: the next scan reads it."""
    await connection.execute(
        update(media_files)
        .where(media_files.c.id == file_id)
        .values(
            size=stamp.size,
            mtime_ns=stamp.mtime_ns,
            ctime_ns=stamp.ctime_ns,
            device=stamp.device,
            inode=stamp.inode,
            parser_version=0,
            seen_at=now,
        )
    )


async def under_way(connection: AsyncConnection, scopes: Sequence[Scope]) -> list[Prepared]:
    """Conversions in these scopes that are not at their end: what a process that died left."""
    c = conversions.c
    # Asked first, since there are next to none: joined, SQLite goes through all files of the scopes.
    left = await connection.execute(select(c.file_id).where(is_under_way, c.file_id.is_not(None)))
    file_ids = left.scalars().all()
    if not file_ids or not scopes:
        return []
    columns = (c.state, c.source_name, c.source_size, c.source_mtime_ns, c.source_ctime_ns, c.source_device)
    more = (c.source_inode, c.target_name, c.temporary, c.target_size, c.target_mtime_ns)
    rows = await connection.execute(
        select(c.file_id, folders.c.root_id, folders.c.id, folders.c.path, *columns, *more)
        .join(media_files, media_files.c.id == c.file_id)
        .join(folders, folders.c.id == media_files.c.folder_id)
        .where(c.file_id.in_(file_ids), _within(scopes))
        .order_by(c.file_id)
    )
    return [
        Prepared(
            *row[:4],
            ConversionState(row[4]),
            row[5],
            Stamp._make(row[6:11]),
            row[11],
            row[12] or b"",
            row[13],
            row[14],
        )
        for row in rows
    ]


async def originals(connection: AsyncConnection, names: Sequence[bytes]) -> list[Original]:
    """Files of these names, in whatever folder, that books were converted from."""
    found: list[Original] = []
    for part in sliced(names):
        rows = await connection.execute(
            select(
                conversions.c.source_name,
                conversions.c.source_size,
                conversions.c.source_mtime_ns,
                conversions.c.target_name,
            ).where(conversions.c.source_name.in_(part), conversions.c.state.in_(_CONVERTED))
        )
        found += [Original(*row) for row in rows]
    return found
