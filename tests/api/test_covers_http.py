"""Covers over a real socket: shown with what has them, sent as they are, and made when somebody asks."""

from __future__ import annotations

import shutil

import pytest

from shelfread.app.covering import make_covers_here
from shelfread.app.workers import shelf_of
from shelfread.model.job import JobType
from shelfread.store import cover_due
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.api.lasting_servers import LASTING
from tests.conftest import Shelf
from tests.covers.pictures import colour_at, picture

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_c5_a_cover_is_shown_with_its_release_and_sent_for_ever(live: Live, music: Shelf) -> None:
    releases = (await got(live, "/releases"))["items"]
    assert [one["cover"] for one in releases] == [None, None]
    music.tree.write("Björk/Début/cover.jpg", picture((800, 800), "red"))
    await music.scan()
    await make_covers_here(live.app, await music.library())
    releases = {one["title"]: one for one in (await got(live, "/releases"))["items"]}
    assert releases["Gold"]["cover"] is None
    cover = releases["Début"]["cover"]
    assert (cover["mime"], cover["width"], cover["height"]) == ("image/webp", 400, 400)
    assert (await got(live, f"/releases/{releases['Début']['id']}"))["cover"] == cover
    path = f"/api/v1/covers/{cover['digest']}"
    answer = await live.ask("GET", path, token="read")
    assert answer.status_code == 200
    assert colour_at(answer.content) == "red"
    said = answer.headers
    assert said["content-type"] == "image/webp"
    assert said["x-content-type-options"] == "nosniff"
    assert "immutable" in said["cache-control"]
    assert "private" in said["cache-control"]
    same = await live.ask("GET", path, token="read", headers={"If-None-Match": said["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert (await live.ask("GET", path, token=None)).status_code == 401
    # Its file is lost: that is said, and asking for what is missing brings it back.
    shutil.rmtree(shelf_of(live.app.settings).folder)
    lost = await live.ask("GET", path, token="read")
    assert (lost.status_code, lost.json()["type"]) == (404, "/problems/not-found")
    await make_covers_here(live.app, await music.library())
    assert (await live.ask("GET", path, token="read")).content == answer.content


@LASTING
@pytest.mark.parametrize("digest", ["0" * 64, "x", "..%2f..%2fshelfread.db", "A" * 64, "0" * 5000])
async def test_what_is_no_digest_of_a_cover_is_not_found(live: Live, digest: str) -> None:
    answer = await live.ask("GET", f"/api/v1/covers/{digest}", token="read")
    assert answer.status_code in (404, 414)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_covers_of_a_library_are_asked_for_and_asked_for_once(live: Live, music: Shelf) -> None:
    path = f"/api/v1/libraries/{music.library_id}/covers"
    assert (await live.ask("POST", path, token="read")).status_code == 403
    answer = await live.ask("POST", path, token="scan")
    assert answer.status_code == 202
    job = answer.json()
    assert (job["status"], job["coalesced"]) == ("queued", False)
    again = await live.ask("POST", path, token="scan", json={"mode": "all"})
    assert (again.json()["job_id"], again.json()["coalesced"]) == (job["job_id"], True)
    async with live.app.database.read() as connection:
        wish = await cover_due.wish(connection, music.library_id)
    assert wish is not None
    assert wish.again
    listed = await got(live, "/jobs?type=covers")
    assert [one["id"] for one in listed["items"]] == [job["job_id"]]
    # What is asked of scans is not about covers.
    status = (await got(live, f"/libraries/{music.library_id}/scan-status"))["scan_status"]
    assert status["type"] == "scan"
    assert (await live.ask("POST", path, json={"mode": "some"})).status_code == 422
    assert (await live.ask("POST", "/api/v1/libraries/999/covers")).status_code == 404


async def test_c14_c15_options_over_http_have_covers_made_again_or_not_at_all(
    live: Live, music: Shelf
) -> None:
    library = f"/api/v1/libraries/{music.library_id}"
    changed = await live.ask("PATCH", library, json={"options": {"thumbnail_format": "png"}})
    assert changed.status_code == 200
    assert len(await live.app.jobs.listed(types=[JobType.COVERS])) == 1
    await live.ask("PATCH", library, json={"options": {"thumbnails": False}})
    refused = await live.ask("POST", f"{library}/covers")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
