"""The catalogue of videos: how a batch of read files becomes rows, in one order for all of them.

Fulfils `model.catalogue.Catalogue`. Called inside a batch's transaction, after the media file rows are
written. `video_rows` has the rows of the files, `video_parents` movies, shows, seasons and episodes,
`video_moves` what becomes of these when files move.

Which movie or episode a file is of follows from its path (`model.video.Belonging`), so that no file has to be
looked at again because of another. Extras, and what stands beside the videos, find their item when somebody
asks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.catalogue import FolderWrite
from shelfread.model.change import Change
from shelfread.model.library import Library
from shelfread.model.video import Belonging, Video
from shelfread.store import cover_due, tidying, video_moves, video_rows
from shelfread.store.clock import now_us
from shelfread.store.ids import IdBlocks
from shelfread.store.moves import hand_over
from shelfread.store.search_due import note, note_removed
from shelfread.store.shows import ShowFacts
from shelfread.store.tables import media_files, videos
from shelfread.store.video_parents import VideoParents, VideoRules
from shelfread.store.video_rows import Parents, Placed

_TABLES = ("movies", "shows", "seasons", "episodes")
#: Types of sidecars that speak of a show.
_OF_SHOWS = {"show", "season"}


class VideoCatalogue:
    """Writes the videos of one library. One per scan; not shared between tasks."""

    def __init__(self, library: Library, ids: IdBlocks, rules: VideoRules) -> None:
        self._library_id = library.id
        self._ids = ids
        self._rules = rules
        self._parents = VideoParents(library.id, library.name, ids, rules)
        self._shows = ShowFacts(library.id, rules)
        self._mark: dict[str, tuple[int, int]] = {}

    async def reserve(self, batch: Sequence[FolderWrite]) -> None:
        """Take the ids that `save` may need, before its transaction."""
        count = sum(len(folder.files) for folder in batch)
        await self._ids.reserve(dict.fromkeys(_TABLES, count))
        self._mark = self._ids.mark(*_TABLES)

    async def save(self, connection: AsyncConnection, batch: Sequence[FolderWrite], now: int) -> None:
        """Write the videos of a batch with everything they refer to.

        May run again from its start after a rollback.
        """
        self._ids.rewind(self._mark)
        items: dict[int, tuple[int, Video]] = {
            file.id: (folder.root_id, file.item)
            for folder in batch
            for file in folder.files
            if file.item is not None
        }
        replaced = [
            file.id for folder in batch for file in folder.files if file.item is not None and not file.fresh
        ]
        before = await video_rows.parents_of(connection, replaced)
        await video_rows.take_out(connection, replaced)
        parents = await self._place(connection, items, now)
        await video_rows.insert(
            connection,
            [
                Placed(
                    file_id,
                    root_id,
                    item,
                    self._rules.known(item),
                    parents.get(file_id, Parents()),
                    None if file_id in parents else _of_root(root_id, _belonging(item).key),
                )
                for file_id, (root_id, item) in items.items()
            ],
        )
        back = [
            file.id
            for folder in batch
            for file in folder.files
            if file.item is None and file.change in (Change.UPDATED, Change.RESTORED)
        ]
        came_back = await video_rows.parents_of(connection, back)
        touched = _together([*before.values(), *parents.values(), *came_back.values()])
        await self._derive(connection, touched, now)
        await self._note_shows(connection, batch)
        left = [was for file_id, was in before.items() if parents.get(file_id) != was]
        await tidying.note(connection, self._library_id, _together(left))
        await note(connection, **touched)
        await self._note_covers(connection, batch, touched)

    async def _place(
        self, connection: AsyncConnection, items: dict[int, tuple[int, Video]], now: int
    ) -> dict[int, Parents]:
        """Find or make what files are of."""
        films: dict[int, str] = {}
        shows: dict[str, Belonging] = {}
        of_shows: dict[int, tuple[str, str]] = {}
        for file_id, (root_id, item) in items.items():
            own = _belonging(item)
            key = _of_root(root_id, own.key)
            if key is None:
                continue
            if item.type == "movie":
                films[file_id] = key
            elif item.type == "episode" and own.show_key is not None:
                show_key = _of_root(root_id, own.show_key) or ""
                # Of several that say it alike the same one is taken, whatever order they come in.
                first = shows.get(show_key)
                if first is None or _shown(own) < _shown(first):
                    shows[show_key] = own
                of_shows[file_id] = (show_key, key)
        movie_ids = await self._parents.movies(connection, set(films.values()), now)
        show_ids = await self._parents.shows(connection, shows, now)
        wanted = {key: show_ids[show_key] for show_key, key in of_shows.values()}
        episode_ids = await self._parents.episodes(connection, wanted, now)
        found = {file_id: Parents(movie=movie_ids[key]) for file_id, key in films.items()}
        for file_id, (show_key, key) in of_shows.items():
            found[file_id] = Parents(episode=episode_ids[key], show=show_ids[show_key])
        return found

    async def _note_shows(self, connection: AsyncConnection, batch: Sequence[FolderWrite]) -> None:
        """Shows beside whose episodes something changed that speaks of them."""
        for folder in batch:
            kinds = {one.item.type for one in folder.sidecars if one.item is not None}
            lost = any(name.lower().endswith(b".nfo") for name in folder.lost_sidecars)
            # An NFO that says nothing may have spoken of a show before.
            if lost or kinds & _OF_SHOWS or (folder.known and "nfo" in kinds):
                await self._shows.set_stale_below(connection, folder.root_id, folder.path)

    async def _note_covers(
        self, connection: AsyncConnection, batch: Sequence[FolderWrite], touched: dict[str, set[int]]
    ) -> None:
        """Items that were read or came back, and those beside which a picture changed."""
        due = {name: set(ids) for name, ids in touched.items()}
        for folder in batch:
            if (folder.known or folder.continued) and (folder.sidecars or folder.lost_sidecars):
                beside = await self._shows.around(connection, folder.root_id, folder.path)
                for name, ids in _together(beside).items():
                    due[name] |= ids
        await self._due(connection, due)

    async def _due(self, connection: AsyncConnection, due: dict[str, set[int]]) -> None:
        await cover_due.note(
            connection,
            self._library_id,
            movies=due["movies"],
            shows=due["shows"],
            episodes=due["episodes"],
            # The picture of a season stands in the folder of its show as often as in its own.
            seasons=await self._shows.seasons_of(connection, sorted(due["shows"])),
        )

    def committed(self) -> None:
        """The transaction of the last `save` is in. Nothing is kept in memory between two."""

    # Moves and tidying, in the finishing transaction

    async def reserve_for_merge(self, count: int) -> None:
        """Nothing: a move makes no row of a kind."""

    async def merge(self, connection: AsyncConnection, pairs: Sequence[tuple[int, int]]) -> None:
        """Hand the videos of new rows over to the old rows they turned out to be: pairs of (new, old)."""
        before = await video_rows.parents_of(connection, [row for pair in pairs for row in pair])
        await video_rows.take_out(connection, [old for _, old in pairs])
        await hand_over(connection, videos, (), pairs)
        # An episode that keeps its row takes over the season of the other one.
        seasons = await self._shows.seasons_of(connection, sorted(_together(before.values())["shows"]))
        await video_moves.keep(connection, pairs, before)
        after = await video_rows.parents_of(connection, [old for _, old in pairs])
        touched = _together([*before.values(), *after.values()])
        await tidying.note(connection, self._library_id, touched | {"seasons": set(seasons)})
        await self._derive(connection, touched, now_us())
        await note(connection, **touched)
        await self._due(connection, _together(after.values()))

    async def regroup(self, connection: AsyncConnection, folders: Sequence[FolderWrite], now: int) -> None:
        """Items that lost files show what is left of them."""
        own = select(media_files.c.id).where(
            media_files.c.folder_id.in_([folder.folder_id for folder in folders])
        )
        left = sorted((await connection.execute(own)).scalars())
        touched = _together((await video_rows.parents_of(connection, left)).values())
        await self._derive(connection, touched, now)
        await note(connection, **touched)

    async def lost(self, connection: AsyncConnection, file_ids: Sequence[int], now: int) -> None:
        """Items that lost files show what is left: a better version may have taken the place of one."""
        touched = _together((await video_rows.parents_of(connection, file_ids)).values())
        await self._derive(connection, touched, now)
        await note(connection, **touched)
        await self._due(connection, touched)

    async def tidy(self, connection: AsyncConnection) -> None:
        """Derive what waits for it, and delete what no file is of any more."""
        derived = await self._shows.derive_stale(connection)
        # Whoever searched meanwhile was told what they were called before.
        await note(connection, shows=derived)
        seasons = await self._shows.seasons_of(connection, derived)
        await cover_due.note(connection, self._library_id, shows=derived, seasons=seasons)
        due = await tidying.due(connection, self._library_id)
        if not due:
            return
        gone = await self._parents.delete_empty(connection, due)
        if due.whole:
            await note_removed(connection, self._library_id)
        else:
            await note(connection, **gone)
        await tidying.done(connection, self._library_id)

    async def _derive(self, connection: AsyncConnection, touched: dict[str, set[int]], now: int) -> None:
        await self._parents.derive_movies(connection, touched["movies"])
        left = await self._parents.derive_episodes(connection, touched["episodes"], now)
        await tidying.note(connection, self._library_id, {"seasons": left})
        await self._shows.set_stale(connection, touched["shows"])


def _belonging(item: Video) -> Belonging:
    return item.belonging if item.belonging is not None else Belonging()


def _of_root(root_id: int, key: str | None) -> str | None:
    """A key that holds in one root only names that root."""
    return f"{root_id}{key}" if key is not None and key.startswith("/") else key


def _shown(one: Belonging) -> tuple[str, int, str]:
    return (one.show or "", one.show_year or 0, repr(sorted(one.show_ids.items())))


def _together(parents: Collection[Parents]) -> dict[str, set[int]]:
    """The items of many files, as `note` takes them."""
    return {
        "movies": {one.movie for one in parents if one.movie is not None},
        "episodes": {one.episode for one in parents if one.episode is not None},
        "shows": {one.show for one in parents if one.show is not None},
    }
