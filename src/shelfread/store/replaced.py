"""Files that went and others that may have taken their place in another format: for a person to tell.

Questions for the end of a scan, beside `twins`, which compares content. Each starts from what went and came,
and looks at what stands beside it: in its release, its series, its film, its folder. Writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, and_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.likeness import Why
from shelfread.model.missing import MissingReason
from shelfread.store import likenesses, twins
from shelfread.store.files import sliced
from shelfread.store.likenesses import Likeness
from shelfread.store.tables import books, folders, media_files, removals, roots, tracks, videos

#: Of files that went missing earlier, the last so many may be what a new one replaces.
_LATEST = 1000
#: Pairs of equal tags, or of one name, that a person is asked about at once.
_ASKED_OF = 25


class _Item(NamedTuple):
    file_id: int
    added_at: int
    #: What files of one and the same have in common.
    key: Hashable
    format: Any
    #: Found gone by this scan; else, of an old one, by one before.
    gone: bool


#: Of each kind: the table of its items, what they belong to, what tells them apart there, and which count.
_KEYS: Mapping[str, Sequence[tuple[Table, Any, Sequence[Any], ColumnElement[bool]]]] = {
    "music": [(tracks, tracks.c.release_id, (tracks.c.disc, tracks.c.track, tracks.c.title), true())],
    "books": [
        (
            books,
            books.c.series_id,
            (books.c.number, books.c.volume, books.c.chapter, books.c.title),
            true(),
        )
    ],
    "video": [
        (videos, parent, (videos.c.part,), and_(videos.c.type == name, ~videos.c.disc))
        for name, parent in (("movie", videos.c.movie_id), ("episode", videos.c.episode_id))
    ],
}


async def replaced(
    connection: AsyncConnection,
    library_id: int,
    kind: str,
    job_seq: int,
    *,
    since: int,
    horizon: int,
    taken: Collection[int],
) -> list[Likeness]:
    """Files that went and others that may have taken their place in another format.

    Args:
        connection: to read with.
        library_id: whose files.
        kind: of the library.
        job_seq: the scan that noted what is gone.
        since: rows added later are new in this scan; microseconds.
        horizon: what was added or went missing before it counts no more; microseconds.
        taken: files that have found their match, and those that did not go.
    """
    query = select(removals.c.file_id).where(removals.c.job_seq == job_seq)
    gone = set((await connection.execute(query)).scalars()) - set(taken)
    lost = await _lost(connection, library_id, since, horizon) - gone - set(taken)
    if not gone and not lost:
        return []
    ends = await twins.scan_ends(connection, library_id)
    old = sorted(gone | lost)
    done: set[int] = set(taken)
    found: list[Likeness] = []
    questions = [_by_tags(*key) for key in _KEYS.get(kind, ())]
    for why, (query, parent) in [*((Why.TAGS, one) for one in questions), (Why.NAME, _by_name())]:
        before = await _items(connection, query, media_files.c.id, old, why, gone)
        before = [one for one in before if one.file_id not in done]
        there = query.where(media_files.c.status == "ready", media_files.c.added_at > horizon)
        parents = sorted({one.key[0] for one in before if isinstance(one.key, tuple)})
        after = await _items(connection, there, parent, parents, why, gone)
        after = [one for one in after if one.file_id not in done and not one.gone]
        pairs = _paired(before, after, ends, since)
        found += [Likeness(new, old, why) for new, old in pairs]
        done |= {row for pair in pairs for row in pair}
    apart = await likenesses.rejected(
        connection, sorted({one.old for one in found} | {one.new for one in found})
    )
    return [one for one in found if (one.new, one.old) not in apart]


async def _lost(connection: AsyncConnection, library_id: int, since: int, horizon: int) -> set[int]:
    """Files that were missing before this scan, if anything is new in it: those that went last."""
    # Asked of each row: started from, it would be all of the library.
    own = (
        select(roots.c.library_id)
        .select_from(folders.join(roots, roots.c.id == folders.c.root_id))
        .where(folders.c.id == media_files.c.folder_id)
        .correlate(media_files)
        .scalar_subquery()
    )
    latest = (
        select(media_files.c.id)
        .where(
            media_files.c.missing_at > horizon,
            # It is there, and a rule hides it.
            media_files.c.missing_reason.is_distinct_from(MissingReason.LEFT_OUT.value),
            own == library_id,
        )
        .order_by(media_files.c.missing_at.desc())
        .limit(_LATEST)
    )
    found = set((await connection.execute(latest)).scalars())
    if not found:
        return found
    came = select(media_files.c.id).where(media_files.c.added_at > since, own == library_id).limit(1)
    return found if (await connection.execute(came)).first() is not None else set()


def _by_tags(
    table: Table, parent: Any, facts: Sequence[Any], where: ColumnElement[bool]
) -> tuple[Select[Any], Any]:
    """Rows (id, added, format, parent, facts), and what they are asked by."""
    query = (
        select(media_files.c.id, media_files.c.added_at, table.c.container, parent, *facts)
        .join(table, table.c.file_id == media_files.c.id)
        .where(where, parent.is_not(None))
    )
    return query, parent


def _by_name() -> tuple[Select[Any], Any]:
    """Rows (id, added, name, folder), and what they are asked by."""
    columns = (media_files.c.id, media_files.c.added_at, media_files.c.name, media_files.c.folder_id)
    return select(*columns), media_files.c.folder_id


async def _items(
    connection: AsyncConnection,
    query: Select[Any],
    by: Any,
    values: Sequence[int],
    why: Why,
    gone: Collection[int],
) -> list[_Item]:
    found: list[_Item] = []
    for part in sliced(values):
        for file_id, added_at, form, *key in await connection.execute(query.where(by.in_(part))):
            if why is Why.NAME:
                stem, _, form = form.lower().rpartition(b".")
                if not stem:
                    continue
                key.append(stem)
            found.append(_Item(file_id, added_at, tuple(key), form, file_id in gone))
    return sorted(found)


def _paired(
    old: Iterable[_Item], new: Iterable[_Item], ends: Sequence[int], since: int
) -> list[tuple[int, int]]:
    """(new, old) of equal keys and another format; only what a later scan found may have taken a place."""
    groups: defaultdict[Hashable, list[_Item]] = defaultdict(list)
    for one in new:
        groups[one.key].append(one)
    asked: defaultdict[Hashable, list[tuple[int, int]]] = defaultdict(list)
    for one in old:
        pairs = asked[one.key]
        for other in groups[one.key]:
            if len(pairs) == _ASKED_OF:
                break
            later = (
                twins.scanned_between(ends, one.added_at, other.added_at)
                if one.gone
                else other.added_at > since
            )
            if later and other.file_id != one.file_id and other.format != one.format:
                pairs.append((other.file_id, one.file_id))
    return [pair for pairs in asked.values() for pair in pairs]
