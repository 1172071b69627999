"""`queue.repository`: what a worker writes while it has a job, and what it cannot write when it has not.

Conformance suite: every test on SQLite and on PostgreSQL. One batch is one transaction that begins with the
fence (DESIGN rule 8).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import CancelRequested, Job, JobStatus, LogLine, LostJob, Phase, Reason
from shelfread.queue.repository import ScanJobRepository
from tests.queue.queue_stand import LOG_LINES, Stand, a_stand, report

pytestmark = pytest.mark.asyncio(loop_scope="session")

WHOLE = Counters(
    found=28, added=1, updated=2, moved=3, restored=4, unchanged=5, failed=6, skipped=7, removed=8
)


@pytest_asyncio.fixture(loop_scope="session")
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with a_stand(database_url) as made:
        yield made


def marking(stand: Stand, number: int) -> Callable[[Any], Awaitable[None]]:
    async def work(connection: Any) -> None:
        await stand.mark(connection, number)

    return work


# One batch, one transaction


async def test_a_batch_is_rows_counters_logs_event_and_heartbeat_together(stand: Stand) -> None:
    job = await stand.running()
    now = stand.clock.turn(3)
    lines = [LogLine("info", "a [red] \x1b line"), LogLine("warning", "\U0001d11e", b"\xff\n")]
    batch = BatchReport(WHOLE, Phase.READING, 31, "a/b", lines)
    said = await stand.said(job)
    await stand.repository.commit(job, marking(stand, 1), batch)
    found = await stand.repository.get(job.id)
    assert found is not None
    assert found.counters == WHOLE
    assert (found.phase, found.items_total, found.current_path) == (Phase.READING, 31, "a/b")
    assert (found.heartbeat_at, found.progress_at) == (now, now)
    assert await stand.marked() == [1]
    event = await stand.last_event(job)
    assert (event["kind"], event["fence"], event["worker_id"], event["at"]) == ("batch", 1, "worker-1", now)
    detail = event["detail"]
    assert {name: detail[name] for name in Counters.__slots__} == {
        name: getattr(WHOLE, name) for name in Counters.__slots__
    }
    assert (detail["total"], detail["phase"]) == (31, "reading")
    assert [(line["seq"], line["message"], line["path"]) for line in (await stand.lines(job))[said:]] == [
        (said + 1, lines[0].message, None),
        (said + 2, lines[1].message, b"\xff\n"),
    ]


async def test_d13_a_total_is_null_until_it_is_known(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.commit(job, None, report(found=5, total=None))
    row = await stand.row(job)
    assert (row["items_total"], row["items_found"], row["items_added"]) == (None, 5, 0)
    assert (await stand.last_event(job))["detail"]["total"] is None


async def _nothing_of_it(stand: Stand, job: Job, work: Any, error: type[BaseException]) -> None:
    await stand.repository.commit(job, marking(stand, 1), report("one", found=1))
    before, marks = await stand.everything(), await stand.marked()
    stand.clock.turn(1)
    for call in (stand.repository.commit, stand.repository.finish):
        with pytest.raises(error):
            await call(job, work, report("two", found=99))
        assert await stand.everything() == before
        assert await stand.marked() == marks
    # It is still ours, and numbers go on without a gap.
    await stand.repository.commit(job, marking(stand, 2), report("two", found=2))
    assert await stand.marked() == [1, 2]


async def test_work_that_raises_rolls_everything_back(stand: Stand) -> None:
    async def work(connection: Any) -> None:
        await stand.mark(connection, 99)
        raise LookupError("halfway")

    await _nothing_of_it(stand, await stand.running(), work, LookupError)


async def test_a_database_error_in_the_middle_rolls_everything_back(stand: Stand) -> None:
    async def work(connection: Any) -> None:
        await stand.mark(connection, 99)
        # There is one already.
        await stand.mark(connection, 1)

    await _nothing_of_it(stand, await stand.running(), work, sa.exc.IntegrityError)


async def test_a_wrong_statement_in_the_middle_rolls_everything_back(stand: Stand) -> None:
    async def work(connection: Any) -> None:
        await stand.mark(connection, 99)
        await connection.execute(sa.text("SELECT no_such_column FROM library_scan_jobs"))

    await _nothing_of_it(stand, await stand.running(), work, sa.exc.DBAPIError)


async def test_a_cancelled_caller_leaves_all_of_a_batch_or_nothing(stand: Stand) -> None:
    job = await stand.running()
    said = await stand.said(job)
    for number in range(1, 6):
        task = asyncio.ensure_future(
            stand.repository.commit(job, marking(stand, number), report("x", found=number))
        )
        for _ in range(number * 3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        row = await stand.row(job)
        assert len(await stand.marked()) == row["log_seq"] - said == row["event_seq"] - 2
    await stand.sound()


async def test_the_fence_goes_first_and_the_work_never_runs_without_it(stand: Stand) -> None:
    job = await stand.running()
    assert await stand.repository.lose(job, Reason.WORKER_LOST, "gone")
    ran = []

    async def work(_connection: Any) -> None:
        ran.append(1)

    for call in (stand.repository.commit, stand.repository.finish):
        with pytest.raises(LostJob):
            await call(job, work, report(found=1))
    assert ran == []


async def test_a_work_that_is_run_again_by_a_retry_is_written_once(stand: Stand) -> None:
    job = await stand.running()
    said = await stand.said(job)
    tries = 0

    async def work(connection: Any) -> None:
        nonlocal tries
        tries += 1
        await stand.mark(connection, tries)
        if tries == 1:
            raise _busy(stand)

    await stand.repository.commit(job, work, report("one", found=1))
    assert (tries, await stand.marked()) == (2, [2])
    assert (await stand.kinds(job)).count("batch") == 1
    assert await stand.said(job) == len(await stand.lines(job)) == said + 1


def _busy(stand: Stand) -> sa.exc.OperationalError:
    """What the database says when a whole transaction is to be tried again."""
    if stand.database.is_sqlite:
        import sqlite3

        busy: Exception = sqlite3.OperationalError("database is locked")
        busy.sqlite_errorcode = sqlite3.SQLITE_BUSY  # type: ignore[attr-defined]
    else:
        import psycopg.errors

        busy = psycopg.errors.SerializationFailure("could not serialize access")
    return sa.exc.OperationalError("UPDATE", {}, busy)


# The fence


async def _ended(stand: Stand, job: Job, how: str) -> None:
    """Take a job from whoever has it."""
    repository = stand.repository
    if how == "completed":
        assert await repository.finish(job)
    elif how == "failed":
        assert await repository.fail(job, Reason.EXCEPTION, "trouble")
    elif how == "cancelled":
        assert await repository.end_cancelled(job)
    elif how == "released":
        assert await repository.release(job)
    elif how == "lost":
        assert await repository.lose(job, Reason.WORKER_LOST, "gone") is JobStatus.QUEUED
    else:
        assert how == "claimed again"
        assert await repository.lose(job, Reason.STALLED, "stuck") is JobStatus.QUEUED
        again = await stand.claim("worker-2")
        assert (again.id, again.fence > job.fence) == (job.id, True)
        await repository.commit(again, None, report("mine", found=1, added=1))


_LATE: dict[str, Callable[[ScanJobRepository, Job], Awaitable[Any]]] = {
    "commit": lambda repository, job: repository.commit(job, None, report("late", found=99)),
    "heartbeat": lambda repository, job: repository.heartbeat(job),
    "heartbeat with a report": lambda repository, job: repository.heartbeat(
        job, report(found=99), moved=True
    ),
    "finish with a report": lambda repository, job: repository.finish(job, None, report("late", found=99)),
    "finish": lambda repository, job: repository.finish(job),
    "fail": lambda repository, job: repository.fail(job, Reason.DEADLINE, "late"),
    "end_cancelled": lambda repository, job: repository.end_cancelled(job),
    "release": lambda repository, job: repository.release(job),
    "lose": lambda repository, job: repository.lose(job, Reason.WORKER_LOST, "late"),
    "rescue": lambda repository, job: repository.rescue([(job, Reason.WORKER_LOST, "late")]),
}


@pytest.mark.parametrize("how", ["completed", "failed", "cancelled", "released", "lost", "claimed again"])
async def test_d30_nothing_of_an_old_fence_is_written(stand: Stand, how: str) -> None:
    job = await stand.running()
    await stand.repository.commit(job, marking(stand, 1), report("in time", found=1))
    await _ended(stand, job, how)
    before = await stand.everything()
    stand.clock.turn(1)
    for late, call in _LATE.items():
        try:
            answer = await call(stand.repository, job)
        except LostJob:
            assert late in ("commit", "heartbeat", "heartbeat with a report", "finish with a report")
        else:
            if late.startswith("finish") and how == "completed":
                # Said twice by the one who had it: that is no loss.
                assert answer is True
            else:
                assert late != "finish with a report"
                assert answer in (False, None, [])
        assert await stand.everything() == before, late


@pytest.mark.parametrize("fence", [0, 2, -1])
async def test_only_the_right_fence_counts(stand: Stand, fence: int) -> None:
    job = await stand.running()
    forged = replace(job, fence=fence)
    before = await stand.everything()
    with pytest.raises(LostJob):
        await stand.repository.commit(forged, marking(stand, 1), report(found=1))
    with pytest.raises(LostJob):
        await stand.repository.heartbeat(forged)
    assert not await stand.repository.finish(forged)
    assert not await stand.repository.fail(forged, Reason.EXCEPTION, "no")
    assert await stand.everything() == before


async def test_a_job_that_was_never_there_is_lost(stand: Stand) -> None:
    job = replace(await stand.running(), id="00000000-0000-4000-8000-000000000000", seq=424242)
    with pytest.raises(LostJob):
        await stand.repository.commit(job, None, report("x", found=1))
    assert not await stand.repository.finish(job)
    assert not await stand.repository.release(job)
    assert await stand.repository.lose(job, Reason.WORKER_LOST, "x") is None


async def test_d18_finishing_twice_is_finishing_once(stand: Stand) -> None:
    job = await stand.running()
    assert await stand.repository.finish(job, marking(stand, 1), report("done", found=2, unchanged=2))
    before = await stand.everything()
    stand.clock.turn(9)
    assert await stand.repository.finish(job)
    assert await stand.everything() == before
    assert (await stand.kinds(job)).count("completed") == 1


async def test_d8_two_who_finish_at_once_leave_one_end(stand: Stand) -> None:
    other = await stand.another()
    for _ in range(5):
        job = await stand.running()
        answers = await asyncio.gather(
            stand.repository.finish(job), other.fail(job, Reason.EXCEPTION, "x"), other.release(job)
        )
        assert answers.count(True) == 1, answers
        await stand.sound()
        while (rest := await stand.repository.claim_next("w")) is not None:
            await stand.repository.finish(rest)


# Cancel


async def test_a_job_that_is_to_stop_writes_nothing_but_its_end(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.commit(job, marking(stand, 1), report("kept", found=3, added=3))
    asked = await stand.repository.cancel(job.id)
    assert asked is not None
    assert (asked.status, asked.cancel_requested_at) == (JobStatus.RUNNING, stand.clock.now)
    before = await stand.everything()
    stand.clock.turn(1)
    ran = []

    async def work(_connection: Any) -> None:
        ran.append(1)

    with pytest.raises(CancelRequested):
        await stand.repository.commit(job, work, report("no", found=99))
    with pytest.raises(CancelRequested):
        await stand.repository.heartbeat(job)
    with pytest.raises(CancelRequested):
        await stand.repository.heartbeat(job, report(found=99), moved=True)
    with pytest.raises(CancelRequested):
        await stand.repository.finish(job, work, report("no", found=99))
    with pytest.raises(CancelRequested):
        await stand.repository.finish(job)
    assert ran == []
    assert await stand.everything() == before
    assert await stand.repository.end_cancelled(job)
    row = await stand.row(job)
    # What was committed stays.
    assert (row["status"], row["items_added"], row["error"]) == ("cancelled", 3, None)
    assert await stand.marked() == [1]


async def test_whoever_lost_a_job_hears_that_and_not_that_it_was_cancelled(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.lose(job, Reason.WORKER_LOST, "gone")
    again = await stand.claim("w-2")
    await stand.repository.cancel(job.id)
    with pytest.raises(LostJob):
        await stand.repository.commit(job, None, report(found=1))
    with pytest.raises(CancelRequested):
        await stand.repository.commit(again, None, report(found=1))


async def test_a_finish_and_a_cancel_at_once_end_it_one_way(stand: Stand) -> None:
    other = await stand.another()
    for _ in range(8):
        job = await stand.running()
        finished, cancelled = await asyncio.gather(
            stand.repository.finish(job), other.cancel(job.id), return_exceptions=True
        )
        assert isinstance(cancelled, Job)
        if isinstance(finished, CancelRequested):
            assert cancelled.status is JobStatus.RUNNING
            assert await stand.repository.end_cancelled(job)
        else:
            assert finished is True
            assert (await stand.row(job))["status"] == "completed"
        await stand.sound()


# Heartbeats


async def test_a_heartbeat_moves_the_heart_and_nothing_else(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.commit(job, None, report("one", found=5))
    before = await stand.everything()
    now = stand.clock.turn(4)
    await stand.repository.heartbeat(job)
    after = await stand.everything()
    changed = before["library_scan_jobs"][0] | {"heartbeat_at": now}
    # What it ran since the last one.
    changed["used_us"] += now - before["library_scan_jobs"][0]["heartbeat_at"]
    assert after == before | {"library_scan_jobs": [changed]}


async def test_a_heartbeat_may_say_that_something_moves_though_nothing_was_written(stand: Stand) -> None:
    job = await stand.running()
    now = stand.clock.turn(4)
    await stand.repository.heartbeat(job, moved=True)
    assert (await stand.row(job))["progress_at"] == now
    later = stand.clock.turn(4)
    await stand.repository.heartbeat(job, report(found=1234, path="deep/er"))
    row = await stand.row(job)
    assert (row["items_found"], row["current_path"]) == (1234, "deep/er")
    assert (row["heartbeat_at"], row["progress_at"]) == (later, now)
    assert await stand.kinds(job) == ["queued", "claimed"]


# Counters of several attempts


async def test_i6_a_completed_job_counts_all_of_its_attempts_together(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.commit(job, None, report(found=40, added=30, failed=2, skipped=1))
    await stand.repository.commit(job, None, report(found=60, added=40, updated=5, failed=3, removed=2))
    await stand.repository.lose(job, Reason.WORKER_LOST, "gone")
    job = await stand.claim("w-2")
    assert job.counters == Counters()
    carried = job.carried
    assert (carried.added, carried.updated, carried.failed, carried.removed) == (40, 5, 3, 2)
    assert {(await stand.row(job))[name] for name in ("items_found", "items_added")} == {None}
    assert (await stand.last_event(job))["detail"]["carried"]["added"] == 40
    # The second attempt goes over the same files, adds some and is stopped in order.
    await stand.repository.commit(job, None, report(found=70, unchanged=48, added=10))
    await stand.repository.release(job)
    job = await stand.claim("w-3")
    assert (job.carried.added, job.carried.updated, job.carried.failed) == (50, 5, 3)
    last = Counters(found=100, unchanged=60, added=38, skipped=2)
    assert await stand.repository.finish(job, None, BatchReport(last, Phase.DONE, 100))
    row = await stand.row(job)
    expected = last.after(job.carried)
    assert {name: row[f"items_{name}"] for name in Counters.__slots__} == {
        name: getattr(expected, name) for name in Counters.__slots__
    }
    assert (row["items_added"], row["items_unchanged"], row["items_removed"]) == (88, 2, 2)
    assert expected.processed == expected.found == 100
    event = await stand.last_event(job)
    assert event["kind"] == "completed"
    assert event["detail"]["counters"] == {name: getattr(expected, name) for name in Counters.__slots__}


async def test_d13_a_job_that_counted_nothing_has_no_counters(stand: Stand) -> None:
    job = await stand.running()
    assert await stand.repository.finish(job)
    row = await stand.row(job)
    assert {row[name] for name in row if name.startswith("items_")} == {None}


async def test_counters_of_a_job_that_failed_stay_as_they_were(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.commit(job, None, BatchReport(WHOLE, Phase.READING, 28, "x"))
    assert await stand.repository.fail(job, Reason.EXCEPTION, "trouble")
    found = await stand.repository.get(job.id)
    assert found is not None
    assert found.counters == WHOLE
    # Where it was is for those who watch it run.
    assert found.current_path is None


async def test_the_last_batch_counts_what_its_own_work_has_found(stand: Stand) -> None:
    job = await stand.running()
    batch = report(found=4, added=4)

    async def settles(_connection: Any) -> None:
        batch.counters.removed = 7

    assert await stand.repository.finish(job, settles, batch)
    row = await stand.row(job)
    assert (row["items_removed"], row["status"]) == (7, "completed")


async def test_b2_a_completed_job_has_a_report(stand: Stand) -> None:
    job = await stand.running()
    stand.clock.turn(2.5)
    batch = report(found=3, added=2, failed=1)
    batch.outcome = {"unavailable": ["/mnt"], "held": 0}
    assert await stand.repository.finish(job, None, batch)
    found = await stand.repository.get(job.id)
    assert found is not None
    assert found.report is not None
    assert (found.report["items_found"], found.report["registered"]) == (3, 3)
    assert (found.report["duration_s"], found.report["unavailable"]) == (2.5, ["/mnt"])


# Logs and their numbers


async def test_i8_numbers_have_no_gap_whoever_writes_at_once(stand: Stand) -> None:
    """Batches, cancels of other jobs, requests that widen: all at once on three jobs."""
    running = await stand.running(b"A")
    other = await stand.running(b"B", worker="w-2")
    others = [await stand.another() for _ in range(3)]
    waiting = await stand.queued(b"C")
    said = await stand.said(running)
    for number in range(8):
        lines = [f"{number}-{line}" for line in range(number % 4)]
        await asyncio.gather(
            others[0].commit(running, None, report(*lines, found=number)),
            others[1].commit(other, None, report(*lines[:1], found=number)),
            others[2].enqueue(stand.request(b"C", b"C-%d" % number)),
            stand.repository.commit(running, None, report("beside", found=number)),
        )
    await asyncio.gather(
        others[0].commit(running, None, report("last", found=9)),
        others[1].cancel(other.id),
        others[2].enqueue(stand.request(b"C", b"D")),
        stand.repository.cancel(other.id),
    )
    assert await stand.repository.end_cancelled(other)
    await stand.sound()
    assert (await stand.row(running))["log_seq"] == said + 8 + 12 + 1
    assert (await stand.kinds(running)).count("batch") == 17
    assert (await stand.kinds(waiting)).count("widened") == 9
    assert (await stand.kinds(other)).count("cancel_requested") == 1


async def test_i2_a_job_taken_away_in_the_middle_of_many_batches(stand: Stand) -> None:
    """The worker writes as fast as it can while others take the job away and run it."""
    slow, quick = await stand.another(), await stand.another()
    job = await stand.running()
    written = 0

    async def zombie() -> None:
        nonlocal written
        while True:
            try:
                await slow.commit(job, marking(stand, written), report("z", found=written, added=written))
            except LostJob:
                return
            written += 1

    async def successor() -> None:
        while written < 3:
            await asyncio.sleep(0)
        while await quick.lose(job, Reason.WORKER_LOST, "gone") is None:
            await asyncio.sleep(0)
        stand.clock.turn(10)
        again = await stand.claim("w-2")
        for number in range(5):
            await quick.commit(again, None, report("s", found=number))
        assert await quick.finish(again)

    await asyncio.gather(zombie(), successor())
    assert len(await stand.marked()) == written
    assert (await stand.kinds(job)).count("batch") == written + 5
    await stand.sound()


async def test_a_log_is_capped_with_a_note_and_the_job_goes_on(stand: Stand) -> None:
    job = await stand.running()
    said = await stand.said(job)
    many = [f"line {number}" for number in range(said + 1, LOG_LINES)]
    await stand.repository.commit(job, None, report(*many[: LOG_LINES - 3], found=1))
    await stand.repository.commit(job, None, report(*many[LOG_LINES - 3 :], found=2))
    lines = await stand.lines(job)
    assert [line["seq"] for line in lines] == list(range(1, LOG_LINES))
    assert lines[-1]["message"] == f"line {LOG_LINES - 1}"
    await stand.repository.commit(job, None, report("one too many", "and another", found=3))
    await stand.repository.commit(job, None, report("and more", found=4))
    lines = await stand.lines(job)
    assert len(lines) == LOG_LINES
    assert (lines[-1]["seq"], lines[-1]["level"]) == (LOG_LINES, "warning")
    assert "one too many" not in lines[-1]["message"]
    assert str(LOG_LINES) in lines[-1]["message"].replace(" ", "").replace(",", "")
    assert (await stand.row(job))["items_found"] == 4
    assert await stand.repository.fail(job, Reason.EXCEPTION, "the error is in the row all the same")
    assert (await stand.row(job))["error"] == "the error is in the row all the same"
    assert len(await stand.lines(job)) == LOG_LINES


# Texts that no database takes


_TEXTS = {
    "NUL": "a\0b\0",
    "lone surrogates": "caf\udcc3\udca9 \ud800",
    "ten megabytes": "x" * 10_000_000,
    "ten megabytes that grow": "\U0001d11e\udcff" * 5_000_000,
    "nothing": "",
    "lines": "one\r\ntwo\ttab \x1b[31m",
}


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
async def test_d11_an_error_is_stored_whatever_it_says(stand: Stand, text: str) -> None:
    failed = await stand.running(b"A")
    assert await stand.repository.fail(failed, Reason.EXCEPTION, text)
    row = await stand.row(failed)
    assert (row["status"], row["reason"]) == ("failed", "exception")
    assert row["error"] is not None
    assert len(row["error"]) <= 10_000
    assert row["error"][:1] == text[:1]
    lost = await stand.running(b"B", max_attempts=1)
    assert await stand.repository.lose(lost, Reason.WORKER_LOST, text) is JobStatus.FAILED
    requeued = await stand.running(b"C")
    assert await stand.repository.lose(requeued, Reason.STALLED, text) is JobStatus.QUEUED
    for job in (failed, lost, requeued):
        for event in await stand.repository.events(job.seq):
            assert len(str(event.detail)) <= 20_000
        for line in await stand.repository.logs(job.seq):
            assert len(line.message) <= 10_000


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
async def test_a_log_line_and_a_place_are_stored_whatever_they_say(stand: Stand, text: str) -> None:
    job = await stand.running()
    await stand.repository.commit(job, None, report(LogLine("info", text, b"\0\xff" * 10), found=1))
    line = (await stand.repository.logs(job.seq))[-1]
    assert line.message[:1] == text[:1]
    assert len(line.message) <= 10_000
    assert line.path == b"\0\xff" * 10
    await stand.repository.commit(job, None, report(found=2, path=text[:5000]))
    assert (await stand.row(job))["items_found"] == 2
    await stand.repository.heartbeat(job, report(found=3, path=text[:5000]))
    assert (await stand.row(job))["items_found"] == 3


async def test_counters_of_any_size_are_stored(stand: Stand) -> None:
    job = await stand.running()
    await stand.repository.commit(job, None, report(found=2**62, added=2**62, total=2**62))
    found = await stand.repository.get(job.id)
    assert found is not None
    assert (found.counters.found, found.items_total) == (2**62, 2**62)
