"""Movies, shows, seasons and episodes: found or made by their keys, and what they show of themselves.

Statements inside a batch's transaction, for `videos`. A movie and an episode derive what they show from their
files at once, since they have few; `shows` has what shows and seasons derive, once at the end of a scan. The
rules come in as functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Table, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.video import Belonging
from shelfread.store import video_rows
from shelfread.store.database import run_many
from shelfread.store.files import sliced
from shelfread.store.folding import sort_key
from shelfread.store.ids import IdBlocks
from shelfread.store.parents import insert_by_key
from shelfread.store.remembered import season_key
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import episodes, movies, seasons, shows, videos
from shelfread.store.tidying import Due, drop

#: What a movie, a show or an episode shows that has no column of its own.
_MORE = (
    "sort_title", "outline", "tagline", "runtime_min", "votes", "set", "provider_ids", "sources", "guessed",
    "named_ids",
)  # fmt: skip
_MOVIE_COLUMNS = ("id", "library_id", "key", "title", "more", "added_at", "sort_key")
_SHOW_COLUMNS = (
    "id", "library_id", "key", "named", "named_year", "title", "year", "more", "stale", "added_at",
    "sort_key",
)  # fmt: skip
_EPISODE_COLUMNS = (
    "id", "library_id", "show_id", "key", "title", "more", "added_at", "place", "sort_key",
)  # fmt: skip


class VideoRules(NamedTuple):
    """The rules of `media.video` that writing needs. None depends on the order of what it is given."""

    #: A file to what is known of it, by the names of the fields of `Video`.
    known: Callable[[Any], dict[str, Any]]
    #: The files of a movie or an episode, each its name and what is known, to what the item shows.
    described: Callable[[Iterable[tuple[str, Mapping[str, Any]]]], dict[str, Any]]
    #: A show's name, year and ids as paths give them, and what each tvshow.nfo says, to what it shows.
    show_described: Callable[..., dict[str, Any]]
    #: What an episode says to its place among those of its show.
    place: Callable[[Mapping[str, Any]], str]


class VideoParents:
    """The items of one library. Used inside write transactions; keeps nothing between two."""

    def __init__(self, library_id: int, name: str, ids: IdBlocks, rules: VideoRules) -> None:
        self._library_id = library_id
        #: What a show is called that nothing names.
        self._name = name
        self._ids = ids
        self._rules = rules

    async def find(self, connection: AsyncConnection, table: Table, keys: Collection[str]) -> dict[str, int]:
        """The rows of these keys that are there."""
        found: dict[str, int] = {}
        for part in sliced(sorted(keys)):
            rows = await connection.execute(
                select(table.c.key, table.c.id).where(
                    table.c.library_id == self._library_id, table.c.key.in_(part)
                )
            )
            found.update({row[0]: row[1] for row in rows})
        return found

    async def movies(self, connection: AsyncConnection, keys: Collection[str], now: int) -> dict[str, int]:
        """Find or make the movies of these keys; what they show is derived afterwards."""

        def row(row_id: int, key: str, at: int) -> tuple[Any, ...]:
            return (row_id, self._library_id, key, "", "{}", at, "")

        return await self._found_or_made(connection, movies, _MOVIE_COLUMNS, keys, row, now)

    async def shows(
        self, connection: AsyncConnection, wanted: Mapping[str, Belonging], now: int
    ) -> dict[str, int]:
        """Find or make shows by their keys; `wanted` has one of the files of each."""

        def row(row_id: int, key: str, at: int) -> tuple[Any, ...]:
            one = wanted[key]
            title = one.show or self._name
            more = json.dumps({"named_ids": one.show_ids}, ensure_ascii=False)
            return (
                row_id, self._library_id, key, title, one.show_year, title, one.show_year, more, True, at,
                sort_key(title),
            )  # fmt: skip

        return await self._found_or_made(connection, shows, _SHOW_COLUMNS, wanted, row, now)

    async def episodes(
        self, connection: AsyncConnection, wanted: Mapping[str, int], now: int
    ) -> dict[str, int]:
        """Find or make episodes by their keys; `wanted` has the show of each."""

        def row(row_id: int, key: str, at: int) -> tuple[Any, ...]:
            return (row_id, self._library_id, wanted[key], key, None, "{}", at, "", "")

        return await self._found_or_made(connection, episodes, _EPISODE_COLUMNS, wanted, row, now)

    async def _found_or_made(
        self,
        connection: AsyncConnection,
        table: Table,
        columns: tuple[str, ...],
        keys: Collection[str],
        row: Callable[[int, str, int], tuple[Any, ...]],
        now: int,
    ) -> dict[str, int]:
        found = await self.find(connection, table, keys)
        # In the order of their keys: two workers cannot wait for one another.
        missing = sorted(set(keys) - found.keys())
        if not missing:
            return found
        told = await self._ids.remembered(
            connection, self._library_id, table.name, [key.encode() for key in missing]
        )
        made: dict[str, int] = {}
        rows = []
        for key in missing:
            was = told.get(key.encode())
            made[key] = was.id if was else await self._ids.get(connection, table.name)
            rows.append(row(made[key], key, was.added_at if was else now))
        await insert_by_key(connection, table, columns, rows)
        if connection.dialect.name != "sqlite":
            # Another worker may have made one of them between the look and now.
            made = await self.find(connection, table, missing)
        return found | made

    # What they show

    async def derive_movies(self, connection: AsyncConnection, ids: Collection[int]) -> None:
        """Derive what movies show from their files."""
        files = await video_rows.facts_of(connection, videos.c.movie_id, sorted(ids))
        said = {row_id: self._said(own) for row_id, own in files.items()}
        await run_many(
            connection,
            "UPDATE movies SET title = ?, original_title = ?, year = ?, date = ?, plot = ?, age_rating = ?, "
            "rating = ?, more = ?, sort_key = ? WHERE id = ?",
            [
                (
                    one["title"], one.get("original_title"), one.get("year"), one.get("date"),
                    one.get("plot"), one.get("age_rating"), one.get("rating"), more(one),
                    sort_key(one.get("sort_title") or one["title"]), row_id,
                )
                for row_id, one in sorted(said.items())
            ],
        )  # fmt: skip
        await video_rows.put_words(connection, ItemKind.MOVIE, said)

    async def derive_episodes(
        self, connection: AsyncConnection, ids: Collection[int], now: int
    ) -> set[int | None]:
        """Derive what episodes show from their files, and which season they are in.

        Gives the seasons that one of them left, which may be empty now.
        """
        files = await video_rows.facts_of(connection, videos.c.episode_id, sorted(ids))
        said = {row_id: self._said(own) for row_id, own in files.items()}
        show_of: dict[int, int] = {}
        season_of: dict[int, int | None] = {}
        for part in sliced(sorted(said)):
            rows = await connection.execute(
                select(episodes.c.id, episodes.c.show_id, episodes.c.season_id).where(episodes.c.id.in_(part))
            )
            for row_id, show_id, season_id in rows:
                show_of[row_id], season_of[row_id] = show_id, season_id
        wanted = {(show_of[row_id], one["season"]) for row_id, one in said.items() if "season" in one}
        known = await self._seasons(connection, wanted, now)
        await run_many(
            connection,
            "UPDATE episodes SET season_id = ?, title = ?, season = ?, episode = ?, episode_end = ?, "
            "absolute = ?, absolute_end = ?, air_date = ?, plot = ?, rating = ?, more = ?, place = ?, "
            "sort_key = ? WHERE id = ?",
            [
                (
                    known.get((show_of[row_id], one.get("season"))), one.get("title"), one.get("season"),
                    one.get("episode"), one.get("episode_end"), one.get("absolute"), one.get("absolute_end"),
                    one.get("air_date") or one.get("date"), one.get("plot"), one.get("rating"), more(one),
                    self._rules.place(one), sort_key(one.get("title") or ""), row_id,
                )
                for row_id, one in sorted(said.items())
            ],
        )  # fmt: skip
        await video_rows.put_words(connection, ItemKind.EPISODE, said)
        return {
            season_of[row_id]
            for row_id, one in said.items()
            if season_of[row_id] not in (None, known.get((show_of[row_id], one.get("season"))))
        }

    def _said(self, files: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        said = self._rules.described(files)
        sources: list[str] = []
        for _, facts in sorted(files, key=lambda one: one[0]):
            sources += [one for one in facts.get("sources", ()) if one not in sources]
        guessed = [set(facts.get("guessed", ())) for _, facts in files]
        # What one of them says itself is no guess.
        only = sorted(set.intersection(*guessed) & said.keys()) if guessed else []
        return said | {"sources": sorted(sources), "guessed": only}

    async def _seasons(
        self, connection: AsyncConnection, wanted: Collection[tuple[int, int]], now: int
    ) -> dict[tuple[int, int | None], int]:
        """Find or make seasons: by show and number."""
        found: dict[tuple[int, int | None], int] = {}
        of_shows = sorted({show_id for show_id, _ in wanted})
        for part in sliced(of_shows):
            rows = await connection.execute(
                select(seasons.c.show_id, seasons.c.number, seasons.c.id).where(seasons.c.show_id.in_(part))
            )
            found.update({(row[0], row[1]): row[2] for row in rows})
        missing = sorted(set(wanted) - found.keys())
        told = await self._ids.remembered(
            connection, self._library_id, "seasons", [season_key(*one) for one in missing]
        )
        rows_made = []
        for show_id, number in missing:
            was = told.get(season_key(show_id, number))
            row_id = was.id if was else await self._ids.get(connection, "seasons")
            rows_made.append((row_id, show_id, number, was.added_at if was else now))
        await run_many(
            connection,
            "INSERT INTO seasons (id, show_id, number, added_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (show_id, number) DO NOTHING",
            rows_made,
        )
        if missing and connection.dialect.name != "sqlite":
            return await self._seasons(connection, wanted, now)
        found.update({(show_id, number): row_id for row_id, show_id, number, _ in rows_made})
        return found

    async def delete_empty(self, connection: AsyncConnection, due: Due) -> dict[str, list[int]]:
        """Delete what no file is of any more, with its words; gives what can be searched of it."""
        films = await due.childless(connection, movies, exists().where(videos.c.movie_id == movies.c.id))
        await video_rows.drop_words(connection, ItemKind.MOVIE, films)
        await drop(connection, movies, films)
        gone = await due.childless(connection, episodes, exists().where(videos.c.episode_id == episodes.c.id))
        for part in sliced(gone):
            rows = await connection.execute(
                select(episodes.c.season_id, episodes.c.show_id).where(episodes.c.id.in_(part))
            )
            for season_id, show_id in rows:
                due.add("seasons", [season_id])
                due.add("shows", [show_id])
        await video_rows.drop_words(connection, ItemKind.EPISODE, gone)
        await drop(connection, episodes, gone)
        of_library = select(shows.c.id).where(shows.c.library_id == self._library_id)
        empty = await due.childless(
            connection,
            seasons,
            exists().where(episodes.c.season_id == seasons.c.id),
            own=seasons.c.show_id.in_(of_library),
        )
        await drop(connection, seasons, empty)
        over = await due.childless(connection, shows, exists().where(episodes.c.show_id == shows.c.id))
        await video_rows.drop_words(connection, ItemKind.SHOW, over)
        await drop(connection, shows, over)
        return {"movies": films, "episodes": gone, "shows": over}


def more(said: Mapping[str, Any]) -> str:
    """What an item says that has no column of its own, as JSON."""
    return json.dumps({name: said[name] for name in _MORE if said.get(name)}, ensure_ascii=False)
