"""`/metrics` over a real socket: for those who may read, in a form that Prometheus reads, and small."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shelfread.model.problem import ProblemCode
from tests.api.api_stand import Live
from tests.api.lasting_servers import LASTING
from tests.conftest import Tree

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _asked(live: Live) -> dict[str, float]:
    """Every line: its name with its labels, and its number."""
    answer = await live.ask("GET", "/metrics", token="read")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_jobs_waits_files_batches_problems_and_workers_are_measured(live: Live, tmp_path: Path) -> None:
    live.workers.wanted, live.workers.busy = 2, 1
    with mock.patch("shelfread.app.meter.GOOD_S", 0.0):
        before = await _asked(live)
        library = await live.app.libraries.add(
            "Music", "music", [bytes(Tree(tmp_path / "m").add("a.mp3").parent)]
        )
        await live.app.request_scan(library)
        found = await _asked(live)
    names = {
        "shelfread_jobs state=queued": 1,
        "shelfread_jobs state=running": 0,
        "shelfread_jobs_ended_total state=completed": 0,
        "shelfread_jobs_ended_total state=failed": 0,
        "shelfread_jobs_ended_total state=cancelled": 0,
        "shelfread_files_total": 0,
        "shelfread_files_per_second": 0,
        "shelfread_batch_seconds_count": 0,
        "shelfread_batch_seconds_sum": 0,
        "shelfread_workers state=wanted": 2,
        "shelfread_workers state=present": 1,
        "shelfread_workers state=busy": 1,
        **{f"shelfread_problems code={code.value}": 0 for code in ProblemCode},
    }
    assert found.items() >= names.items()
    assert before["shelfread_jobs_oldest_wait_seconds"] == 0
    assert found["shelfread_jobs_oldest_wait_seconds"] > 0
    assert found["process_resident_memory_bytes"] > 0
    # How many lines there are does not depend on what there is.
    assert set(before) == set(found)


@LASTING
async def test_it_is_closed_also_from_loopback(live: Live) -> None:
    answer = await live.ask("GET", "/metrics", token=None)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")
    assert "shelfread_" not in answer.text
