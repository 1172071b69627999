"""Conversion over HTTP: the way of a job through a real server and its worker (PROMISES C4, C16, C17)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.api.api_stand import Live
from tests.api.stream_client import opened
from tests.tasks.convert_stand import comic, content, entries_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _ended(live: Live, job_id: str) -> dict[str, Any]:
    """A job once it has ended, as its event stream tells."""
    async with opened(live.url, f"/api/v1/jobs/{job_id}/events", live.headers()) as stream:
        if stream.status == 200:
            await stream.all()
    job: dict[str, Any] = (await live.ask("GET", f"/api/v1/jobs/{job_id}")).json()
    assert job["status"] == "completed", job
    return job


async def _jobs_of(live: Live, job_type: str) -> list[dict[str, Any]]:
    found = (await live.ask("GET", "/api/v1/jobs")).json()["items"]
    return [job for job in found if job["type"] == job_type]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_c4_c16_a_scan_over_http_is_followed_by_a_conversion_and_one_can_be_asked_for(
    live_process: Live, tmp_path: Path
) -> None:
    live = live_process
    books = tmp_path / "Comics"
    comic(books / "Tides" / "one.cbr", 1)
    options = {"convert": True, "remove_originals": True, "thumbnails": False}
    made = await live.ask(
        "POST",
        "/api/v1/libraries",
        json={"name": "Comics", "kind": "books", "paths": [str(books)], "options": options},
    )
    assert made.status_code == 201, made.text
    library = made.json()["id"]
    scan = (await live.ask("POST", f"/api/v1/libraries/{library}/scan", token="scan")).json()
    await _ended(live, scan["job_id"])
    while not (jobs := await _jobs_of(live, "convert")):
        await live.ask("GET", "/healthz", token=None)
    job = await _ended(live, jobs[0]["id"])
    assert (job["items_found"], job["items_updated"], job["origin"]) == (1, 1, "follow_up")
    assert job["report"]["converted"] == 1
    assert os.listdir(books / "Tides") == ["one.cbz"]
    assert content(books / "Tides" / "one.cbz") == entries_of(1)
    # One that is asked for, with nothing to do.
    answer = await live.ask("POST", f"/api/v1/libraries/{library}/convert", token="scan")
    assert answer.status_code == 202
    assert set(answer.json()) == {"job_id", "status", "message", "coalesced"}
    job = await _ended(live, answer.json()["job_id"])
    assert (job["type"], job["origin"], job["items_found"]) == ("convert", "request", 0)
    rescan = (await live.ask("POST", f"/api/v1/libraries/{library}/rescan")).json()
    assert (await _ended(live, rescan["job_id"]))["items_unchanged"] == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_c16_two_requests_are_one_job_and_music_has_none(live: Live, tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    library = await live.app.libraries.add("Books", "books", [os.fsencode(tmp_path / "books")])
    path = f"/api/v1/libraries/{library.id}/convert"
    first, second = [(await live.ask("POST", path)).json() for _ in range(2)]
    assert (first["coalesced"], second["coalesced"]) == (False, True)
    assert first["job_id"] == second["job_id"]
    scan = (await live.ask("POST", f"/api/v1/libraries/{library.id}/scan")).json()
    assert (scan["coalesced"], scan["job_id"] == first["job_id"]) == (False, False)
    music = await live.app.libraries.add("Music", "music", [os.fsencode(tmp_path / "music")])
    answer = await live.ask("POST", f"/api/v1/libraries/{music.id}/convert")
    assert answer.status_code == 409
    assert "only books are converted" in answer.json()["detail"]
    assert (await live.ask("POST", "/api/v1/libraries/999/convert")).status_code == 404
