"""Looking back over jobs through HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from shelfread.api.job_history import MOST_EVENTS
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobRequest, JobType, Phase, Reason, Scope
from shelfread.store import job_trail
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


async def test_a_log_is_told_from_its_end_page_by_page(live: Live, music: Shelf) -> None:
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    await music.scan()
    job_id = (await got(live, "/jobs?type=scan"))["items"][0]["id"]
    whole = (await got(live, f"/jobs/{job_id}/logs"))["items"]
    assert len(whole) >= 3
    told: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = await got(live, f"/jobs/{job_id}/logs?order=desc&limit=2&after={after}")
        told += page["items"]
        after = page["next"]
    assert told == whole[::-1]
    warnings = (await got(live, f"/jobs/{job_id}/logs?order=desc&level=warning"))["items"]
    assert warnings == [line for line in told if line["level"] == "warning"]
    assert (await got(live, f"/jobs/{job_id}/logs?order=desc&after=1")) == {"items": [], "next": None}
    assert (await live.ask("GET", f"/api/v1/jobs/{job_id}/logs?order=up")).status_code == 422


async def _begun(live: Live, shelf: Shelf, job_type: JobType = JobType.SCAN) -> Job:
    """A job of the library that runs, as far as its row says."""
    library = await live.app.libraries.get(shelf.library_id)
    assert library is not None
    scope = Scope(library.roots[0].id, b"")
    await live.app.jobs.enqueue(JobRequest(job_type, library.id, (scope,)))
    job = await live.app.jobs.claim_next("me", [job_type])
    assert job is not None
    return job


async def test_a_trail_tells_what_happened_to_a_job_and_paths_only_to_administrators(
    live: Live, music: Shelf
) -> None:
    job = await _begun(live, music)
    await live.app.jobs.commit(job, None, BatchReport(Counters(found=1), Phase.READING))
    await live.app.jobs.lose(job, Reason.WORKER_LOST, "gone at /secret/place")
    assert await live.app.jobs.claim_next("you", ["scan"]) is not None
    await live.app.cancel(job.id)
    trail = await got(live, f"/jobs/{job.id}/trail", token="admin")
    kinds = ["queued", "claimed", "requeued", "claimed", "cancel_requested"]
    assert [event["kind"] for event in trail["items"]] == kinds
    assert [event["seq"] for event in trail["items"]] == [1, 2, 4, 5, 6]
    assert trail["more"] is False
    lost = trail["items"][2]
    assert (lost["detail"]["reason"], lost["detail"]["error"]) == ("worker_lost", "gone at /secret/place")
    assert set(lost) == {"seq", "at", "kind", "fence", "worker_id", "detail"}
    assert "secret" not in str(await got(live, f"/jobs/{job.id}/trail"))
    with_batches = await got(live, f"/jobs/{job.id}/trail?batches=true")
    assert [event["seq"] for event in with_batches["items"]] == [1, 2, 3, 4, 5, 6]
    assert (await live.ask("GET", "/api/v1/jobs/unknown/trail")).status_code == 404


async def test_of_a_long_trail_the_newest_events_are_told(live: Live, music: Shelf) -> None:
    job = await _begun(live, music)
    many: list[tuple[str, dict[str, Any]]] = [("widened", {"scopes": n}) for n in range(MOST_EVENTS)]

    async def work(connection: Any) -> None:
        await job_trail.write_events(connection, job.seq, 2, 1, 1, None, many)

    await live.app.database.write(work)
    trail = await got(live, f"/jobs/{job.id}/trail")
    assert trail["more"] is True
    assert [event["seq"] for event in trail["items"]] == list(range(3, MOST_EVENTS + 3))


async def test_a_job_stands_beside_the_ended_ones_of_its_library_and_sort(live: Live, music: Shelf) -> None:
    first = (await got(live, "/jobs?type=scan"))["items"][0]
    await music.scan()
    await music.scan(rescan=True)
    third, second, _ = (await got(live, "/jobs?type=scan&type=rescan"))["items"]
    running = await _begun(live, music)
    covers = await _begun(live, music, JobType.COVERS)
    siblings = (await got(live, f"/jobs/{running.id}/siblings"))["items"]
    assert [one["id"] for one in siblings] == [third["id"], second["id"], first["id"]]
    assert [one["type"] for one in siblings] == ["rescan", "scan", "scan"]
    for told, job in zip(siblings, (third, second, first), strict=True):
        assert told["duration_s"] >= 0
        assert {name: told[name] for name in told if name != "duration_s"} == {
            name: job[name] for name in told if name != "duration_s"
        }
    assert (siblings[2]["items_added"], siblings[0]["items_unchanged"]) == (3, 3)
    up_to = (await got(live, f"/jobs/{second['id']}/siblings?limit=1"))["items"]
    assert [one["id"] for one in up_to] == [second["id"]]
    assert (await got(live, f"/jobs/{covers.id}/siblings")) == {"items": []}
    waiting = (await live.ask("POST", f"/api/v1/libraries/{music.library_id}/scan")).json()["job_id"]
    await live.app.cancel(waiting)
    (newest, *_) = (await got(live, f"/jobs/{waiting}/siblings"))["items"]
    assert (newest["id"], newest["status"]) == (waiting, "cancelled")
    assert (newest["duration_s"], newest["items_found"]) == (None, None)
    assert (await live.ask("GET", "/api/v1/jobs/unknown/siblings")).status_code == 404


async def test_a_job_tells_its_folders_to_administrators_and_how_many_to_others(
    live: Live, music: Shelf
) -> None:
    asked = {"paths": [str(music.tree.path / "Abba"), str(music.tree.path / "Björk")]}
    scan = await live.ask("POST", f"/api/v1/libraries/{music.library_id}/scan", json=asked)
    job_id = scan.json()["job_id"]
    told = (await live.ask("GET", f"/api/v1/jobs/{job_id}/folders")).json()
    assert ([one["path"] for one in told["items"]], told["count"]) == (asked["paths"], 2)
    answer = await live.ask("GET", f"/api/v1/jobs/{job_id}/folders", token="read")
    assert answer.json() == {"items": [], "count": 2}


async def test_the_jobs_of_one_request_are_found_together(live: Live, music: Shelf) -> None:
    asked = {"paths": [str(music.tree.path / "Abba"), str(music.tree.path / "Björk")], "split_paths": True}
    made = (await live.ask("POST", "/api/v1/analyzer/library/scan", json=asked)).json()
    assert len(made["job_ids"]) == 2
    request_id = (await got(live, f"/jobs/{made['job_ids'][0]}"))["request_id"]
    found = await got(live, f"/jobs?request_id={request_id}")
    assert {one["id"] for one in found["items"]} == set(made["job_ids"])
    other = "00000000-0000-4000-8000-000000000000"
    assert (await got(live, f"/jobs?request_id={other}"))["items"] == []
    assert (await live.ask("GET", "/api/v1/jobs?request_id=another")).status_code == 422
