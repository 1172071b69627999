"""Video files: the rows of read files, and the words that their movies, shows and episodes are found by.

Statements inside a batch's transaction, for `videos`. Which item a file is of is decided there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.video import Stream, Video
from shelfread.store.database import insert_rows
from shelfread.store.files import sliced
from shelfread.store.folding import sort_key
from shelfread.store.tables import episodes, media_files, movies, video_credits, video_tags, videos

COLUMNS = tuple(column.name for column in videos.c)
_CREDIT_COLUMNS = tuple(column.name for column in video_credits.c)
_TAG_COLUMNS = tuple(column.name for column in video_tags.c)
#: What items are filed under, by the name of the field that holds it.
_TAGS = {"genres": "genre", "tags": "tag", "studios": "studio", "countries": "country"}


class Parents(NamedTuple):
    """The item that a file is of, and the show of an episode; None where there is none."""

    movie: int | None = None
    episode: int | None = None
    show: int | None = None


async def parents_of(connection: AsyncConnection, file_ids: Sequence[int]) -> dict[int, Parents]:
    """What each of these files is of."""
    found: dict[int, Parents] = {}
    for part in sliced(file_ids):
        rows = await connection.execute(
            select(videos.c.file_id, videos.c.movie_id, videos.c.episode_id, episodes.c.show_id)
            .outerjoin(episodes, episodes.c.id == videos.c.episode_id)
            .where(videos.c.file_id.in_(part))
        )
        found.update({row[0]: Parents(*row[1:]) for row in rows})
    return found


def at_or_below(root_id: int, path: bytes) -> ColumnElement[bool]:
    """The condition for videos whose item's folder is this one, or lies below it."""
    if not path:
        return videos.c.root_id == root_id
    # The root in both halves: each is a search in the index then, and not a look at all of the root.
    return or_(
        and_(videos.c.root_id == root_id, videos.c.base == path),
        and_(videos.c.root_id == root_id, videos.c.base > path + b"/", videos.c.base < path + b"0"),
    )


async def only_show_in(connection: AsyncConnection, root_id: int, path: bytes, show_id: int) -> bool:
    """Whether a folder, with all below it, holds one show and no film.

    What stands in the folder of many is of none of them.
    """
    other = await connection.execute(
        select(videos.c.file_id)
        .outerjoin(episodes, episodes.c.id == videos.c.episode_id)
        .where(
            at_or_below(root_id, path),
            or_(videos.c.movie_id.is_not(None), episodes.c.show_id != show_id),
        )
        .limit(1)
    )
    return other.first() is None


async def take_out(connection: AsyncConnection, file_ids: Sequence[int]) -> None:
    """Delete the rows of files that are written anew."""
    for part in sliced(file_ids):
        await connection.execute(delete(videos).where(videos.c.file_id.in_(part)))


class Placed(NamedTuple):
    """A read file, where it is, and what it is of."""

    file_id: int
    root_id: int
    item: Video
    #: What is known of it, by the names of the fields of `Video`.
    facts: Mapping[str, Any]
    parents: Parents
    #: An extra's: the key of the movie that its name speaks of.
    of_key: str | None


async def insert(connection: AsyncConnection, placed: Iterable[Placed]) -> None:
    """Insert the rows of read files."""
    await insert_rows(connection, videos, COLUMNS, [_row(one) for one in placed])


def _row(placed: Placed) -> tuple[Any, ...]:
    item = placed.item
    assert item.belonging is not None
    shown = _first(item.streams, "video") or Stream("video")
    heard = _first(item.streams, "audio") or Stream("audio")
    return (
        placed.file_id,
        item.type,
        placed.parents.movie,
        placed.parents.episode,
        placed.root_id,
        item.belonging.base,
        placed.of_key,
        item.title,
        item.extra,
        item.version or " ".join(part for part in (item.resolution, item.source) if part),
        item.edition,
        None if item.belonging.disc else item.part,
        item.belonging.disc,
        item.three_d,
        item.container,
        item.duration_s,
        item.bitrate_kbps,
        shown.width,
        shown.height,
        shown.codec,
        shown.hdr[-1] if shown.hdr else None,
        heard.codec,
        heard.channels,
        item.has_cover,
        json.dumps(placed.facts, ensure_ascii=False),
    )


def _first(streams: Sequence[Stream], kind: str) -> Stream | None:
    """The stream of a kind that is played where nobody chooses: the default one, else the first."""
    own = [one for one in streams if one.type == kind]
    return next((one for one in own if one.default), own[0] if own else None)


async def facts_of(
    connection: AsyncConnection, column: Any, ids: Sequence[int]
) -> dict[int, list[tuple[str, dict[str, Any]]]]:
    """Of each movie or episode its files that are there: their names, and what was read of them.

    One whose files are all missing is what it was.

    Args:
        connection: in the batch's transaction.
        column: `videos.c.movie_id` or `videos.c.episode_id`.
        ids: of the items.
    """
    if connection.dialect.name != "sqlite":
        # Of two workers that have a file of one item each, the second sees what the first has written.
        items = movies if column is videos.c.movie_id else episodes
        for part in sliced(ids):
            await connection.execute(
                select(items.c.id).where(items.c.id.in_(part)).order_by(items.c.id).with_for_update()
            )
    found: dict[int, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    missing: dict[int, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for part in sliced(ids):
        rows = await connection.execute(
            select(column, videos.c.base, media_files.c.name, media_files.c.status, videos.c.facts)
            .join(media_files, media_files.c.id == videos.c.file_id)
            .where(column.in_(part))
        )
        for row_id, base, name, status, facts in rows:
            # Bytes sort alike on both databases, whatever they mean.
            place = (bytes(base) + b"/" + bytes(name)).hex()
            (missing if status == "missing" else found)[row_id].append((place, json.loads(facts)))
    return missing | found


async def put_words(connection: AsyncConnection, kind: int, said: Mapping[int, Mapping[str, Any]]) -> None:
    """Replace who had a part in these items, and what they are filed under."""
    await drop_words(connection, kind, sorted(said))
    credited: list[tuple[Any, ...]] = []
    tagged: list[tuple[Any, ...]] = []
    for item_id, facts in said.items():
        places: dict[str, int] = defaultdict(int)
        for one in facts.get("people", ()):
            place = places[one["role"]]
            places[one["role"]] += 1
            name = one["name"]
            credited.append((kind, item_id, one["role"], place, name, sort_key(name), one.get("character")))
        for field, word in _TAGS.items():
            for place, name in enumerate(facts.get(field, ())):
                tagged.append((kind, item_id, word, place, name, sort_key(name)))
    await insert_rows(connection, video_credits, _CREDIT_COLUMNS, credited)
    await insert_rows(connection, video_tags, _TAG_COLUMNS, tagged)


async def drop_words(connection: AsyncConnection, kind: int, ids: Sequence[int]) -> None:
    """Delete who had a part in these items, and what they are filed under."""
    for table in (video_credits, video_tags):
        for part in sliced(ids):
            await connection.execute(delete(table).where(table.c.kind == kind, table.c.item_id.in_(part)))
