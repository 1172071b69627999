"""What the tile of a library shows: the pictures of what was added last, and counts only where wanted."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from shelfread.store.covers import CoverRow, put
from shelfread.store.search_due import ItemKind
from shelfread.store.tables import releases
from tests import catalogue
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.api.lasting_servers import LASTING
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _give_covers(shelf: Shelf, digests: dict[int, str | None]) -> None:
    rows = [
        CoverRow(int(ItemKind.RELEASE), row_id, shelf.library_id, None, "", digest, "image/webp", 4, 4)
        for row_id, digest in digests.items()
    ]
    await shelf.database.write(lambda connection: put(connection, rows))


async def test_a_mosaic_has_six_different_pictures_of_the_newest_items(live: Live, music: Shelf) -> None:
    address = f"/libraries/{music.library_id}/mosaic"
    assert await got(live, address) == {"covers": []}
    for number in range(9):
        music.tree.add(f"Ada/{number}/1.mp3", album=f"Album {number}", seed=number + 10)
    await music.scan()
    rows = (await catalogue.rows(music.database))["releases"]
    ids = {row["title"]: row["id"] for row in rows}

    async def work(connection: object) -> None:
        for number in range(9):
            of = releases.c.id == ids[f"Album {number}"]
            await connection.execute(update(releases).where(of).values(added_at=number))  # type: ignore[attr-defined]

    await music.database.write(work)
    digests: dict[int, str | None] = {ids[f"Album {number}"]: f"{number}" * 64 for number in range(9)}
    digests[ids["Album 7"]] = None
    digests[ids["Album 5"]] = "6" * 64
    await _give_covers(music, digests)
    found = (await got(live, address))["covers"]
    assert [one["digest"][0] for one in found] == ["8", "6", "4", "3", "2", "1"]
    assert found[0] == {"digest": "8" * 64, "mime": "image/webp", "width": 4, "height": 4}
    other = await live.app.libraries.add("Other", "music", [b"/nowhere"])
    assert await got(live, f"/libraries/{other.id}/mosaic") == {"covers": []}
    assert (await live.ask("GET", "/api/v1/libraries/999999/mosaic")).status_code == 404


@LASTING
async def test_libraries_are_listed_without_counts_where_nobody_wants_them(live: Live, music: Shelf) -> None:
    (with_counts,) = (await got(live, "/libraries"))["items"]
    (without,) = (await got(live, "/libraries?counts=false"))["items"]
    assert with_counts["items"]["ready"] == 3
    assert without == with_counts | {"items": None}
