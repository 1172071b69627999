"""Event streams over real sockets: resuming, slow and moody clients, who sees what, and the end."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.api import event_text, streaming
from shelfread.app import listeners, stream
from shelfread.app.listeners import MOST_ROUNDS, Listener, News, Progress, Round
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobRequest, JobType, LogLine, Phase, Scope
from shelfread.store import job_news
from tests.api.api_stand import Live, served
from tests.api.stream_client import opened, trail
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVENTS = "/api/v1/events"


async def _running(live: Live, tmp_path: Path, name: str = "Music") -> Job:
    """A job that this test runs by hand."""
    library = await live.app.libraries.add(name, "music", [os.fsencode(tmp_path / name)])
    await live.app.jobs.enqueue(JobRequest(JobType.SCAN, library.id, (Scope(library.roots[0].id, b""),)))
    claimed = await live.app.jobs.claim_next("worker")
    assert claimed is not None
    return claimed


async def _batch(live: Live, job: Job, found: int, lines: int = 1, text: str = "line") -> None:
    """One batch with some lines of log."""
    counters = Counters(found=found, added=found)
    logs = [LogLine("info", f"{text} {number}") for number in range(lines)]
    report = BatchReport(counters, Phase.READING, total=None, current_path="/secret/place", logs=logs)
    await live.app.jobs.commit(job, None, report)


def _of(job: Job) -> str:
    return f"/api/v1/jobs/{job.id}/events"


async def test_a_stream_of_a_job_tells_all_from_the_beginning_and_ends_with_it(
    live: Live, tmp_path: Path
) -> None:
    job = await _running(live, tmp_path)
    await _batch(live, job, 1)
    async with opened(live.url, _of(job), live.headers("read")) as told:
        await told.until("batch")
        await _batch(live, job, 2)
        await live.app.jobs.finish(job)
        await told.all()
    events, lines = trail(told.seen)
    assert events == [1, 2, 3, 4, 5]
    assert lines == list(range(1, len(lines) + 1))
    assert told.seen[-1].data["kind"] == "completed"
    # D12: nothing of a place for who is no administrator.
    assert "secret" not in str([one.data for one in told.seen])


async def test_any_cut_of_a_stream_resumes_without_loss_or_repeat(live: Live, tmp_path: Path) -> None:
    job = await _running(live, tmp_path)
    for number in range(1, 8):
        await _batch(live, job, number, lines=number % 3)
    await live.app.jobs.finish(job)
    async with opened(live.url, _of(job), live.headers()) as told:
        whole = await told.all()
    for cut in range(len(whole) - 1):
        part = whole[: cut + 1]
        async with opened(live.url, _of(job), live.headers(), part[-1].id or "") as rest:
            part = part + await rest.all()
        assert [(one.name, one.data) for one in part] == [(one.name, one.data) for one in whole]


@pytest.mark.parametrize("wrong", ["e999.l0", "e0.l999", "7", "e1", "\x01", "e1.l1.x", "x" * 99])
async def test_an_id_that_cannot_be_leads_to_a_snapshot(live: Live, tmp_path: Path, wrong: str) -> None:
    job = await _running(live, tmp_path)
    async with opened(live.url, _of(job), live.headers("read"), wrong) as told:
        first = await told.next()
        assert first is not None
        assert (first.name, first.data["job"]["id"], first.id) == ("snapshot", job.id, "e2.l1")
        await _batch(live, job, 1, lines=0)
        assert (await told.until("batch")).id == "e3.l1"
    async with opened(live.url, EVENTS, live.headers("read"), wrong) as told:
        first = await told.next()
        assert first is not None
        assert [one["id"] for one in first.data["jobs"]] == [job.id]


async def test_the_stream_of_everything_resumes_where_it_was_and_tells_a_stranger_what_is(
    live: Live, tmp_path: Path
) -> None:
    job = await _running(live, tmp_path)
    async with opened(live.url, EVENTS, live.headers()) as first:
        snapshot = await first.next()
        assert snapshot is not None
        assert snapshot.data["running_and_queued"] == 1
        assert snapshot.id == first.last_id
        await _batch(live, job, 1, lines=0)
        await first.until("batch")
    for number in (2, 3):
        await _batch(live, job, number, lines=0)
    async with opened(live.url, EVENTS, live.headers(), first.last_id) as second:
        assert (await second.until("batch")).data["detail"]["found"] == 2
        assert (await second.until("batch")).data["detail"]["found"] == 3
    assert "snapshot" not in {one.name for one in second.seen}
    other = "00000000-" + first.last_id.partition("-")[2]
    async with opened(live.url, EVENTS, live.headers(), other) as third:
        again = await third.next()
        assert again is not None
        assert again.name == "snapshot"


async def test_what_another_process_writes_is_told_too(live: Live, tmp_path: Path) -> None:
    from shelfread.app import open_app

    job = await _running(live, tmp_path)
    async with opened(live.url, EVENTS, live.headers()) as told:
        await told.next()
        async with open_app(live.app.settings.model_copy(update={"database_url": _url(live)})) as other:
            await other.cancel(job.id)
            await asyncio.wait_for(told.until("job", kind="cancel_requested"), 20)
            quick = await other.jobs.enqueue(JobRequest(JobType.PRUNE))
            await other.cancel(quick.job.id)
            # It came and went between two looks, perhaps.
            await asyncio.wait_for(told.until("job", job_id=quick.job.id, kind="queued"), 20)
            await asyncio.wait_for(told.until("job", job_id=quick.job.id, kind="cancelled"), 20)


def _url(live: Live) -> str:
    return live.app.database.url.render_as_string(hide_password=False)


async def test_progress_is_throttled_and_the_last_one_is_told(live: Live, tmp_path: Path) -> None:
    job = await _running(live, tmp_path)
    async with opened(live.url, _of(job), live.headers()) as told:
        await told.until("log")
        began = time.monotonic()
        for number in range(1, 61):
            await _batch(live, job, number, lines=0)
        await live.app.jobs.finish(job)
        await told.all()
        took = time.monotonic() - began
    progress = [one.data for one in told.seen if one.name == "progress"]
    assert len(progress) <= took * 4 + 3
    assert (progress[-1]["items_added"], progress[-1]["items_found"]) == (60, 60)
    assert len([one for one in told.seen if one.name == "batch"]) == 60
    assert all(one.id is None for one in told.seen if one.name == "progress")


async def test_a_silent_stream_beats(live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.05)
    job = await _running(live, tmp_path)
    for path in (EVENTS, _of(job)):
        async with opened(live.url, path, live.headers()) as told:
            asking = asyncio.ensure_future(told.all())
            deadline = time.monotonic() + 20
            while told.comments < 3 and time.monotonic() < deadline:
                await asyncio.wait([asking], timeout=0.05)
            asking.cancel()
            assert told.comments >= 3


async def test_a_listener_that_takes_nothing_keeps_nothing() -> None:
    listener = Listener()
    rounds = [Round([]) for _ in range(MOST_ROUNDS + 5)]
    for one in rounds:
        listener.give(one)
    assert listener.behind
    assert await listener.take(1) == []
    listener.catch_up()
    listener.give(rounds[0])
    assert await listener.take(1) == rounds[:1]


async def test_a_slow_client_is_dropped_to_a_snapshot_or_goes_back_to_the_tables(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "MOST_ROUNDS", 2)
    monkeypatch.setattr(stream, "LEAST_S", 0.0)
    monkeypatch.setattr(stream, "LOOK_S", 0.02)
    job = await _running(live, tmp_path)
    async with (
        opened(live.url, EVENTS, live.headers()) as slow,
        opened(live.url, _of(job), live.headers()) as exact,
        opened(live.url, EVENTS, live.headers()) as quick,
    ):
        # Small buffers, so that those who do not read are felt at once.
        for one in (slow, exact):
            sock: socket.socket = one.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        assert await slow.next() is not None
        for number in range(1, 31):
            await _batch(live, job, number, lines=60, text="x" * 3_900)
            await asyncio.wait_for(quick.until("batch", seq=number + 2), 20)
        await live.app.jobs.finish(job)
        await asyncio.wait_for(exact.all(), 60)
        await asyncio.wait_for(_latest(slow, job), 60)
    events, lines = trail(exact.seen)
    assert events == list(range(1, len(events) + 1))
    assert lines == list(range(1, len(lines) + 1))
    assert len(lines) > 30 * 60
    assert [one.name for one in slow.seen].count("snapshot") >= 2


async def _latest(slow: Any, job: Job) -> None:
    """To the job's end, or to a snapshot that does not have it any more."""
    while (told := await slow.next()) is not None:
        if told.name == "job" and told.data["kind"] == "completed":
            return
        if told.name == "snapshot" and not told.data["jobs"]:
            return


