"""Shows and seasons: what they say of themselves, from the NFOs in the folders of their episodes.

Statements inside a batch's transaction, for `videos`. A batch marks the shows that it touches; what they show
is derived once, at the end of the scan, since a show may have very many episodes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store import video_rows
from shelfread.store.database import run_many
from shelfread.store.files import sliced
from shelfread.store.folding import sort_key
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import episodes, folders, seasons, shows, sidecars, videos
from shelfread.store.video_parents import VideoRules, more
from shelfread.store.video_rows import Parents


class ShowFacts:
    """What the shows of one library say. Used inside write transactions; keeps nothing between two."""

    def __init__(self, library_id: int, rules: VideoRules) -> None:
        self._library_id = library_id
        self._rules = rules

    async def set_stale(self, connection: AsyncConnection, ids: Collection[int]) -> None:
        """Have shows derived at the end of the scan."""
        for part in sliced(sorted(ids)):
            await connection.execute(
                update(shows).where(shows.c.id.in_(part), ~shows.c.stale).values(stale=True)
            )

    async def set_stale_below(self, connection: AsyncConnection, root_id: int, path: bytes) -> None:
        """Have the shows derived that have episodes in a folder or below it."""
        own = select(episodes.c.show_id).join(videos, videos.c.episode_id == episodes.c.id)
        own = own.where(video_rows.at_or_below(root_id, path)).distinct()
        await connection.execute(update(shows).where(shows.c.id.in_(own), ~shows.c.stale).values(stale=True))

    async def around(self, connection: AsyncConnection, root_id: int, path: bytes) -> list[Parents]:
        """What a picture in a folder may show: what is in it, and the shows that have seasons in it."""
        rows = await connection.execute(
            select(videos.c.movie_id, videos.c.episode_id, episodes.c.show_id)
            .outerjoin(episodes, episodes.c.id == videos.c.episode_id)
            .where(videos.c.root_id == root_id, videos.c.base == path)
        )
        found = [Parents(*row) for row in rows]
        below = (
            select(episodes.c.show_id)
            .join(videos, videos.c.episode_id == episodes.c.id)
            .where(video_rows.at_or_below(root_id, path))
            .distinct()
        )
        return found + [Parents(show=row_id) for row_id in (await connection.execute(below)).scalars()]

    async def seasons_of(self, connection: AsyncConnection, show_ids: Sequence[int]) -> list[int]:
        """The seasons of these shows."""
        found: list[int] = []
        for part in sliced(show_ids):
            rows = await connection.execute(select(seasons.c.id).where(seasons.c.show_id.in_(part)))
            found += rows.scalars()
        return found

    async def derive_stale(self, connection: AsyncConnection) -> list[int]:
        """Derive the shows that wait for it, and give what they were."""
        found = await connection.execute(
            select(shows.c.id).where(shows.c.library_id == self._library_id, shows.c.stale)
        )
        ids = sorted(found.scalars())
        for row_id in ids:
            await self._derive_show(connection, row_id)
        return ids

    async def _derive_show(self, connection: AsyncConnection, show_id: int) -> None:
        row = (await connection.execute(select(shows).where(shows.c.id == show_id))).mappings().one()
        bases = await connection.execute(
            select(videos.c.root_id, videos.c.base, episodes.c.season_id)
            .join(episodes, episodes.c.id == videos.c.episode_id)
            .where(episodes.c.show_id == show_id)
            .distinct()
        )
        #: Folder to the seasons whose episodes are in it.
        places: dict[tuple[int, bytes], set[int | None]] = defaultdict(set)
        for root_id, base, season_id in bases:
            places[root_id, bytes(base)].add(season_id)
        above = {(root_id, _parent(path)) for root_id, path in places if path}
        beside: list[dict[str, Any]] = []
        told: dict[int, dict[str, Any]] = {}
        numbers = await self._numbers(connection, show_id)
        for place in sorted(above | places.keys()):
            for kind, facts in await _told(connection, *place):
                if kind == "show" and await video_rows.only_show_in(connection, *place, show_id):
                    beside.append(facts)
                elif kind == "season":
                    season_id = numbers.get(facts.get("season"))
                    if season_id is None and len(places.get(place, ())) == 1:
                        (season_id,) = places[place]
                    if season_id is not None:
                        told.setdefault(season_id, facts)
        ids = json.loads(row["more"]).get("named_ids", {})
        said = self._rules.show_described(row["named"], row["named_year"], ids, beside)
        said["named_ids"] = ids
        said["sources"] = ["nfo", "name"] if beside else ["name"]
        await run_many(
            connection,
            "UPDATE shows SET title = ?, original_title = ?, year = ?, date = ?, status = ?, plot = ?, "
            "age_rating = ?, rating = ?, more = ?, stale = ?, sort_key = ? WHERE id = ?",
            [
                (
                    said["title"], said.get("original_title"), said.get("year"), said.get("date"),
                    said.get("status"), said.get("plot"), said.get("age_rating"), said.get("rating"),
                    more(said), False, sort_key(said.get("sort_title") or said["title"]), show_id,
                )
            ],
        )  # fmt: skip
        await run_many(
            connection,
            "UPDATE seasons SET title = ?, plot = ? WHERE id = ?",
            [
                (told.get(one, {}).get("title"), told.get(one, {}).get("plot"), one)
                for one in sorted(numbers.values())
            ],
        )
        await video_rows.put_words(connection, ItemKind.SHOW, {show_id: said})

    async def _numbers(self, connection: AsyncConnection, show_id: int) -> dict[int | None, int]:
        rows = await connection.execute(
            select(seasons.c.number, seasons.c.id).where(seasons.c.show_id == show_id)
        )
        return {row[0]: row[1] for row in rows}


def _parent(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]


async def _told(connection: AsyncConnection, root_id: int, path: bytes) -> list[tuple[str, dict[str, Any]]]:
    """What the NFOs in a folder say of a show or of a season, in the order of their names."""
    rows = await connection.execute(
        select(sidecars.c.type, sidecars.c.facts)
        .join(folders, folders.c.id == sidecars.c.folder_id)
        .where(
            folders.c.root_id == root_id,
            folders.c.path == path,
            sidecars.c.type.in_(("show", "season")),
            sidecars.c.facts.is_not(None),
        )
        .order_by(sidecars.c.name)
    )
    return [(kind, json.loads(facts)) for kind, facts in rows]
