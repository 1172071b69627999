"""Schedules over HTTP: set, seen, paused, resumed, run now and taken away."""

from __future__ import annotations

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_schedule_is_set_seen_paused_resumed_run_and_taken_away(live: Live, music: Shelf) -> None:
    address = f"/libraries/{music.library_id}/schedule"
    whole = f"/api/v1{address}"
    assert await got(live, address) == {"schedule": None}
    for act in ("pause", "resume", "run"):
        assert (await live.ask("POST", f"{whole}/{act}")).status_code == 404
    made = await live.ask("PUT", whole, json={"cron": " 0 3 * * * ", "zone": "Europe/Berlin"})
    assert made.status_code == 200, made.text
    told = made.json()["schedule"]
    assert (told["cron"], told["words"], told["zone"]) == ("0 3 * * *", "every day at 03:00", "Europe/Berlin")
    assert (told["last_run"], told["last_job_id"], told["last_status"], told["paused_since"]) == (None,) * 4
    assert await got(live, address) == {"schedule": told}
    assert (await got(live, f"/libraries/{music.library_id}"))["schedule"] == told
    paused = (await live.ask("POST", f"{whole}/pause")).json()["schedule"]
    assert (paused["next_run"], paused["paused_since"] is None) == (None, False)
    run = await live.ask("POST", f"{whole}/run", token="scan")
    assert run.status_code == 202, run.text
    seen = (await got(live, address))["schedule"]
    assert (seen["last_job_id"], seen["last_status"]) == (run.json()["job_id"], "queued")
    resumed = (await live.ask("POST", f"{whole}/resume")).json()["schedule"]
    assert (resumed["next_run"], resumed["paused_since"]) == (told["next_run"], None)
    for body, words in (
        ({"cron": "0 3 * *"}, "it has 4 fields"),
        ({"cron": "0 3 * * *", "zone": "Mars/Base"}, "there is no time zone 'Mars/Base'"),
        ({"cron": "0 0 30 2 *"}, "no time that ever comes"),
    ):
        refused = await live.ask("PUT", whole, json=body)
        assert refused.status_code == 422
        assert words in refused.json()["detail"]
    assert (await live.ask("PUT", whole, token="scan", json={"cron": "0 3 * * *"})).status_code == 403
    assert (await live.ask("DELETE", whole)).status_code == 204
    assert (await live.ask("DELETE", whole)).status_code == 204
    assert await got(live, address) == {"schedule": None}
    assert (
        await live.ask("PUT", "/api/v1/libraries/999/schedule", json={"cron": "0 3 * * *"})
    ).status_code == 404
