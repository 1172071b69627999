"""Which processes run jobs: over HTTP, from one server about all of them."""

from __future__ import annotations

import os
import socket
import uuid

import pytest

from shelfread import __version__
from shelfread.app.claiming import held
from shelfread.app.places import whole
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import JobType, Phase
from shelfread.queue.presence import Presence
from shelfread.store import worker_rows
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_processes_that_are_there_are_listed_with_their_jobs(live: Live, music: Shelf) -> None:
    assert await got(live, "/workers") == {"items": [], "next": None}
    own = await Presence.enter(live.app.database, "managed")
    try:
        live.workers.worker_id, live.workers.present = own.id, 3
        (one,) = (await live.ask("GET", "/api/v1/workers")).json()["items"]
        assert one.pop("memory_bytes") > 1 << 20
        assert one.pop("started_at").endswith("Z")
        assert one == {
            "id": own.id,
            "kind": "managed",
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": __version__,
            "heartbeat_at": None,
            "state": "idle",
            "capacity": 3,
            "busy": [],
            "managed": True,
        }
        (for_readers,) = (await got(live, "/workers"))["items"]
        assert (for_readers["host"], for_readers["pid"]) == (None, None)
        live.workers.state = "draining"
        assert [one["state"] for one in (await got(live, "/workers"))["items"]] == ["draining"]
        library = await music.library()
        async with held(music.database, library, JobType.SCAN, whole(library)) as job:
            other, _ = (await got(live, "/workers"))["items"]
            assert (other["kind"], other["state"], other["managed"]) == ("cli", "busy", False)
            assert (other["capacity"], other["memory_bytes"], len(other["busy"])) == (None, None, 1)
            assert other["heartbeat_at"] is not None
            await job.finish(None, BatchReport(Counters(), Phase.DONE))
    finally:
        await own.leave()
    assert await got(live, "/workers") == {"items": [], "next": None}


async def test_who_is_gone_is_listed_only_while_a_job_says_it_runs_there(live: Live, music: Shelf) -> None:
    library = await music.library()
    gone = str(uuid.uuid4())

    async def work(connection: object) -> None:
        await worker_rows.insert_worker(
            connection,  # type: ignore[arg-type]
            worker_id=gone,
            kind="standalone",
            host="elsewhere",
            pid=1,
            version="0",
            now=1,
        )

    await live.app.database.write(work)
    assert await got(live, "/workers") == {"items": [], "next": None}
    job = await live.app.request_scan(library)
    assert await live.app.jobs.claim_next(gone) is not None
    (one,) = (await got(live, "/workers"))["items"]
    assert (one["state"], one["busy"], one["managed"]) == ("lost", [job.job.id], False)