async def test_streams_end_cleanly_when_the_server_stops(live: Live, tmp_path: Path) -> None:
    job = await _running(live, tmp_path)
    async with (
        opened(live.url, EVENTS, live.headers()) as everything,
        opened(live.url, _of(job), live.headers()) as one,
    ):
        await everything.next()
        await one.until("log")
        await live.app.feed.close()
        await asyncio.wait_for(asyncio.gather(everything.all(), one.all()), 10)
        answer = await live.ask("GET", EVENTS)
    assert answer.status_code == 503


async def test_there_is_room_for_requests_beside_all_streams(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shelfread.api import events

    monkeypatch.setattr(events, "room", lambda: 4)
    async with served(live.app) as small:
        streams = [opened(small.url, EVENTS, small.headers()) for _ in range(3)]
        for one in streams:
            await (await one.__aenter__()).next()
        refused = await small.ask("GET", EVENTS)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert (await small.ask("GET", "/api/v1/jobs")).status_code == 200
        for one in streams:
            await one.__aexit__(None, None, None)


async def test_each_text_is_made_once_for_all_who_are_equally_far(live: Live, tmp_path: Path) -> None:
    job = await _running(live, tmp_path)
    await _batch(live, job, 1)
    found = await live.app.jobs.get(job.id)
    assert found is not None
    one = Round([News(found, Progress(found))])
    made = [event_text.everything_in(one, "e", paths=True) for _ in range(3)]
    assert made[0] is made[1] is made[2]
    assert b"/secret/place" in made[0]
    assert b"/secret/place" not in event_text.everything_in(one, "e", paths=False)


async def test_a_listener_hears_that_its_library_was_removed_and_so_does_everybody(
    live: Live, tmp_path: Path
) -> None:
    keeps = await live.app.libraries.add("Kept", "music", [os.fsencode(tmp_path / "kept")])
    library = await live.app.libraries.add("Music", "music", [os.fsencode(tmp_path / "music")])
    scope = (Scope(library.roots[0].id, b""),)
    job = (await live.app.jobs.enqueue(JobRequest(JobType.SCAN, library.id, scope))).job
    async with (
        opened(live.url, EVENTS, live.headers("read")) as everything,
        opened(live.url, _of(job), live.headers("read")) as one,
    ):
        await everything.until("snapshot")
        await one.until("job", kind="queued")
        await live.app.libraries.remove(library.id)
        gone = {"library_id": library.id, "job_ids": [job.id]}
        assert (await asyncio.wait_for(one.all(), 20))[-1].data == gone
        told = await asyncio.wait_for(everything.until("removed"), 20)
        assert (told.data, one.seen[-1].name) == (gone, "removed")
        assert told.id is not None
        # One without a job is told too.
        await live.app.libraries.remove(keeps.id)
        told = await asyncio.wait_for(everything.until("removed"), 20)
        assert told.data == {"library_id": keeps.id, "job_ids": []}
    async with opened(live.url, EVENTS, live.headers("read"), everything.last_id) as again:
        # It is not told twice.
        await live.app.jobs.enqueue(JobRequest(JobType.PRUNE))
        assert (await again.next()).name == "job"  # type: ignore[union-attr]
    assert (await live.ask("GET", _of(job))).status_code == 404


async def test_a_problem_has_the_code_that_its_list_has(live: Live, music: Shelf) -> None:
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    async with opened(live.url, EVENTS, live.headers("read")) as told:
        await told.until("snapshot")
        await music.scan()
        problem = await asyncio.wait_for(told.until("problem"), 20)
    (listed,) = (await live.ask("GET", "/api/v1/problems")).json()["items"]
    assert problem.data["code"] == listed["code"]


async def test_streams_beat_while_the_database_is_away_and_go_on_when_it_is_back(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(stream, "IDLE_S", 0.05)
    job = await _running(live, tmp_path)
    away = True
    read = live.app.database.read

    @asynccontextmanager
    async def reading() -> AsyncIterator[Any]:
        # Only what the feed reads: who somebody is, and whether there is such a job, was asked before.
        if away:
            raise sa.exc.TimeoutError("no connection")
        async with read() as connection:
            yield connection

    monkeypatch.setattr(live.app.feed, "_database", SimpleNamespace(read=reading))
    async with (
        opened(live.url, EVENTS, live.headers()) as everything,
        opened(live.url, _of(job), live.headers()) as one,
    ):
        asking = [asyncio.create_task(told.next()) for told in (everything, one)]
        deadline = time.monotonic() + 20
        while min(everything.comments, one.comments) < 3 and time.monotonic() < deadline:
            await asyncio.wait(asking, timeout=0.05)
        assert min(everything.comments, one.comments) >= 3
        away = False
        first, second = await asyncio.wait_for(asyncio.gather(*asking), 20)
        assert first is not None
        assert first.name == "snapshot"
        assert second is not None
        assert (second.name, second.data["seq"]) == ("job", 1)


async def test_no_more_streams_than_seats_however_many_come_at_once(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shelfread.api import events

    monkeypatch.setattr(events, "room", lambda: 4)
    async with served(live.app) as small:
        streams = [opened(small.url, EVENTS, small.headers()) for _ in range(12)]
        came = await asyncio.gather(*(one.__aenter__() for one in streams))
        assert sorted(one.status for one in came) == [200] * 3 + [429] * 9
        for one in streams:
            await one.__aexit__(None, None, None)
        # Every seat is free again, also those of clients who left without a word.
        async with asyncio.timeout(60):
            while True:
                async with opened(small.url, EVENTS, small.headers()) as again:
                    if again.status == 200:
                        return


async def test_a_crowd_that_comes_back_is_told_what_it_missed_without_a_look_at_the_tables(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await _running(live, tmp_path)
    async with opened(live.url, EVENTS, live.headers()) as told:
        # From here on the feed knows the job.
        await told.next()
        for number in range(1, 6):
            await _batch(live, job, number, lines=2)
            await told.until("batch", seq=number + 2)
        async with opened(live.url, _of(job), live.headers()) as one:
            left = await one.until("batch", seq=5)

        async def nobody(*_: Any) -> Any:
            raise AssertionError("the tables were asked")

        # A client comes back to a job that runs, and to one that has ended meanwhile.
        for ended in (False, True):
            if ended:
                await live.app.jobs.finish(job)
                await told.until("job", kind="completed")
            with monkeypatch.context() as patched:
                patched.setattr(job_news, "trail", nobody)
                patched.setattr(live.app.jobs, "get", nobody)
                async with opened(live.url, _of(job), live.headers(), left.id or "") as rest:
                    last = (
                        await rest.until("job", kind="completed")
                        if ended
                        else await rest.until("batch", seq=7)
                    )
            events, lines = trail(rest.seen)
            assert events == list(range(6, last.data["seq"] + 1))
            assert lines == list(range(lines[0], lines[0] + len(lines)))


async def test_a_client_that_heard_more_elsewhere_is_told_the_rest_and_nothing_twice(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers stand on one catalogue, and one of them has not looked yet."""
    job = await _running(live, tmp_path)
    async with opened(live.url, EVENTS, live.headers()) as told:
        await told.next()
        before = await live.app.jobs.get(job.id)
        monkeypatch.setattr(live.app.feed, "job", lambda _: before)
        await _batch(live, job, 1, lines=0)
        async with opened(live.url, _of(job), live.headers(), "e3.l1") as one:
            await _batch(live, job, 2, lines=0)
            await one.until("batch", seq=4)
    assert [each.data["seq"] for each in one.seen if each.name == "batch"] == [4]
    assert "snapshot" not in [each.name for each in one.seen]


async def test_a_stream_that_comes_while_much_is_yet_to_be_told_of_an_ended_job_tells_it_to_its_end(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await _running(live, tmp_path)
    look = job_news.look
    looked, go_on = 0, asyncio.Event()
    async with opened(live.url, EVENTS, live.headers()) as told:
        await told.next()

        async def halts(connection: Any) -> Any:
            # The feed has told the first page of what is new, and does not come to the second one.
            nonlocal looked
            looked += 1
            if looked > 1:
                await go_on.wait()
            return await look(connection)

        await _batch(live, job, 1, lines=1_200)
        monkeypatch.setattr(job_news, "look", halts)
        await live.app.jobs.finish(job)
        await told.until("log")
        try:
            async with opened(live.url, _of(job), live.headers()) as one:
                await asyncio.wait_for(one.all(), 20)
        finally:
            go_on.set()
    events, lines = trail(one.seen)
    assert lines == list(range(1, len(lines) + 1))
    assert len(lines) > 1_200
    assert one.seen[-1].data["kind"] == "completed"
    assert events == list(range(1, len(events) + 1))
