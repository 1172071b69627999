"""Releases: which one each track belongs to, and what a release derives from all of its tracks.

Statements inside a batch's transaction, for `music`. The rules of grouping come in as functions; here a
release keeps its row while its tracks are retagged or moved as a whole, and everything it shows is the
same whatever the order was in which its tracks came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.catalogue import FileWrite, FolderWrite
from shelfread.model.music import Audio, ReleaseKey
from shelfread.store.files import sliced
from shelfread.store.folding import sort_key
from shelfread.store.ids import IdBlocks
from shelfread.store.parents import Parents, insert_by_key
from shelfread.store.release_facts import MusicRules, Placing, ReleaseFacts
from shelfread.store.tables import release_credits, releases, tracks
from shelfread.store.tracks import Before, facts_of
from shelfread.store.tracks import remembered as remembered_tracks

_RELEASE_COLUMNS = tuple(column.name for column in releases.c)


class Releases:
    """The releases of one library."""

    def __init__(self, library_id: int, ids: IdBlocks, rules: MusicRules, artists: Parents) -> None:
        self._library_id = library_id
        self._ids = ids
        self._rules = rules
        self._facts = ReleaseFacts(library_id, rules, artists)

    async def place(
        self,
        connection: AsyncConnection,
        batch: Sequence[FolderWrite],
        items: dict[int, Audio],
        before: Before,
        now: int,
    ) -> Placing:
        """Decide which release every track of these folders belongs to, and make the releases."""
        placing = Placing()
        settled = [folder for folder in batch if folder.last and (folder.known or folder.continued)]
        others = await remembered_tracks(connection, [folder.folder_id for folder in settled], items)
        groups: list[ReleaseKey] = []
        for folder_id, (folder, read) in _by_folder(batch).items():
            facts = [facts_of(file.id, file.item) for file in read]
            remembered = others.get(folder_id, [])
            placing.facts.update((fact.file_id, fact) for fact in facts)
            for fact, release_id in remembered:
                before.release_of[fact.file_id] = release_id
                placing.remembered.add(fact.file_id)
            both = facts + [fact for fact, _ in remembered]
            placing.of.update((fact.file_id, None) for fact in both)
            if both:
                # The root is part of the place: two roots may have folders of the same name.
                place = b"%d/%s" % (folder.root_id, folder.path) if folder.path else b"%d" % folder.root_id
                groups += self._rules.arrange(place, both)
        by_key: dict[str, list[ReleaseKey]] = defaultdict(list)
        for group in groups:
            by_key[group.key].append(group)
        known = await self._find(connection, sorted(by_key))
        told = await self._ids.remembered(
            connection, self._library_id, "releases", [key.encode() for key in by_key.keys() - known.keys()]
        )
        new_rows: list[tuple[Any, ...]] = []
        for key in sorted(by_key):
            members = [file_id for group in by_key[key] for file_id in group.file_ids]
            release_id = known.get(key)
            mbid = by_key[key][0].mbid
            if release_id is None:
                release_id = await self._follow(connection, members, before, set(known.values()))
                if release_id is not None:
                    await connection.execute(
                        update(releases).where(releases.c.id == release_id).values(key=key, mbid=mbid)
                    )
                    known[key] = release_id
                    placing.stale.add(release_id)
                else:
                    was = told.get(key.encode())
                    release_id = was.id if was else await self._ids.get(connection, "releases")
                    new_rows.append((release_id, key, mbid, was.added_at if was else now))
                    placing.new.add(release_id)
            else:
                placing.stale.add(release_id)
            for file_id in members:
                placing.of[file_id] = release_id
        await self._insert(connection, new_rows, placing, items)
        for file_id, release_id in placing.of.items():
            old = before.release_of.get(file_id)
            if old is not None and old != release_id:
                placing.stale.add(old)
            if file_id in placing.remembered and old != release_id:
                placing.moved_between.append((release_id, file_id))
        return placing

    async def _insert(
        self,
        connection: AsyncConnection,
        new_rows: list[tuple[Any, ...]],
        placing: Placing,
        items: dict[int, Audio],
    ) -> None:
        """Insert new releases with what they derive from the tracks of this batch."""
        if not new_rows:
            return
        for file_id, release_id in placing.of.items():
            if release_id in placing.new:
                if file_id in items:
                    placing.gather(release_id, placing.facts[file_id], items[file_id])
                else:
                    # It takes over remembered tracks as well: derived from the rows once they are written.
                    placing.stale.add(release_id)
        rows = []
        for release_id, key, mbid, added_at in new_rows:
            derived = self._facts.derive(
                placing.tracks.get(release_id, ()), placing.parts.get(release_id, ())
            )
            placing.keys[release_id] = derived.keys
            placing.texts[release_id] = derived.artist
            rows.append(
                (
                    release_id,
                    self._library_id,
                    key,
                    derived.title,
                    derived.edition,
                    derived.artist,
                    derived.date,
                    derived.year,
                    derived.original_date,
                    derived.compilation,
                    derived.disc_total,
                    mbid,
                    derived.releasegroup,
                    added_at,
                    sort_key(derived.title),
                )
            )
        await insert_by_key(connection, releases, _RELEASE_COLUMNS, rows)
        if connection.dialect.name == "sqlite":
            return
        # Another worker may have made one of them between the look and now.
        there = await self._find(connection, [row[2] for row in rows])
        for release_id, _, key, *_ in rows:
            theirs = there[key]
            if theirs != release_id:
                placing.new.discard(release_id)
                placing.stale.add(theirs)
                for file_id, place_id in placing.of.items():
                    if place_id == release_id:
                        placing.of[file_id] = theirs

    async def _follow(
        self, connection: AsyncConnection, members: Sequence[int], before: Before, taken: set[int]
    ) -> int | None:
        """The release that these tracks were all of, if it has no others: it was renamed, not replaced."""
        old = {before.release_of.get(file_id) for file_id in members}
        if len(old) != 1:
            return None
        release_id = old.pop()
        if release_id is None or release_id in taken:
            return None
        count = await connection.execute(
            select(func.count())
            .select_from(tracks)
            .where(tracks.c.release_id == release_id, tracks.c.file_id.not_in(members))
        )
        return release_id if count.scalar_one() == 0 else None

    async def _find(self, connection: AsyncConnection, keys: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for part in sliced(keys):
            for row in await connection.execute(
                select(releases.c.key, releases.c.id).where(
                    releases.c.library_id == self._library_id, releases.c.key.in_(part)
                )
            ):
                found[row[0]] = row[1]
        return found

    async def refresh(self, connection: AsyncConnection, placing: Placing) -> None:
        """Set what releases derive from their tracks: anew for those that changed, credits for all."""
        await self._facts.refresh(connection, placing)

    async def keep_moved(
        self,
        connection: AsyncConnection,
        pairs: Sequence[tuple[int, int]],
        release_of: dict[int, int | None],
    ) -> None:
        """A release that moved as a whole keeps its id: the old row takes over what the new one says."""
        into: dict[int, set[int]] = defaultdict(set)
        members: dict[int, int] = defaultdict(int)
        for new, old in pairs:
            new_release, old_release = release_of.get(new), release_of.get(old)
            if new_release is not None:
                members[new_release] += 1
                if old_release is not None:
                    into[new_release].add(old_release)
        #: Releases that took over or were taken over: of two albums that change places each is both.
        settled: set[int] = set()
        for new_release, old_releases in sorted(into.items()):
            if len(old_releases) != 1:
                continue
            (old_release,) = old_releases
            if old_release == new_release or not settled.isdisjoint((old_release, new_release)):
                continue
            held = await _count_tracks(connection, old_release)
            if held or await _count_tracks(connection, new_release) != members[new_release]:
                continue
            settled |= {old_release, new_release}
            await _replace_release(connection, old_release, new_release)


def _by_folder(batch: Sequence[FolderWrite]) -> dict[int, tuple[FolderWrite, list[FileWrite]]]:
    """The parts of a batch by folder, with the files that bring an item."""
    found: dict[int, tuple[FolderWrite, list[FileWrite]]] = {}
    for part in batch:
        found.setdefault(part.folder_id, (part, []))[1].extend(
            file for file in part.files if file.item is not None
        )
    return found


async def _count_tracks(connection: AsyncConnection, release_id: int) -> int:
    count = await connection.execute(
        select(func.count()).select_from(tracks).where(tracks.c.release_id == release_id)
    )
    return int(count.scalar_one())


async def _replace_release(connection: AsyncConnection, keep: int, drop: int) -> None:
    row = (await connection.execute(select(releases).where(releases.c.id == drop))).mappings().one()
    await connection.execute(update(tracks).where(tracks.c.release_id == drop).values(release_id=keep))
    await connection.execute(delete(release_credits).where(release_credits.c.release_id == keep))
    await connection.execute(
        update(release_credits).where(release_credits.c.release_id == drop).values(release_id=keep)
    )
    await connection.execute(delete(releases).where(releases.c.id == drop))
    values = {name: value for name, value in row.items() if name not in ("id", "added_at")}
    await connection.execute(update(releases).where(releases.c.id == keep).values(**values))
