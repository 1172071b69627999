"""`queue.repository`, first part: what a queued row says, what a request may cover, and what can be asked.

Conformance suite: every test on SQLite and on PostgreSQL. Coalescing, claims, batches and endings have files
of their own beside this one.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from shelfread.model.job import (
    DEFAULT_TIMEOUT_S,
    JobRequest,
    JobStatus,
    JobType,
    LogLine,
    Origin,
    Reason,
    Scope,
    UnknownLibrary,
)
from tests.queue.queue_stand import Stand, a_stand, noise, report

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def stand(database_url: str) -> AsyncIterator[Stand]:
    async with a_stand(database_url) as made:
        yield made


# What a queued row says


async def test_d9_d10_d13_a_queued_row_says_what_is_known_and_nothing_else(stand: Stand) -> None:
    answer = await stand.enqueue(b"A", request_id="r-1", timeout_s=90, origin=Origin.SCHEDULE)
    assert not answer.coalesced
    row = await stand.row(answer.job)
    assert uuid.UUID(row["id"]).version == 4
    assert (row["library_id"], row["type"], row["status"]) == (stand.library_id, "scan", "queued")
    assert row["queued_at"] == stand.clock.now
    unknown = {name for name, value in row.items() if value is None}
    assert unknown >= {name for name in row if name.startswith("items_")}
    assert unknown >= {
        "started_at",
        "completed_at",
        "claimed_at",
        "heartbeat_at",
        "progress_at",
        "cancel_requested_at",
        "worker_id",
        "current_path",
        "error",
        "reason",
        "report",
        "phase",
        "carried",
    }
    assert (row["fence"], row["attempt"], row["losses"], row["used_us"], row["log_seq"]) == (0, 0, 0, 0, 0)
    assert (row["origin"], row["request_id"], row["timeout_s"]) == ("schedule", "r-1", 90)
    assert row["run_at"] <= stand.clock.now
    assert answer.job == await stand.repository.get(answer.job.id)
    assert answer.job.broken is None
    (event,) = await stand.events(answer.job)
    assert (event["seq"], event["kind"], event["at"], event["fence"]) == (1, "queued", stand.clock.now, 0)
    assert row["event_seq"] == 1


async def test_d10_the_whole_life_of_a_job_in_times(stand: Stand) -> None:
    queued_at = stand.clock.now
    job = await stand.queued()
    started_at = stand.clock.turn(1.000_001)
    job = await stand.claim()
    assert (job.queued_at, job.started_at, job.claimed_at) == (queued_at, started_at, started_at)
    assert (job.heartbeat_at, job.completed_at) == (started_at, None)
    beat_at = stand.clock.turn(2)
    await stand.repository.heartbeat(job)
    assert (await stand.row(job))["heartbeat_at"] == beat_at
    batch_at = stand.clock.turn(3)
    await stand.repository.commit(job, None, report(found=1))
    row = await stand.row(job)
    assert (row["heartbeat_at"], row["progress_at"]) == (batch_at, batch_at)
    completed_at = stand.clock.turn(4)
    assert await stand.repository.finish(job)
    row = await stand.row(job)
    assert (row["queued_at"], row["started_at"], row["completed_at"]) == (queued_at, started_at, completed_at)
    assert [event["at"] for event in await stand.events(job)] == [
        queued_at,
        started_at,
        batch_at,
        completed_at,
    ]


async def test_d10_times_of_later_attempts_leave_the_first_start(stand: Stand) -> None:
    job = await stand.running()
    first = stand.clock.now
    assert await stand.repository.release(job)
    second = stand.clock.turn(60)
    again = await stand.claim("worker-2")
    assert (again.started_at, again.claimed_at, again.completed_at) == (first, second, None)
    # 0 seconds in the first attempt, as nothing moved the clock.
    assert again.used_us == 0
    stand.clock.turn(7)
    assert await stand.repository.release(again)
    assert (await stand.claim()).used_us == 7_000_000


async def test_a_clock_that_is_set_back_takes_no_running_time_away(stand: Stand) -> None:
    job = await stand.running()
    stand.clock.turn(-3600)
    await stand.repository.commit(job, None, report(found=1))
    assert await stand.repository.release(job)
    stand.clock.turn(3600)
    again = await stand.claim()
    assert again.used_us == 0
    assert again.left_us == DEFAULT_TIMEOUT_S * 1_000_000


# What a request covers


async def test_a14_several_paths_of_one_request_are_one_job(stand: Stand) -> None:
    await stand.enqueue(b"A", b"B", Scope(stand.roots[1], b""))
    (row,) = await stand.rows()
    job = await stand.claim()
    assert job.id == row["id"]
    assert set(job.scopes) == {stand.scope(b"A"), stand.scope(b"B"), stand.scope(b"", 1)}


async def test_a14_paths_of_one_request_that_lie_in_one_another_are_walked_once(stand: Stand) -> None:
    job = await stand.queued(b"A", b"A/x", b"B", b"B")
    assert job.scopes == (stand.scope(b"A"), stand.scope(b"B"))
    assert (await stand.claim()).scopes == (stand.scope(b"A"), stand.scope(b"B"))


async def test_a15_a18_siblings_share_a_request_and_run_side_by_side(stand: Stand) -> None:
    names = (b"A", b"B", b"C")
    answers = await stand.repository.enqueue_all([stand.request(name, request_id="r-7") for name in names])
    assert len({answer.job.id for answer in answers}) == 3
    assert not any(answer.coalesced for answer in answers)
    running = [await stand.claim(f"worker-{number}") for number in range(3)]
    assert [job.scopes for job in running] == [(stand.scope(name),) for name in names]
    assert {job.request_id for job in running} == {"r-7"}
    await stand.sound()


async def test_a15_siblings_that_lie_in_one_another_become_one_job(stand: Stand) -> None:
    answers = await stand.repository.enqueue_all(
        [stand.request(b"A", request_id="r"), stand.request(b"A/x", request_id="r"), stand.request(b"A")]
    )
    assert [answer.coalesced for answer in answers] == [False, True, True]
    assert len(await stand.rows()) == 1


async def test_several_requests_are_queued_together_or_not_at_all(stand: Stand) -> None:
    before = await stand.everything()
    unknown = JobRequest(JobType.SCAN, 999_999, (stand.scope(),))
    with pytest.raises(UnknownLibrary):
        await stand.repository.enqueue_all([stand.request(b"A"), unknown, stand.request(b"B")])
    assert await stand.everything() == before
    assert stand.rings == 0
    assert await stand.repository.enqueue_all([]) == []


async def test_a_request_for_a_library_that_is_gone_leaves_nothing(stand: Stand) -> None:
    with pytest.raises(UnknownLibrary):
        await stand.repository.enqueue(JobRequest(JobType.RESCAN, 999_999, (stand.scope(),)))
    assert await stand.rows() == []


async def test_a10_a20_each_job_keeps_the_timeout_of_its_own_request(stand: Stand) -> None:
    first = await stand.queued(b"A", timeout_s=100)
    second = await stand.queued(b"B", timeout_s=200)
    again = await stand.enqueue(b"A", timeout_s=300)
    assert again.coalesced
    assert [(await stand.row(job))["timeout_s"] for job in (first, second)] == [100, 200]
    assert (await stand.claim()).left_us == 100_000_000
    third = await stand.queued(b"A", timeout_s=300)
    assert (await stand.row(third))["timeout_s"] == 300


@pytest.mark.parametrize(
    "relative", [b"\xff\xfe/\x80", b" ", b"'; --", b"%\\_", b"\xf0\x9f\x8e\xb5", b"a\nb", b"\x01" * 4000]
)
async def test_names_are_bytes_whatever_they_are(stand: Stand, relative: bytes) -> None:
    job = await stand.queued(relative)
    assert job.scopes == (stand.scope(relative),)
    assert (await stand.enqueue(relative)).coalesced
    claimed = await stand.claim()
    assert claimed.scopes == (stand.scope(relative),)
    assert claimed.broken is None
    await stand.queued(relative)
    assert await stand.repository.claim_next("worker-2") is None


async def test_a_job_may_have_a_thousand_scopes(stand: Stand) -> None:
    names = [noise(number, 40) for number in range(1000)]
    job = await stand.queued(*names)
    assert set(job.scopes) == {stand.scope(name) for name in names}
    assert (await stand.enqueue(*reversed(names))).coalesced
    assert (await stand.enqueue(names[500] + b"/inside")).coalesced
    claimed = await stand.claim()
    assert set(claimed.scopes) == {stand.scope(name) for name in names}
    assert claimed.broken is None
    assert (await stand.queued(*names)).status is JobStatus.QUEUED
    assert await stand.repository.claim_next("worker-2") is None


# In somebody else's transaction


async def test_what_is_queued_in_a_transaction_goes_with_it(stand: Stand) -> None:
    waiting = await stand.queued(b"A")
    before = await stand.everything()
    rings = stand.rings

    async def fails(connection: Any) -> None:
        assert not (await stand.repository.enqueue_in(connection, stand.request(b"B"))).coalesced
        assert (await stand.repository.enqueue_in(connection, stand.request(b"A", b"C"))).coalesced
        raise LookupError("the schedule is gone")

    with pytest.raises(LookupError):
        await stand.database.write(fails)
    assert await stand.everything() == before

    async def works(connection: Any) -> str:
        return (await stand.repository.enqueue_in(connection, stand.request(b"B"))).job.id

    job_id = await stand.database.write(works)
    assert [row["id"] for row in await stand.rows()] == [waiting.id, job_id]
    # Ringing is for the caller, when it is committed.
    assert stand.rings == rings


async def test_the_bell_rings_after_what_somebody_may_wait_for(stand: Stand) -> None:
    async def rung(operation: Any) -> Any:
        before = stand.rings
        outcome = await operation
        assert stand.rings > before, operation
        return outcome

    repository = stand.repository
    job = (await rung(stand.enqueue())).job
    claimed = await stand.claim()
    await rung(repository.release(claimed))
    claimed = await stand.claim()
    await rung(repository.lose(claimed, Reason.WORKER_LOST, "gone"))
    claimed = await stand.claim()
    await rung(repository.cancel(job.id))
    await rung(repository.end_cancelled(claimed))
    await rung(repository.retry(job.id, 100))
    await rung(repository.finish(await stand.claim()))
    await stand.queued()
    await rung(repository.fail(await stand.claim(), Reason.EXCEPTION, "no"))


async def test_the_bell_rings_when_the_change_can_be_seen(stand: Stand) -> None:
    seen: list[int] = []
    other = await stand.another()

    async def look() -> None:
        seen.append(len(await other.listed()))

    looks: list[asyncio.Task[None]] = []
    ringing = type(stand.repository)(
        stand.database, clock=stand.clock, ring=lambda: looks.append(asyncio.ensure_future(look()))
    )
    await ringing.enqueue(stand.request(b"A"))
    await asyncio.gather(*looks)
    assert seen == [1]


# Asking


async def test_what_does_not_exist_is_none_or_nothing(stand: Stand) -> None:
    repository = stand.repository
    for job_id in ("no such job", "", str(uuid.uuid4()), "\U0001d11e", "x" * 500, "' OR 1=1 --"):
        assert await repository.get(job_id) is None
        assert await repository.cancel(job_id) is None
        assert await repository.retry(job_id, 100) is None
    assert await repository.logs(12345) == []
    assert await repository.events(12345) == []
    assert await repository.newest(12345) is None
    assert list(await repository.history(12345)) == []
    assert await repository.running(12345) == []
    assert await repository.listed() == []
    assert await repository.claim_next("worker-1") is None
    assert await stand.rows() == []


async def test_an_id_can_be_given_by_its_beginning(stand: Stand) -> None:
    jobs = [await stand.queued(name) for name in (b"A", b"B", b"C")]
    await stand.edit(jobs[0], id="12345678-0000-4000-8000-000000000001")
    await stand.edit(jobs[1], id="12345678-0000-4000-8000-000000000002")
    await stand.edit(jobs[2], id="12345679-0000-4000-8000-000000000003")

    async def seqs(prefix: str) -> list[int]:
        return sorted(job.seq for job in await stand.repository.with_prefix(prefix, 5))

    one, two, three = (job.seq for job in jobs)
    assert await seqs("12345678-0000-4000-8000-000000000001") == [one]
    assert await seqs("12345678") == await seqs("12345678-") == await seqs("12345678-0") == [one, two]
    assert await seqs("1234567") == [one, two, three]
    assert await seqs("12345679") == await seqs("12345679-0000-4000-8000-000000000003") == [three]
    for wrong in ("%", "_2345678", "12345678-0000-4000-8000-0000000000010", "2", "Z", "\U0010ffff", "'"):
        assert await seqs(wrong) == []
    assert len(await stand.repository.with_prefix("1")) == 2


async def test_history_is_newest_first_and_of_one_library(stand: Stand) -> None:
    other_id, (other_root,) = await stand.another_library()
    mine, theirs = [], []
    for number in range(6):
        mine.append((await stand.queued(b"%d" % number)).id)
        request = JobRequest(JobType.SCAN, other_id, (Scope(other_root, b"%d" % number),))
        theirs.append((await stand.repository.enqueue(request)).job.id)
    # D10: newest by the sequence, whatever the clock says.
    await stand.edit(mine[0], queued_at=stand.clock.turn(1000))
    assert [job.id for job in await stand.repository.history(stand.library_id)] == mine[::-1]
    assert [job.id for job in await stand.repository.history(other_id, 2)] == theirs[:-3:-1]
    newest = await stand.repository.newest(stand.library_id)
    assert newest is not None
    assert newest.id == mine[-1]


async def test_a_list_can_be_read_page_by_page_while_it_grows(stand: Stand) -> None:
    ids = [(await stand.queued(b"%d" % number, rescan=number % 3 == 0)).id for number in range(10)]
    pages: list[str] = []
    before = None
    while page := await stand.repository.listed(before_seq=before, limit=3):
        pages += [job.id for job in page]
        before = page[-1].seq
        await stand.queued(b"later-%d" % len(pages))
    assert pages == ids[::-1]


async def test_a_list_takes_every_filter_together(stand: Stand) -> None:
    other_id, (other_root,) = await stand.another_library()
    done = await stand.running(b"A")
    await stand.repository.finish(done)
    await stand.repository.enqueue(JobRequest(JobType.SCAN, other_id, (Scope(other_root, b""),)))
    rescan = await stand.queued(b"B", rescan=True)
    waiting = await stand.queued(b"C")
    listed = stand.repository.listed
    assert len(await listed()) == 4

    async def ids(**filters: Any) -> list[str]:
        return [job.id for job in await listed(**filters)]

    assert await ids(library_id=stand.library_id) == [waiting.id, rescan.id, done.id]
    assert await ids(library_id=stand.library_id, statuses=["queued"]) == [waiting.id, rescan.id]
    assert await ids(statuses=["completed", "failed"]) == [done.id]
    assert await ids(types=["rescan"]) == [rescan.id]
    assert await ids(types=["scan"], statuses=["queued"], library_id=stand.library_id) == [waiting.id]
    assert await ids(statuses=["no such status"]) == []
    assert await ids(before_seq=done.seq + 1, library_id=stand.library_id) == [done.id]


async def test_b2_logs_and_events_can_be_followed_from_any_number(stand: Stand) -> None:
    job = await stand.running()
    lines = [LogLine("warning", f"line {number}", b"\xff/%d" % number) for number in range(25)]
    first = await stand.said(job)
    await stand.repository.commit(job, None, report(*lines[:10]))
    await stand.repository.commit(job, None, report(*lines[10:]))
    read = await stand.repository.logs(job.seq, after=first)
    assert [line.seq for line in read] == list(range(first + 1, first + 26))
    assert len(await stand.repository.logs(job.seq)) == first + 25
    assert [(line.level, line.message, line.path) for line in read] == [
        (line.level, line.message, line.path) for line in lines
    ]
    assert {line.at for line in read} == {stand.clock.now}
    assert [line.seq for line in await stand.repository.logs(job.seq, after=20, limit=5)] == [
        21,
        22,
        23,
        24,
        25,
    ]
    assert [line.seq for line in await stand.repository.logs(job.seq, after=3, limit=2)] == [4, 5]
    assert await stand.repository.logs(job.seq, after=first + 25) == []
    events = await stand.repository.events(job.seq)
    assert [(event.seq, event.kind) for event in events] == [
        (1, "queued"),
        (2, "claimed"),
        (3, "batch"),
        (4, "batch"),
    ]
    assert list(await stand.repository.events(job.seq, after=2, limit=1)) == [events[2]]


async def test_running_jobs_can_be_listed_by_library_or_all(stand: Stand) -> None:
    other_id, (other_root,) = await stand.another_library()
    mine = await stand.running(b"A")
    await stand.queued(b"B")
    await stand.repository.enqueue(JobRequest(JobType.SCAN, other_id, (Scope(other_root, b""),)))
    second, third = await stand.claim(), await stand.claim()
    ids = [mine.id, second.id, third.id]
    assert [job.id for job in await stand.repository.running()] == ids
    assert [job.id for job in await stand.repository.running(other_id)] == [third.id]


async def test_jobs_of_a_library_go_with_it(stand: Stand) -> None:
    from shelfread.store.libraries import LibraryRepository

    job = await stand.running(b"A")
    await stand.repository.commit(job, None, report("one line", found=1))
    await stand.queued(b"B")
    assert await LibraryRepository(stand.database).remove(stand.library_id)
    assert await stand.rows() == []
    assert await stand.repository.events(job.seq) == []
    assert await stand.repository.logs(job.seq) == []
    # Whoever still runs it hears that it is lost.
    assert not await stand.repository.fail(job, Reason.EXCEPTION, "too late")
    assert await stand.repository.cancel(job.id) is None


@pytest.mark.parametrize("text", ["a\0b", "\udcff", "\0"])
async def test_an_id_that_no_database_takes_is_an_id_that_does_not_exist(stand: Stand, text: str) -> None:
    assert await stand.repository.get(text) is None
    assert await stand.repository.cancel(text) is None
    assert await stand.repository.with_prefix(text) == []


async def test_d2_the_history_is_of_twenty_jobs_unless_told(stand: Stand) -> None:
    for number in range(21):
        await stand.queued(b"%d" % number)
    assert len(await stand.repository.history(stand.library_id)) == 20
    assert len(await stand.repository.history(stand.library_id, 100)) == 21
