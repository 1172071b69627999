"""Notes of what changed, for the search: one row with the ids of a whole batch.

Written inside the transaction that changes what can be searched, because that is what must cost
next to nothing; `search_index` reads the notes and makes the words. Knows no words and no query.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from enum import IntEnum

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.database import run_many
from shelfread.store.tables import search_due

#: Ids in one note, so that one who makes words of them has the database for a short time only.
NOTE_SIZE = 600


class ItemKind(IntEnum):
    """What the catalogue holds, by the numbers that tables have, in the order in which a search shows it."""

    ARTIST = 1
    RELEASE = 2
    TRACK = 3
    SERIES = 4
    BOOK = 5
    MOVIE = 6
    SHOW = 7
    EPISODE = 8
    #: Has a cover, and is not searched.
    SEASON = 9


#: What can be searched.
SEARCHED = tuple(one for one in ItemKind if one is not ItemKind.SEASON)


async def note(
    connection: AsyncConnection,
    *,
    artists: Collection[int] = (),
    releases: Collection[int] = (),
    tracks: Collection[int] = (),
    series: Collection[int] = (),
    books: Collection[int] = (),
    movies: Collection[int] = (),
    shows: Collection[int] = (),
    episodes: Collection[int] = (),
) -> None:
    """Note rows that were made, changed or removed."""
    notes: list[dict[str, list[int]]] = []
    left = NOTE_SIZE
    for kind, ids in (
        (ItemKind.ARTIST, artists),
        (ItemKind.RELEASE, releases),
        (ItemKind.TRACK, tracks),
        (ItemKind.SERIES, series),
        (ItemKind.BOOK, books),
        (ItemKind.MOVIE, movies),
        (ItemKind.SHOW, shows),
        (ItemKind.EPISODE, episodes),
    ):
        name, ordered = str(kind.value), sorted(ids)
        while ordered:
            if not notes or left == 0:
                notes.append({})
                left = NOTE_SIZE
            part, ordered = ordered[:left], ordered[left:]
            notes[-1][name] = part
            left -= len(part)
    if notes:
        # One round trip, as a batch has many: everything here is paid by a scan.
        await run_many(
            connection,
            "INSERT INTO search_due (items) VALUES (?)",
            [(json.dumps(one, separators=(",", ":")),) for one in notes],
        )


async def note_removed(connection: AsyncConnection, library_id: int) -> None:
    """Note that rows of a library were removed, whichever they were."""
    await connection.execute(insert(search_due).values(items=json.dumps({"sweep": library_id})))
