"""What is shown of movies, shows, episodes and their files: rows with what belongs to them, by id.

Beside `browse_videos` and `search`, which find the ids; `items` has those of music, `book_items` those of
books. Paths are bytes; who may see them is decided elsewhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.browse_videos import GENRE
from shelfread.store.covers import covers_of
from shelfread.store.files import sliced
from shelfread.store.former import add_places
from shelfread.store.items import Shown, add_problems
from shelfread.store.missing_items import NOT_MISSING, add_missing
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import (
    episodes,
    is_odd,
    media_files,
    movies,
    seasons,
    shows,
    video_credits,
    video_tags,
    videos,
)
from shelfread.store.video_extras import extras_of_movie, extras_of_show
from shelfread.store.video_files import (
    file_query,
    files_of,
    not_missing,
    shown_file,
    status_of,
    streams_in,
    versions_of,
)

STATUSES = ("ready", "error", "missing")
#: Texts that may be long: only with one of them, not in lists.
_LONG = ("plot", "more")
_NOT_SHOWN = ("key", "named", "named_year", "stale", "status", "season_id", "place", "sort_key")
#: What `more` may hold, and what stands for it where it does not.
_MORE: dict[str, Any] = {
    "outline": None,
    "tagline": None,
    "runtime_min": None,
    "votes": None,
    "set": None,
    "provider_ids": {},
    "sources": [],
    "guessed": [],
}
#: What a list shows of the best version.
_OF_BEST = ("duration_s", "width", "height", "video_codec", "hdr")
_SHOW_TITLE = (
    select(shows.c.title).where(shows.c.id == episodes.c.show_id).scalar_subquery().label("show_title")
)


async def movies_of(connection: AsyncConnection, ids: Sequence[int], *, whole: bool = False) -> list[Shown]:
    """Movies with how their files are, in the order of the ids; `whole`: with versions, extras and words."""
    found = await _rows(connection, ItemKind.MOVIE, movies, ids, whole=whole)
    await _add_versions(connection, found, videos.c.movie_id, whole=whole)
    if whole:
        for one in found.values():
            one["extras"] = await videos_of(connection, await extras_of_movie(connection, one["id"]))
    return [found[row_id] for row_id in ids if row_id in found]


async def episodes_of(connection: AsyncConnection, ids: Sequence[int], *, whole: bool = False) -> list[Shown]:
    """Episodes with their show, as `movies_of` has movies."""
    found = await _rows(connection, ItemKind.EPISODE, episodes, ids, _SHOW_TITLE, whole=whole)
    await _add_versions(connection, found, videos.c.episode_id, whole=whole)
    return [found[row_id] for row_id in ids if row_id in found]


async def shows_of(connection: AsyncConnection, ids: Sequence[int], *, whole: bool = False) -> list[Shown]:
    """Shows with how many episodes they have, in the order of the ids; `whole`: with seasons and extras.

    `status` is missing when all episodes are, error when one that is there has a problem, else ready. What
    the show itself says of its state, "Ended" say, is `publication_status`.
    """
    said = shows.c.status.label("publication_status")
    found = await _rows(connection, ItemKind.SHOW, shows, ids, said, whole=whole)
    counts = await _counts(connection, list(found))
    of_show = videos.join(episodes, episodes.c.id == videos.c.episode_id)
    for row_id, one in found.items():
        one["counts"] = _added(counts[row_id].values())
        one["season_count"] = sum(1 for season_id in counts[row_id] if season_id is not None)
        one["status"] = _status(one["counts"])
        if whole:
            one["seasons"] = await _seasons_of(connection, row_id, counts[row_id])
            one["extras"] = await videos_of(connection, await extras_of_show(connection, row_id))
    gone = [row_id for row_id, one in found.items() if one["status"] == "missing"]
    await add_missing(connection, found, of_show, episodes.c.show_id, gone, videos.c.file_id)
    return [found[row_id] for row_id in ids if row_id in found]


async def videos_of(connection: AsyncConnection, ids: Sequence[int], *, whole: bool = False) -> list[Shown]:
    """Video files in the order of their ids; `whole`: with everything that was read of them, as `facts`."""
    found: dict[int, Shown] = {}
    for part in sliced(ids):
        query = file_query(*([videos.c.facts] if whole else []))
        rows = await connection.execute(query.where(videos.c.file_id.in_(part)))
        mine = {row["id"]: shown_file(row) for row in rows.mappings()}
        await add_problems(connection, mine, list(mine))
        if whole:
            await add_places(connection, mine, list(mine))
        found |= mine
    for one in found.values():
        if whole:
            one["facts"] = json.loads(one["facts"])
    return [found[row_id] for row_id in ids if row_id in found]


async def best_file(connection: AsyncConnection, kind: ItemKind, row_id: int) -> int | None:
    """The file that somebody gets who asks for a movie or an episode and for no version of it."""
    column = videos.c.movie_id if kind is ItemKind.MOVIE else videos.c.episode_id
    versions = versions_of((await files_of(connection, column, [row_id]))[row_id])
    return int(versions[0]["id"]) if versions else None


async def _rows(
    connection: AsyncConnection,
    kind: ItemKind,
    table: Table,
    ids: Sequence[int],
    *more: Any,
    whole: bool,
) -> dict[int, Shown]:
    """The rows of items with cover and genres; `whole`: with all that is said of them."""
    left_out = _NOT_SHOWN if whole else (*_NOT_SHOWN, *_LONG)
    columns = [one for one in table.c if one.name not in left_out]
    found: dict[int, Shown] = {}
    for part in sliced(ids):
        rows = await connection.execute(select(*columns, *more).where(table.c.id.in_(part)))
        for row in rows.mappings():
            one = dict(row) | {"cover": None, "genres": []}
            if whole:
                said = json.loads(one.pop("more"))
                one |= {name: said.get(name, usual) for name, usual in _MORE.items()}
                one |= {"credits": [], "tags": []}
            found[one["id"]] = one
        mine = [row_id for row_id in part if row_id in found]
        for row_id, cover in (await covers_of(connection, kind, mine)).items():
            found[row_id]["cover"] = cover._asdict()
        await _add_tags(connection, kind, found, mine, whole=whole)
        if whole:
            await _add_credits(connection, kind, found, mine)
    return found


async def _add_tags(
    connection: AsyncConnection, kind: ItemKind, found: dict[int, Shown], ids: Collection[int], *, whole: bool
) -> None:
    tag = video_tags.c
    query = select(tag.item_id, tag.type, tag.name).where(tag.kind == int(kind), tag.item_id.in_(ids))
    if not whole:
        query = query.where(tag.type == GENRE)
    for row in await connection.execute(query.order_by(tag.item_id, tag.type, tag.position)):
        if row.type == GENRE:
            found[row.item_id]["genres"].append(row.name)
        if whole:
            found[row.item_id]["tags"].append({"type": row.type, "name": row.name})


async def _add_credits(
    connection: AsyncConnection, kind: ItemKind, found: dict[int, Shown], ids: Collection[int]
) -> None:
    credit = video_credits.c
    query = select(credit.item_id, credit.role, credit.name, credit.character)
    query = query.where(credit.kind == int(kind), credit.item_id.in_(ids))
    for row in await connection.execute(query.order_by(credit.item_id, credit.role, credit.position)):
        told = {"role": row.role, "name": row.name, "character": row.character}
        found[row.item_id]["credits"].append(told)


async def _add_versions(
    connection: AsyncConnection, found: dict[int, Shown], column: Any, *, whole: bool
) -> None:
    """Put with each item how its files are, what its best version is, and `whole` all versions of it."""
    files = await files_of(connection, column, list(found), whole=whole)
    for row_id, one in found.items():
        counts = dict.fromkeys(STATUSES, 0)
        for row in files[row_id]:
            counts[row["status"]] += 1
        versions = versions_of(files[row_id])
        best: Shown = versions[0] if versions else {}
        one |= {"counts": counts, "status": _status(counts), **_missing(files[row_id])}
        one |= {name: best.get(name) for name in _OF_BEST}
        if whole:
            one["versions"] = [_with_streams(version) for version in versions]
            parts = {part["id"]: part for version in versions for part in version["parts"]}
            await add_problems(connection, parts, list(parts))
            await add_places(connection, parts, list(parts))


def _missing(files: Sequence[Any]) -> dict[str, Any]:
    """Since when an item is missing, and why: as `missing_items` has it, of files that are read already."""
    since = [row["missing_at"] for row in files]
    reasons = {row["missing_reason"] for row in files}
    if not files or None in since:
        return dict(NOT_MISSING)
    return {"missing_since": max(since), "missing_reason": reasons.pop() if len(reasons) == 1 else None}


def _with_streams(version: Shown) -> Shown:
    """A version with the sound and the subtitles in its first part."""
    streams = streams_in(version.pop("facts"))
    version["audio"] = [one for one in streams if one["type"] == "audio"]
    version["subtitles"] = [one for one in streams if one["type"] == "subtitle"]
    return version


def _status(counts: dict[str, int]) -> str:
    return status_of(name for name, number in counts.items() if number)


def _added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    found = dict.fromkeys(STATUSES, 0)
    for one in counts:
        for name, number in one.items():
            found[name] += number
    return found


async def _counts(
    connection: AsyncConnection, ids: Sequence[int]
) -> dict[int, dict[int | None, dict[str, int]]]:
    """How many episodes each season of some shows has ready, in trouble and missing; None: of no season."""
    found: dict[int, dict[int | None, dict[str, int]]] = defaultdict(dict)
    for part in sliced(ids):
        mine = episodes.c.show_id.in_(part)
        all_of_them = select(episodes.c.show_id, episodes.c.season_id, func.count()).where(mine)
        for show_id, season_id, number in await connection.execute(
            all_of_them.group_by(episodes.c.show_id, episodes.c.season_id)
        ):
            found[show_id][season_id] = dict.fromkeys(STATUSES, 0) | {"ready": number}
        for (show_id, season_id), statuses in await _odd_episodes(connection, mine):
            status = status_of(statuses)
            found[show_id][season_id]["ready"] -= 1
            found[show_id][season_id][status] += 1
    return found


async def _odd_episodes(
    connection: AsyncConnection, mine: Any
) -> list[tuple[tuple[int, int | None], list[str]]]:
    """The few episodes with a file that is missing or in trouble: show and season, and how all files are."""
    odd = (
        select(episodes.c.id)
        .join(videos, videos.c.episode_id == episodes.c.id)
        .join(media_files, media_files.c.id == videos.c.file_id)
        .where(mine, is_odd)
        .distinct()
    )
    ids = sorted((await connection.execute(odd)).scalars())
    found: dict[int, tuple[tuple[int, int | None], list[str]]] = {}
    for part in sliced(ids):
        rows = await connection.execute(
            select(episodes.c.id, episodes.c.show_id, episodes.c.season_id, media_files.c.status)
            .join(videos, videos.c.episode_id == episodes.c.id)
            .join(media_files, media_files.c.id == videos.c.file_id)
            .where(episodes.c.id.in_(part))
        )
        for row_id, show_id, season_id, status in rows:
            found.setdefault(row_id, ((show_id, season_id), []))[1].append(status)
    return list(found.values())


async def _seasons_of(
    connection: AsyncConnection, show_id: int, counts: dict[int | None, dict[str, int]]
) -> list[Shown]:
    """The seasons of a show in their order; those that are missing only where all are."""
    rows = await connection.execute(
        select(seasons).where(seasons.c.show_id == show_id).order_by(seasons.c.number)
    )
    found = [dict(row) for row in rows.mappings() if row["id"] in counts]
    covers = await covers_of(connection, ItemKind.SEASON, [one["id"] for one in found])
    for one in found:
        one["counts"] = counts[one["id"]]
        one["status"] = _status(one["counts"])
        cover = covers.get(one["id"])
        one["cover"] = None if cover is None else cover._asdict()
    return not_missing(found, lambda one: str(one["status"]))
