"""Open problems over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelfread.model.job import JobStatus
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_problem_is_listed_and_tried_again_by_whoever_may_scan(live: Live, music: Shelf) -> None:
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    await music.scan()
    listed = await got(live, "/problems")
    (problem,) = listed["items"]
    assert (await got(live, f"/problems?code={problem['code']}&library_id={music.library_id}")) == listed
    assert (await got(live, f"/problems?library_id={music.library_id + 1}"))["items"] == []
    track = (await got(live, "/tracks?has_problem=true"))["items"]
    assert [one["problems"][0]["id"] for one in track] == [problem["id"]]
    # Nothing changed: a scan leaves it alone.
    await music.scan()
    assert music.opened == []
    again = f"/api/v1/problems/{problem['id']}/retry"
    assert (await live.ask("POST", again, token="read")).status_code == 403
    answer = await live.ask("POST", again, token="scan")
    assert answer.status_code == 202, answer.text
    job = await live.app.jobs.get(answer.json()["job_id"])
    assert job is not None
    assert (job.status, [scope.relative for scope in job.scopes]) == (JobStatus.QUEUED, [b"Bad/Bad"])
    assert (await live.ask("POST", again, token="scan")).json()["coalesced"] is True
    await music.scan()
    assert [Path(one).name for one in music.opened] == ["bad.flac"]
    for unknown in ("0", "999999", "%00", str(10**30), "..%2f"):
        assert (await live.ask("POST", f"/api/v1/problems/{unknown}/retry")).status_code == 404
