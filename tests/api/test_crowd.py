"""Many clients of one scan, quick, slow and moody, each told exactly what happened: `bench.api` in short."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from bench.api import crowd
from tests.api.api_stand import Live
from tests.cli.staying_programs import many_files

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIENTS, FILES = 60, 600


async def test_every_client_of_a_crowd_is_told_exactly_what_happened(
    live_process: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Moodier than in the measurement: the scan is short.
    for name, value in (("STAY_S", 0.3), ("RETRY_S", 0.05), ("SLOW_S", 0.05)):
        monkeypatch.setattr(crowd, name, value)
    live = live_process
    root = os.fsencode(many_files(tmp_path / "Music", FILES))
    library = await live.app.libraries.add("Music", "music", [root])
    clients = crowd.crowd_of(CLIENTS, CLIENTS // 5)
    job_id = (await live.ask("POST", f"/api/v1/libraries/{library.id}/scan")).json()["job_id"]
    whose = crowd.Whose(job_id)
    listening = crowd.listen(clients, live.url, live.tokens["read"], whose, random.Random(4))
    await asyncio.wait_for(listening, 100)
    job = await live.app.jobs.get(job_id)
    assert job is not None
    assert job.counters.added == FILES
    assert [fault for one in clients if (fault := one.fault(job.event_seq, job.log_seq))] == []
    assert sum(one.connections for one in clients) > CLIENTS, "some came back"
    # Who listens to one job never needs a snapshot.
    assert not any(one.snapshots for one in clients if not one.everything)
