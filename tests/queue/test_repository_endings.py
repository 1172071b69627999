"""`queue.repository`: how jobs end, go back, are taken away, cancelled and tried again.

Conformance suite: every test on SQLite and on PostgreSQL. Each operation meets a job in each state.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from shelfread.model.job import Job, JobRequest, JobStatus, JobType, Reason
from tests.queue.queue_stand import Stand, a_stand, report

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATES = ("queued", "begun", "running", "to stop", "completed", "failed", "cancelled")


@pytest_asyncio.fixture(loop_scope="session")
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with a_stand(database_url) as made:
        yield made


async def _in_state(stand: Stand, state: str, **more: Any) -> Job:
    """A job in some state, as whoever had it last knows it."""
    if state == "queued":
        return await stand.queued(**more)
    job = await stand.running(**more)
    repository = stand.repository
    if state == "begun":
        assert await repository.release(job)
    elif state == "to stop":
        assert await repository.cancel(job.id)
    elif state == "completed":
        assert await repository.finish(job)
    elif state == "failed":
        assert await repository.fail(job, Reason.EXCEPTION, "trouble")
    elif state == "cancelled":
        assert await repository.end_cancelled(job)
    return job


# Endings of one's own


async def test_d17_a_finished_job_is_completed(stand: Stand) -> None:
    job = await stand.running()
    now = stand.clock.turn(8)
    assert await stand.repository.finish(job, None, report("fine", found=4, unchanged=4, total=4))
    found = await stand.repository.get(job.id)
    assert found is not None
    assert (found.status, found.completed_at, found.error, found.reason) == (
        JobStatus.COMPLETED,
        now,
        None,
        None,
    )
    assert (found.counters.unchanged, found.items_total, found.current_path) == (4, 4, None)
    assert (await stand.kinds(job))[-1] == "completed"


async def test_d11_d18_a_failed_job_says_why_and_is_never_also_completed(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.commit(job, None, report("before", found=3))
    now = stand.clock.turn(8)
    assert await stand.repository.fail(job, Reason.EXCEPTION, "KeyError: 'x'\nsecond line")
    found = await stand.repository.get(job.id)
    assert found is not None
    assert (found.status, found.reason, found.error) == (
        JobStatus.FAILED,
        "exception",
        "KeyError: 'x'\nsecond line",
    )
    assert (found.completed_at, found.counters.found) == (now, 3)
    event = await stand.last_event(job)
    assert (event["kind"], event["detail"]["reason"]) == ("failed", "exception")
    assert event["detail"]["error"] == found.error
    line = (await stand.lines(job))[-1]
    assert (line["level"], line["message"]) == ("error", found.error)
    assert not await stand.repository.finish(job)


async def test_a_cancelled_job_has_no_error(stand: Stand) -> None:
    job = await stand.running()
    assert await stand.repository.end_cancelled(job)
    row = await stand.row(job)
    assert (row["status"], row["error"], row["completed_at"]) == ("cancelled", None, stand.clock.now)
    assert (await stand.kinds(job))[-1] == "cancelled"


@pytest.mark.parametrize("reason", list(Reason))
async def test_every_reason_fits_into_the_row(stand: Stand, reason: Reason) -> None:
    job = await stand.running()
    assert await stand.repository.fail(job, reason, "x")
    assert (await stand.row(job))["reason"] == reason.value


@pytest.mark.parametrize("state", ["queued", "begun", "completed", "failed", "cancelled"])
async def test_only_a_running_job_can_be_ended_by_its_worker(stand: Stand, state: str) -> None:
    job = await _in_state(stand, state)
    before = await stand.everything()
    stand.clock.turn(1)
    repository = stand.repository
    assert await repository.finish(job) is (state == "completed")
    assert await repository.fail(job, Reason.EXCEPTION, "late") is False
    assert await repository.end_cancelled(job) is False
    assert await repository.release(job) is False
    assert await repository.lose(job, Reason.WORKER_LOST, "late") is None
    assert await repository.rescue([(job, Reason.STALLED, "late")]) == []
    assert await stand.everything() == before


@pytest.mark.parametrize("call", ["fail", "end_cancelled", "release", "lose"])
async def test_a_job_that_is_to_stop_can_be_ended_in_every_way_but_well(stand: Stand, call: str) -> None:
    job = await _in_state(stand, "to stop")
    repository = stand.repository
    if call == "fail":
        assert await repository.fail(job, Reason.EXCEPTION, "it stumbled on its way out")
    elif call == "lose":
        assert await repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.CANCELLED
    else:
        assert await getattr(repository, call)(job)
    assert await stand.statuses() == ["failed" if call == "fail" else "cancelled"]
    assert await repository.claim_next("w") is None


# Released


async def test_a_released_job_is_queued_again_and_the_attempt_does_not_count(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.commit(job, None, report("kept", found=9, added=9))
    stand.clock.turn(60)
    assert await stand.repository.release(job)
    row = await stand.row(job)
    assert (row["status"], row["attempt"], row["losses"], row["completed_at"]) == ("queued", 0, 0, None)
    assert row["fence"] >= 1
    assert row["used_us"] == 60_000_000
    assert row["current_path"] is None
    assert (await stand.kinds(job))[-1] == "released"
    # At once, and the fence rises with the claim.
    again = await stand.claim("w-2")
    assert (again.id, again.attempt, again.fence) == (job.id, 1, job.fence + 1)
    assert again.carried.added == 9


async def test_a_job_may_be_released_for_ever(stand: Stand) -> None:
    job = await stand.running(max_attempts=2)
    fences = [job.fence]
    for _ in range(6):
        assert await stand.repository.release(job)
        job = await stand.claim()
        fences.append(job.fence)
    assert (job.attempt, job.losses) == (1, 0)
    assert fences == sorted(set(fences))


async def test_a_release_after_a_loss_takes_only_its_own_attempt_back(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.lose(job, Reason.WORKER_LOST, "gone")
    again = await stand.claim()
    assert (again.attempt, again.losses) == (2, 1)
    assert await stand.repository.release(again)
    row = await stand.row(job)
    assert (row["attempt"], row["losses"]) == (1, 1)


async def test_a_job_that_is_to_stop_does_not_go_back_into_the_queue(stand: Stand) -> None:
    released, lost = await stand.running(b"A"), await stand.running(b"B")
    for job in (released, lost):
        await stand.repository.cancel(job.id)
    assert await stand.repository.release(released)
    assert await stand.repository.lose(lost, Reason.WORKER_LOST, "gone") is JobStatus.CANCELLED
    assert await stand.statuses() == ["cancelled", "cancelled"]
    assert await stand.repository.claim_next("w") is None
    for job in (released, lost):
        assert (await stand.kinds(job))[-2:] == ["cancel_requested", "cancelled"]
        assert (await stand.row(job))["error"] is None


# Lost


async def test_a_lost_job_goes_back_under_a_higher_fence(stand: Stand) -> None:
    job = await stand.running()
    now = stand.clock.turn(30)
    assert await stand.repository.lose(job, Reason.STALLED, "nothing moved") is JobStatus.QUEUED
    row = await stand.row(job)
    assert (row["status"], row["losses"], row["attempt"]) == ("queued", 1, 1)
    assert row["fence"] == job.fence + 1
    assert (row["run_at"], row["error"], row["completed_at"]) == (now, None, None)
    event = await stand.last_event(job)
    assert (event["kind"], event["fence"]) == ("requeued", job.fence + 1)
    detail = event["detail"]
    assert (detail["reason"], detail["run_at"], detail["losses"]) == ("stalled", now, 1)
    again = await stand.claim("w-2")
    assert (again.fence, again.attempt, again.reason) == (job.fence + 2, 2, None)


async def test_each_loss_without_progress_is_a_longer_pause_until_it_is_given_up(stand: Stand) -> None:
    job = await stand.running(max_attempts=10)
    pauses = []
    for _ in range(9):
        assert await stand.repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
        due = (await stand.row(job))["run_at"]
        pauses.append((due - stand.clock.now) / 1e6)
        stand.clock.now = max(due, stand.clock.now)
        job = await stand.claim()
    assert pauses == [0, 5, 10, 20, 40, 80, 160, 300, 300]
    assert await stand.repository.lose(job, Reason.WORKER_LOST, "the last straw") is JobStatus.FAILED
    row = await stand.row(job)
    assert (row["status"], row["reason"], row["error"]) == ("failed", "worker_lost", "the last straw")
    assert (row["losses"], row["completed_at"]) == (10, stand.clock.now)
    assert (await stand.kinds(job))[-1] == "failed"
    assert await stand.repository.claim_next("w") is None


@pytest.mark.parametrize("attempts", [1, 2, 3])
async def test_a_job_is_given_up_after_as_many_losses_as_it_may_have(stand: Stand, attempts: int) -> None:
    job = await stand.running(max_attempts=attempts)
    for _ in range(attempts - 1):
        assert await stand.repository.lose(job, Reason.STALLED, "x") is JobStatus.QUEUED
        stand.clock.turn(1000)
        job = await stand.claim()
    assert await stand.repository.lose(job, Reason.STALLED, "x") is JobStatus.FAILED


async def test_an_attempt_that_made_progress_is_not_held_against_a_job(stand: Stand) -> None:
    job = await stand.running(max_attempts=2)
    for number in range(5):
        await stand.repository.commit(job, None, report(found=9, added=1, unchanged=number))
        assert await stand.repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
        row = await stand.row(job)
        assert (row["losses"], row["run_at"]) == (0, stand.clock.now)
        job = await stand.claim()
    assert job.carried.added == 5
    # Only walking along what is known already is none.
    await stand.repository.commit(job, None, report(found=9, unchanged=9))
    assert await stand.repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
    assert (await stand.row(job))["losses"] == 1
    stand.clock.turn(1000)
    job = await stand.claim()
    assert await stand.repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.FAILED


async def test_decision_4_a_lost_scan_of_the_command_line_is_never_tried_again(stand: Stand) -> None:
    job = await stand.repository.claim_now("me", stand.library_id, JobType.SCAN, [stand.scope()])
    await stand.repository.commit(job, None, report(found=9, added=9))
    assert await stand.repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.FAILED
    row = await stand.row(job)
    assert (row["status"], row["reason"], row["items_added"]) == ("failed", "worker_lost", 9)
    assert row["fence"] == job.fence + 1
    assert await stand.repository.claim_next("w") is None


async def test_a12_running_time_adds_up_over_the_attempts(stand: Stand) -> None:
    job = await stand.running(timeout_s=200)
    for _ in range(2):
        stand.clock.turn(35)
        await stand.repository.heartbeat(job)
    # Nobody knows how long it lived after its last sign of life: a minute at most is counted.
    stand.clock.turn(1000)
    assert await stand.repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
    job = await stand.claim()
    assert job.left_us == 70_000_000
    for _ in range(2):
        stand.clock.turn(35)
        await stand.repository.heartbeat(job)
    assert await stand.repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.FAILED
    assert (await stand.row(job))["reason"] == "deadline"


async def test_a12_a_clock_that_jumps_spends_no_running_time(stand: Stand) -> None:
    job = await stand.running(timeout_s=3600)
    for hours in (10, -20, 10):
        stand.clock.turn(hours * 3600)
        await stand.repository.heartbeat(job)
    stand.clock.turn(5)
    assert await stand.repository.release(job)
    job = await stand.claim()
    # Two jumps ahead, each as long as the longest pause between two heartbeats, and five seconds.
    assert job.left_us == (3600 - 2 * 60 - 5) * 1_000_000


async def test_a_job_is_taken_only_from_those_who_are_still_silent(stand: Stand) -> None:
    silent, alive = await stand.running(b"A"), await stand.running(b"B", worker="w-2")
    ended = await stand.running(b"C", worker="w-3")
    stand.clock.turn(31)
    await stand.repository.heartbeat(alive)
    await stand.repository.finish(ended)
    lost = [(job, Reason.WORKER_LOST, "silent") for job in (silent, alive, ended)]
    assert [job.id for job in await stand.repository.rescue(lost)] == [silent.id]
    assert await stand.statuses() == ["queued", "running", "completed"]
    assert await stand.repository.rescue(lost) == []
    assert await stand.repository.rescue([]) == []


async def test_of_many_rescuers_one_takes_a_job(stand: Stand) -> None:
    others = [await stand.another() for _ in range(6)]
    job = await stand.running()
    for _ in range(3):
        found = await asyncio.gather(*(other.rescue([(job, Reason.WORKER_LOST, "gone")]) for other in others))
        assert sum(len(taken) for taken in found) == 1
        stand.clock.turn(1000)
        job = await stand.claim()
    assert (await stand.kinds(job)).count("requeued") == 3


# Cancelled


@pytest.mark.parametrize("state", STATES)
async def test_cancel_meets_a_job_in_every_state(stand: Stand, state: str) -> None:
    job = await _in_state(stand, state)
    before, events = await stand.row(job), await stand.kinds(job)
    asked_at = stand.clock.turn(1)
    answer = await stand.repository.cancel(job.id)
    assert answer is not None
    row = await stand.row(job)
    assert answer == await stand.repository.get(job.id)
    if state in ("queued", "begun"):
        assert (row["status"], row["completed_at"], row["error"]) == ("cancelled", asked_at, None)
        assert await stand.kinds(job) == [*events, "cancelled"]
        assert await stand.repository.claim_next("w") is None
    elif state == "running":
        assert row == before | {"cancel_requested_at": asked_at, "event_seq": before["event_seq"] + 1}
        assert await stand.kinds(job) == [*events, "cancel_requested"]
    else:
        assert row == before
        assert await stand.kinds(job) == events


async def test_a_queued_job_that_is_cancelled_and_claimed_at_once_goes_one_way(stand: Stand) -> None:
    claiming, cancelling = await stand.another(), await stand.another()
    ways = set()
    for number in range(20):
        job = await stand.queued()
        both = [claiming.claim_next("w"), cancelling.cancel(job.id)]
        answers: list[Job | None] = list(await asyncio.gather(*both[:: 1 if number % 2 else -1]))
        claimed, cancelled = answers if number % 2 else answers[::-1]
        assert cancelled is not None
        ways.add(cancelled.status)
        if claimed is None:
            assert cancelled.status is JobStatus.CANCELLED
        else:
            # It was claimed first: then it is asked to stop.
            assert cancelled.status is JobStatus.RUNNING
            assert await claiming.end_cancelled(claimed)
        await stand.sound()
    assert await stand.statuses() == ["cancelled"] * 20


# Tried again


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
@pytest.mark.parametrize("rescan", [False, True])
async def test_an_ended_job_can_be_tried_again(stand: Stand, state: str, rescan: bool) -> None:
    job = await stand.running(b"A", b"\xff", rescan=rescan, timeout_s=77)
    await stand.repository.commit(job, None, report("x", found=3, added=3))
    if state == "completed":
        await stand.repository.finish(job)
    elif state == "failed":
        await stand.repository.fail(job, Reason.EXCEPTION, "x")
    else:
        await stand.repository.end_cancelled(job)
    before = await stand.row(job)
    answer = await stand.repository.retry(job.id, 555)
    assert answer is not None
    new = answer.job
    assert (answer.coalesced, new.id != job.id, new.type, new.scopes) == (False, True, job.type, job.scopes)
    assert (new.origin, new.timeout_s, new.status, new.attempt) == ("retry", 555, JobStatus.QUEUED, 0)
    assert await stand.row(job) == before
    again = await stand.repository.retry(job.id, 555)
    assert again is not None
    assert (again.job.id, again.coalesced) == (new.id, True)


@pytest.mark.parametrize("state", ["queued", "begun", "running", "to stop"])
async def test_a_job_that_has_not_ended_is_not_tried_again(stand: Stand, state: str) -> None:
    job = await _in_state(stand, state)
    before = await stand.everything()
    with pytest.raises(ValueError, match=job.id) as caught:
        await stand.repository.retry(job.id, 100)
    assert "\n" not in str(caught.value)
    assert await stand.everything() == before


async def test_a_prune_can_be_tried_again(stand: Stand) -> None:
    prune = (await stand.repository.enqueue(JobRequest(JobType.PRUNE))).job
    await stand.repository.fail(await stand.claim(), Reason.EXCEPTION, "x")
    answer = await stand.repository.retry(prune.id, 100)
    assert answer is not None
    assert (answer.coalesced, answer.job.type, answer.job.library_id) == (False, "prune", None)


async def test_what_nobody_could_run_is_not_tried_again(stand: Stand) -> None:
    for values in ({"scopes": "["}, {"library_id": None}, {"type": "thumbnails"}):
        job = await stand.running()
        await stand.repository.fail(job, Reason.INVALID_ROW, "x")
        await stand.edit(job, **values)
        with pytest.raises(ValueError, match=job.id):
            await stand.repository.retry(job.id, 100)
    assert "queued" not in await stand.statuses()
