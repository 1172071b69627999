"""Looking back over jobs through HTTP."""

from __future__ import annotations

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_jobs_are_counted_by_state_and_every_state_is_told(live: Live, music: Shelf) -> None:
    nothing = {"queued": 0, "running": 0, "completed": 0, "failed": 0, "cancelled": 0}
    scan = await live.ask("POST", f"/api/v1/libraries/{music.library_id}/scan")
    assert scan.status_code == 202
    done = await live.app.jobs.counts(types=["scan"])
    assert await got(live, "/jobs/counts?type=scan&type=rescan") == nothing | {"queued": 1, "completed": 1}
    assert sum((await got(live, "/jobs/counts")).values()) == len((await got(live, "/jobs"))["items"])
    assert sum(done.values()) == 2
    assert await got(live, f"/jobs/counts?library_id={music.library_id + 1}") == nothing
    assert await got(live, "/jobs/counts?type=prune") == nothing
    assert (await live.ask("GET", "/api/v1/jobs/counts?type=unknown")).status_code == 422
    assert (await live.ask("GET", "/api/v1/jobs/counts?status=failed")).status_code == 422
