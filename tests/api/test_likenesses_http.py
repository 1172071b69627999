"""Files that are probably the same, over HTTP: listed, confirmed, rejected."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from shelfread.app.claiming import held
from shelfread.app.places import whole
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import JobType, Phase
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_d12_files_that_are_probably_the_same_are_listed_and_settled_by_an_administrator(
    live: Live, music: Shelf
) -> None:
    assert await got(live, "/likenesses") == {"items": [], "next": None}
    folder = music.tree.path / "Björk/Début"
    for name in ("a.mp3", "b.mp3", "c.mp3"):
        shutil.copy(folder / "1.mp3", folder / name)
    await music.scan()
    (folder / "1.mp3").unlink()
    await music.scan()
    address = "/api/v1/likenesses"
    first = (await live.ask("GET", f"{address}?limit=1&library_id={music.library_id}")).json()
    rest = (await live.ask("GET", f"{address}?after={first['next']}")).json()
    items: list[dict[str, Any]] = first["items"] + rest["items"]
    assert [(one["why"], one["new"]["path"][-5:]) for one in items] == [
        ("content", "a.mp3"), ("content", "b.mp3"), ("content", "c.mp3"),
    ]  # fmt: skip
    assert all(one["old"]["path"].endswith("1.mp3") and one["old"]["missing_since"] for one in items)
    assert rest["next"] is None
    for_readers = await got(live, "/likenesses")
    assert all("path" not in one[side] for one in for_readers["items"] for side in ("old", "new"))
    assert await got(live, "/likenesses?library_id=0") == {"items": [], "next": None}
    assert (await live.ask("GET", f"{address}?after=x")).status_code == 422
    yes, no = f"{address}/{items[0]['id']}/confirm", f"{address}/{items[1]['id']}/reject"
    for way in (yes, no):
        assert (await live.ask("POST", way, token="scan")).status_code == 403
    for way in ("confirm", "reject"):
        assert (await live.ask("POST", f"{address}/999999/{way}")).status_code == 404
    rejected = {"id": items[1]["id"], "state": "rejected", "file_id": None}
    assert [(await live.ask("POST", no)).json() for _ in range(2)] == [rejected, rejected]
    again = await live.ask("POST", no.replace("/reject", "/confirm"))
    assert (again.status_code, "not the same" in again.text) == (409, True)
    library = await music.library()
    async with held(music.database, library, JobType.SCAN, whole(library)) as job:
        beside = await live.ask("POST", yes)
        assert (beside.status_code, "a scan of this library is running now" in beside.text) == (409, True)
        await job.finish(None, BatchReport(Counters(), Phase.DONE))
    old = items[0]["old"]["id"]
    assert (await live.ask("POST", yes)).json() == {
        "id": items[0]["id"],
        "state": "confirmed",
        "file_id": old,
    }
    assert await got(live, "/likenesses") == {"items": [], "next": None}
    assert (await got(live, f"/tracks/{old}"))["id"] == old
    moved = await live.ask("GET", f"/api/v1/tracks/{items[0]['new']['id']}")
    assert (moved.status_code, moved.headers["location"]) == (308, f"/api/v1/tracks/{old}")
