"""`queue.repository`: two requests for the same work are one job (PROMISES decision 6), also at once.

Conformance suite: every test on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from shelfread.model.job import JobRequest, JobStatus, JobType, Reason, Scope, united
from shelfread.store.tables import library_scan_jobs
from tests.queue.queue_stand import Stand, a_stand, report

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIDE_BY_SIDE = 16


@pytest_asyncio.fixture(loop_scope="session")
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with a_stand(database_url) as made:
        yield made


# While one is queued


async def test_decision_6_the_second_request_gets_the_same_job(stand: Stand) -> None:
    first = await stand.queued()
    before = await stand.everything()
    second = await stand.enqueue()
    assert (second.job.id, second.coalesced) == (first.id, True)
    # Nothing about it had to change.
    assert await stand.everything() == before


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ([b"A"], [b"A"], [b"A"]),
        ([b""], [b"A"], [b""]),
        ([b"A"], [b""], [b""]),
        ([b"A"], [b"A/x", b"A/y"], [b"A"]),
        ([b"A/x", b"B"], [b"A"], [b"A", b"B"]),
        ([b"A", b"B"], [b"B", b"C"], [b"A", b"B", b"C"]),
        ([b"A"], [b"A", b"\xff"], [b"A", b"\xff"]),
    ],
)
async def test_decision_6_paths_are_united(
    stand: Stand, first: list[bytes], second: list[bytes], both: list[bytes]
) -> None:
    job = await stand.queued(*first)
    answer = await stand.enqueue(*second)
    assert (answer.job.id, answer.coalesced) == (job.id, True)
    assert len(await stand.rows()) == 1
    expected = tuple(stand.scope(name) for name in both)
    assert set(answer.job.scopes) == set(expected)
    widened = set(both) != set(first)
    assert await stand.kinds(job) == ["queued", "widened"] if widened else ["queued"]
    # The key went along: the same once more finds it, and the old one is no obstacle.
    assert (await stand.enqueue(*both)).job.id == job.id
    assert (await stand.claim()).scopes == united(expected)
    assert not (await stand.enqueue(*first)).coalesced


@pytest.mark.parametrize(
    ("first", "second"), [(b"A", b"B"), (b"A", b"A-M"), (b"A/x", b"A/xy"), (b"\xff", b"\xfe")]
)
async def test_a19_requests_for_two_parts_are_two_jobs(stand: Stand, first: bytes, second: bytes) -> None:
    one, two = await stand.queued(first), await stand.queued(second)
    assert {(await stand.claim("w-1")).id, (await stand.claim("w-2")).id} == {one.id, two.id}


async def test_the_same_path_in_another_root_is_another_job(stand: Stand) -> None:
    await stand.queued(stand.scope(b"A", 0))
    await stand.queued(stand.scope(b"A", 1))
    assert await stand.statuses() == ["queued", "queued"]


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [(False, False, "scan"), (False, True, "rescan"), (True, False, "rescan"), (True, True, "rescan")],
)
async def test_decision_6_a_rescan_beats_a_scan(stand: Stand, first: bool, second: bool, both: str) -> None:
    job = await stand.queued(b"A", rescan=first)
    answer = await stand.enqueue(b"A", rescan=second)
    assert (answer.job.id, answer.coalesced, answer.job.type) == (job.id, True, both)
    assert [row["type"] for row in await stand.rows()] == [both]
    assert ("widened" in await stand.kinds(job)) == (first < second)


@pytest.mark.parametrize("rescans", list(itertools.product([False, True], repeat=2)))
async def test_a_rescan_of_a_part_loses_nothing_of_either(stand: Stand, rescans: tuple[bool, bool]) -> None:
    first = await stand.queued(b"A", b"B", rescan=rescans[0])
    answer = await stand.enqueue(b"B", b"C", rescan=rescans[1])
    assert answer.job.id == first.id
    assert set(answer.job.scopes) == {stand.scope(name) for name in (b"A", b"B", b"C")}
    assert answer.job.type == ("rescan" if any(rescans) else "scan")


async def test_a_widened_job_absorbs_those_it_covers_now(stand: Stand) -> None:
    first, second, third = await stand.queued(b"A"), await stand.queued(b"B"), await stand.queued(b"C")
    stand.clock.turn(1)
    answer = await stand.enqueue(b"A", b"B")
    assert (answer.job.id, answer.coalesced) == (first.id, True)
    row = await stand.row(second)
    assert (row["status"], row["reason"], row["error"]) == ("cancelled", "absorbed", None)
    assert row["completed_at"] == stand.clock.now
    last = await stand.last_event(second)
    assert (last["kind"], last["detail"]["by"]) == ("cancelled", first.id)
    assert (await stand.row(third))["status"] == "queued"
    assert await stand.kinds(first) == ["queued", "widened"]
    await stand.sound()


async def test_a_request_for_all_absorbs_every_part(stand: Stand) -> None:
    jobs = [await stand.queued(b"%d" % number) for number in range(5)]
    elsewhere = await stand.queued(stand.scope(b"", 1))
    answer = await stand.enqueue(b"")
    assert answer.job.id == jobs[0].id
    assert answer.job.scopes == (stand.scope(),)
    assert await stand.statuses() == ["queued", *["cancelled"] * 4, "queued"]
    assert (await stand.claim("w-1")).id == jobs[0].id
    assert (await stand.claim("w-2")).id == elsewhere.id


async def test_what_is_not_wholly_covered_is_not_absorbed(stand: Stand) -> None:
    first, second = await stand.queued(b"A"), await stand.queued(b"B", b"C")
    answer = await stand.enqueue(b"A", b"B")
    assert answer.job.id == first.id
    assert (await stand.row(second))["status"] == "queued"
    # They overlap now, so they run one after the other.
    assert (await stand.claim("w-1")).id == first.id
    assert await stand.repository.claim_next("w-2") is None


async def test_no_request_for_a_rescan_is_lost_when_jobs_are_merged(stand: Stand) -> None:
    await stand.queued(b"A")
    await stand.queued(b"B", rescan=True)
    await stand.enqueue(b"A", b"B")
    rescanned = [row for row in await stand.rows() if (row["type"], row["status"]) == ("rescan", "queued")]
    assert len(rescanned) == 1
    job = await stand.repository.get(rescanned[0]["id"])
    assert job is not None
    assert any(scope.covers(stand.scope(b"B")) for scope in job.scopes)


async def test_jobs_of_another_library_take_nothing_in(stand: Stand) -> None:
    other_id, (other_root,) = await stand.another_library()
    await stand.queued(b"")
    answer = await stand.repository.enqueue(JobRequest(JobType.SCAN, other_id, (Scope(other_root, b""),)))
    assert not answer.coalesced
    # Not even when a broken request names the same root.
    third, _ = await stand.another_library("Third")
    answer = await stand.repository.enqueue(JobRequest(JobType.SCAN, third, (stand.scope(),)))
    assert not answer.coalesced


# While one is running


async def test_decision_6_a_running_job_gets_exactly_one_follow_up(stand: Stand) -> None:
    running = await stand.running(b"")
    before = await stand.row(running)
    first = await stand.enqueue(b"A")
    assert (first.coalesced, first.job.id != running.id) == (False, True)
    for part in (b"A", b"A/x", b"A"):
        again = await stand.enqueue(part)
        assert (again.job.id, again.coalesced) == (first.job.id, True)
    whole = await stand.enqueue(b"", rescan=True)
    assert (whole.job.id, whole.job.type, whole.job.scopes) == (first.job.id, "rescan", (stand.scope(),))
    assert await stand.statuses() == ["running", "queued"]
    assert await stand.row(running) == before
    assert await stand.repository.claim_next("worker-2") is None
    assert await stand.repository.finish(running)
    assert (await stand.claim("worker-2")).id == first.job.id


async def test_after_the_end_a_request_is_a_new_job(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.finish(job)
    assert not (await stand.enqueue()).coalesced
    assert await stand.statuses() == ["completed", "queued"]


# While a begun one waits again


async def _begun(stand: Stand, how: str, *parts: bytes, rescan: bool = False) -> str:
    """A job that was begun and is back in the queue."""
    job = await stand.running(*parts, rescan=rescan)
    await stand.repository.commit(job, None, report(found=1, added=1))
    if how == "released":
        assert await stand.repository.release(job)
    else:
        assert await stand.repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
    return job.id


@pytest.mark.parametrize("how", ["released", "lost"])
async def test_a_begun_job_takes_in_a_scan_of_what_it_covers(stand: Stand, how: str) -> None:
    job_id = await _begun(stand, how, b"A")
    before = await stand.everything()
    for part in (b"A", b"A/x"):
        answer = await stand.enqueue(part)
        assert (answer.job.id, answer.coalesced) == (job_id, True)
    assert await stand.everything() == before


@pytest.mark.parametrize("how", ["released", "lost"])
@pytest.mark.parametrize(("part", "rescan"), [(b"A", True), (b"", False), (b"", True)])
async def test_a_begun_job_is_never_widened(stand: Stand, how: str, part: bytes, rescan: bool) -> None:
    job_id = await _begun(stand, how, b"A")
    before = await stand.row(job_id)
    answer = await stand.enqueue(part, rescan=rescan)
    assert not answer.coalesced
    assert await stand.row(job_id) == before
    # The follow-up takes in what comes after.
    again = await stand.enqueue(part, rescan=rescan)
    assert (again.job.id, again.coalesced) == (answer.job.id, True)
    assert await stand.row(job_id) == before
    # The begun one goes first, the follow-up only after it.
    first = await stand.claim("w-1")
    assert first.id == job_id
    assert await stand.repository.claim_next("w-2") is None
    assert await stand.repository.finish(first)
    assert (await stand.claim("w-2")).id == answer.job.id


@pytest.mark.parametrize("how", ["released", "lost"])
async def test_what_a_begun_rescan_has_read_is_read_again_when_asked_later(stand: Stand, how: str) -> None:
    job_id = await _begun(stand, how, b"A", rescan=True)
    assert (await stand.enqueue(b"A/x")).job.id == job_id
    assert not (await stand.enqueue(b"A", rescan=True)).coalesced


@pytest.mark.parametrize("how", ["released", "lost"])
async def test_a_job_comes_back_beside_its_own_follow_up(stand: Stand, how: str) -> None:
    running = await stand.running(b"A")
    follow_up = await stand.queued(b"A")
    if how == "released":
        assert await stand.repository.release(running)
    else:
        assert await stand.repository.lose(running, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
    assert await stand.statuses() == ["queued", "queued"]
    # And again, with both of them begun.
    first = await stand.claim("w-1")
    assert first.id == running.id
    assert await stand.repository.claim_next("w-2") is None
    assert await stand.repository.finish(first)
    second = await stand.claim("w-2")
    assert second.id == follow_up.id
    third = await stand.queued(b"A")
    assert await stand.repository.release(second)
    assert (await stand.claim("w-3")).id == second.id
    assert (await stand.row(third))["status"] == "queued"


# Work that needs no library


async def test_there_is_one_queued_prune_and_one_running(stand: Stand) -> None:
    prune = JobRequest(JobType.PRUNE)
    first = await stand.repository.enqueue(prune)
    assert not first.coalesced
    assert first.job.broken is None
    again = await stand.repository.enqueue(prune)
    assert (again.job.id, again.coalesced) == (first.job.id, True)
    running = await stand.claim("w-1")
    assert (running.id, running.library_id, running.scopes) == (first.job.id, None, ())
    assert running.broken is None
    follow_up = await stand.repository.enqueue(prune)
    assert not follow_up.coalesced
    assert await stand.repository.claim_next("w-2") is None
    assert await stand.repository.release(running)
    assert (await stand.claim("w-1")).id == first.job.id
    assert await stand.repository.claim_next("w-2") is None


async def test_pruning_disturbs_no_scan_and_no_scan_disturbs_it(stand: Stand) -> None:
    await stand.queued()
    await stand.repository.enqueue(JobRequest(JobType.PRUNE))
    assert {(await stand.claim("w-1")).type, (await stand.claim("w-2")).type} == {"scan", "prune"}


async def test_two_prunes_that_wait_are_not_claimed_at_once(stand: Stand) -> None:
    for _ in range(6):
        first = (await stand.repository.enqueue(JobRequest(JobType.PRUNE))).job
        running = await stand.claim()
        second = (await stand.repository.enqueue(JobRequest(JobType.PRUNE))).job
        assert await stand.repository.release(running)
        assert first.id != second.id
        others = [await stand.another() for _ in range(4)]
        claims = await asyncio.gather(*(other.claim_next(f"w-{n}") for n, other in enumerate(others)))
        won = [claim for claim in claims if claim is not None]
        assert len(won) == 1
        assert await stand.repository.finish(won[0])
        rest = await stand.claim()
        assert await stand.repository.finish(rest)
        assert {won[0].id, rest.id} == {first.id, second.id}


# All at once


async def _at_once(stand: Stand, requests: list[JobRequest]) -> list[Any]:
    others = [await stand.another() for _ in requests]
    return await asyncio.gather(
        *(other.enqueue(request) for other, request in zip(others, requests, strict=True))
    )


async def test_decision_6_the_same_scope_asked_for_at_once_is_one_job(stand: Stand) -> None:
    answers = await _at_once(stand, [stand.request(b"A")] * SIDE_BY_SIDE)
    assert len({answer.job.id for answer in answers}) == 1
    assert sum(not answer.coalesced for answer in answers) == 1
    assert await stand.statuses() == ["queued"]
    await stand.sound()


async def test_decision_6_overlapping_scopes_asked_for_at_once_are_one_job(stand: Stand) -> None:
    names = [b"A", b"A/x", b"A/x/y", b"A/z"]
    requests = [stand.request(names[n % 4], rescan=n == 5) for n in range(SIDE_BY_SIDE)]
    await _at_once(stand, requests)
    waiting = [row for row in await stand.rows() if row["status"] == "queued"]
    # Parts may have come before the whole; then the whole has absorbed them.
    absorbed = [row for row in await stand.rows() if row["status"] != "queued"]
    assert {row["reason"] for row in absorbed} <= {"absorbed"}
    covering = [
        job
        for job in [await stand.repository.get(row["id"]) for row in waiting]
        if job is not None and job.scopes == (stand.scope(b"A"),)
    ]
    assert len(covering) == 1
    rescans = [row for row in waiting if row["type"] == "rescan"]
    assert len(rescans) == 1
    # Only a rescan of A/x that was there before may stand beside the scan of A.
    assert len(waiting) <= 2
    await stand.sound()


async def test_disjoint_scopes_asked_for_at_once_are_all_there(stand: Stand) -> None:
    answers = await _at_once(stand, [stand.request(b"%d" % number) for number in range(SIDE_BY_SIDE)])
    assert len({answer.job.id for answer in answers}) == SIDE_BY_SIDE
    rows = await stand.rows()
    assert len(rows) == SIDE_BY_SIDE
    assert len({row["seq"] for row in rows}) == SIDE_BY_SIDE
    await stand.sound()


async def test_the_follow_up_of_a_running_job_asked_for_at_once_is_one(stand: Stand) -> None:
    await stand.running(b"A")
    await _at_once(stand, [stand.request(b"A", rescan=n % 2 == 0) for n in range(SIDE_BY_SIDE)])
    assert await stand.statuses() == ["running", "queued"]
    assert [row["type"] for row in await stand.rows()] == ["scan", "rescan"]


async def test_a_prune_asked_for_at_once_is_one(stand: Stand) -> None:
    answers = await _at_once(stand, [JobRequest(JobType.PRUNE)] * SIDE_BY_SIDE)
    assert len({answer.job.id for answer in answers}) == 1
    assert await stand.statuses() == ["queued"]


async def test_asking_and_cancelling_at_once_disturb_one_another_never(stand: Stand) -> None:
    asking = [await stand.another() for _ in range(4)]
    for number in range(12):
        job = await stand.queued(b"%d" % number)
        requests = [stand.request(b"%d" % number, b"%d-%d" % (number, n)) for n in range(4)]
        answers = await asyncio.gather(
            *(one.enqueue(request) for one, request in zip(asking[:2], requests, strict=False)),
            stand.repository.cancel(job.id),
            *(one.enqueue(request) for one, request in zip(asking[2:], requests[2:], strict=False)),
        )
        assert len(answers) == 5
    await stand.sound()


async def test_asking_and_claiming_at_once_loses_no_request(stand: Stand) -> None:
    asking, claiming = await stand.another(), await stand.another()
    for number in range(20):
        wide, narrow = stand.request(b"%d" % number), stand.request(b"%d/x" % number)
        await asking.enqueue(narrow)
        _, claimed = await asyncio.gather(asking.enqueue(wide), claiming.claim_next("w-1"))
        assert claimed is not None
        if claimed.scopes != wide.scopes:
            # It was claimed before it was widened: then the whole waits behind it.
            (waiting,) = await stand.repository.listed(statuses=["queued"])
            assert waiting.scopes == wide.scopes
            assert await claiming.finish(claimed)
            claimed = await claiming.claim_next("w-1")
            assert claimed is not None
        assert claimed.scopes == wide.scopes
        assert await claiming.finish(claimed)
    assert "queued" not in await stand.statuses()


# Many


async def test_a_request_finds_its_job_behind_any_number_of_others(stand: Stand) -> None:
    first = await stand.queued(b"0")
    template = await stand.row(first)

    async def fill(connection: Any) -> None:
        rows = [
            template
            | {
                "id": f"filler-{number}",
                "seq": 10_000 + number,
                "unique_key": f"filler-{number}",
                "scopes": f'[[{stand.roots[0]}, "{(b"%d" % number).hex()}"]]',
                "event_seq": 0,
            }
            for number in range(1, 1201)
        ]
        await connection.execute(library_scan_jobs.insert(), rows)
        await connection.exec_driver_sql("UPDATE id_counters SET next = 20000 WHERE name = 'jobs'")

    await stand.database.write(fill)
    last = await stand.queued(b"last")
    again = await stand.enqueue(b"last")
    assert (again.job.id, again.coalesced) == (last.id, True)

    async def away(connection: Any) -> None:
        await connection.exec_driver_sql("DELETE FROM library_scan_jobs WHERE id LIKE 'filler-%%'")

    await stand.database.write(away)
