"""`tasks.warm`: jobs are done in a warm child that may die, hang and be replaced (DESIGN rule 11)."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from shelfread.model.job import JobStatus, Reason
from shelfread.scan.children import ScanChildFailed
from shelfread.tasks import warm as module
from shelfread.tasks.warm import WarmChild
from tests.tasks.warm_stand import ALL, FILES, WarmStand, a_warm_stand, init_for, processes, until, until_gone

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def stand(database_url: str, tmp_path: Path) -> AsyncIterator[WarmStand]:
    async with a_warm_stand(database_url, tmp_path / "shelf") as made:
        made.fill()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def on_sqlite(new_catalogue: Any, tmp_path: Path) -> AsyncIterator[WarmStand]:
    """Where the database makes no difference."""
    async with a_warm_stand(await new_catalogue("sqlite"), tmp_path / "shelf") as made:
        made.fill()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def warms() -> AsyncIterator[list[WarmChild]]:
    """Children that are closed at the end, and leave nothing."""
    mine = psutil.Process()
    before = set(mine.children(recursive=True))
    made: list[WarmChild] = []
    yield made
    for one in made:
        await one.close()
    left = [process for process in mine.children(recursive=True) if process not in before]
    await until_gone([process for process in left if "shelfread.tasks.child:resident" in _words(process)])


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


async def _started(stand: WarmStand, warms: list[WarmChild], **more: Any) -> WarmChild:
    silent_s = more.pop("silent_s", 60.0)
    one = WarmChild(init_for(stand.url, **more), silent_s=silent_s)
    warms.append(one)
    await one.start()
    return one


async def test_b5_jobs_are_done_in_one_child_after_another(stand: WarmStand, warms: list[WarmChild]) -> None:
    warm = await _started(stand, warms)
    pid = warm.pid
    assert pid not in (None, os.getpid())
    worker = stand.worker(warm)
    first = await stand.request()
    assert await worker.run_once()
    done = await stand.job(first)
    assert (done.status, done.counters.found, done.counters.added) == (JobStatus.COMPLETED, FILES, FILES)
    assert sorted(stand.reads()) == ALL
    # D16: a rescan reads all of it again, a scan nothing; in the same process.
    rescan = await stand.request(rescan=True)
    assert await worker.run_once()
    assert sorted(stand.reads()) == ALL
    scan = await stand.request()
    assert await worker.run_once()
    assert stand.reads() == []
    assert warm.pid == pid
    for job in (rescan, scan):
        done = await stand.job(job)
        assert (done.status, done.counters.unchanged) == (JobStatus.COMPLETED, FILES)
    assert await stand.files() == ALL


async def test_a_child_killed_before_a_job_costs_nothing(
    on_sqlite: WarmStand, warms: list[WarmChild]
) -> None:
    warm = await _started(on_sqlite, warms)
    assert warm.pid is not None
    os.kill(warm.pid, signal.SIGKILL)
    await until(lambda: warm.pid is None)
    job = await on_sqlite.request()
    assert await on_sqlite.worker(warm).run_once()
    done = await on_sqlite.job(job)
    assert (done.status, done.attempt) == (JobStatus.COMPLETED, 1)


async def test_a_child_killed_at_the_moment_of_a_claim_costs_at_most_one_attempt(
    on_sqlite: WarmStand, warms: list[WarmChild]
) -> None:
    warm = await _started(on_sqlite, warms)
    worker = on_sqlite.worker(warm)
    job = await on_sqlite.request()
    assert warm.pid is not None
    os.kill(warm.pid, signal.SIGKILL)
    assert await worker.run_once()
    if (await on_sqlite.job(job)).status is JobStatus.QUEUED:
        assert await worker.run_once()
    done = await on_sqlite.job(job)
    assert (done.status, done.losses) in ((JobStatus.COMPLETED, 0), (JobStatus.COMPLETED, 1))


@pytest.mark.parametrize("how", ["killed", "stopped by a signal"])
async def test_a_child_that_dies_or_freezes_in_a_scan_is_replaced_and_nothing_is_read_twice(
    stand: WarmStand, warms: list[WarmChild], how: str
) -> None:
    frozen = how != "killed"
    warm = await _started(stand, warms, silent_s=4.0 if frozen else 60.0)
    worker = stand.worker(warm)
    stand.hold.touch()
    job = await stand.request()
    working = asyncio.create_task(worker.run_once())
    await stand.until_held(job)
    assert warm.pid is not None
    tree = processes(warm.pid)
    # A parser and a walker at least; they go with it.
    assert len(tree) >= 3
    os.kill(tree[0].pid, signal.SIGSTOP if frozen else signal.SIGKILL)
    async with asyncio.timeout(40):
        assert await working is True
    await until_gone(tree)
    back = await stand.job(job)
    assert (back.status, back.reason) == (JobStatus.QUEUED, Reason.WORKER_LOST)
    # It had brought something in: that attempt is not held against the job.
    assert back.losses == 0
    await stand.sound()
    committed = await stand.files()
    stand.reads()
    stand.hold.unlink()
    assert await worker.run_once()
    done = await stand.job(job)
    assert (done.status, done.attempt, done.counters.added) == (JobStatus.COMPLETED, 2, FILES)
    assert sorted(stand.reads() + committed) == ALL
    assert await stand.files() == ALL


async def test_a_child_killed_after_a_job_changes_nothing(
    on_sqlite: WarmStand, warms: list[WarmChild]
) -> None:
    warm = await _started(on_sqlite, warms)
    worker = on_sqlite.worker(warm)
    job = await on_sqlite.request()
    assert await worker.run_once()
    assert warm.pid is not None
    os.kill(warm.pid, signal.SIGKILL)
    await until(lambda: warm.pid is None)
    assert (await on_sqlite.job(job)).status is JobStatus.COMPLETED
    again = await on_sqlite.request()
    assert await worker.run_once()
    assert (await on_sqlite.job(again)).status is JobStatus.COMPLETED


async def test_a_stop_in_mid_scan_is_resumed_without_reading_anything_twice(
    stand: WarmStand, warms: list[WarmChild]
) -> None:
    warm = await _started(stand, warms)
    worker = stand.worker(warm)
    stand.hold.touch()
    job = await stand.request()
    worker.start(3600)
    await stand.until_held(job)
    pid = warm.pid
    async with asyncio.timeout(40):
        await worker.stop()
    back = await stand.job(job)
    assert (back.status, back.attempt, back.losses) == (JobStatus.QUEUED, 0, 0)
    # It heard of it, and stays for the next job.
    assert warm.pid == pid
    await stand.sound()
    committed = await stand.files()
    stand.reads()
    stand.hold.unlink()
    assert await stand.worker(warm).run_once()
    done = await stand.job(job)
    assert (done.status, done.attempt, done.counters.added) == (JobStatus.COMPLETED, 1, FILES)
    assert sorted(stand.reads() + committed) == ALL


async def test_a_rescan_that_was_stopped_goes_on_where_it_was(
    on_sqlite: WarmStand, warms: list[WarmChild]
) -> None:
    warm = await _started(on_sqlite, warms)
    await on_sqlite.request()
    assert await on_sqlite.worker(warm).run_once()
    on_sqlite.reads()
    on_sqlite.hold.touch()
    job = await on_sqlite.request(rescan=True)
    worker = on_sqlite.worker(warm)
    worker.start(3600)

    async def held() -> bool:
        now = await on_sqlite.job(job)
        return now.counters.unchanged >= 40 and on_sqlite.reading()

    await until(held)
    async with asyncio.timeout(40):
        await worker.stop()
    first = on_sqlite.reads()
    on_sqlite.hold.unlink()
    assert await on_sqlite.worker(warm).run_once()
    done = await on_sqlite.job(job)
    assert (done.status, done.counters.unchanged) == (JobStatus.COMPLETED, FILES)
    second = on_sqlite.reads()
    # A folder that was committed is not read again.
    assert 5 <= len(second) <= FILES - 48, (first, second)


async def test_a_cancel_ends_the_scan_and_what_was_committed_stays(
    stand: WarmStand, warms: list[WarmChild]
) -> None:
    warm = await _started(stand, warms)
    stand.hold.touch()
    job = await stand.request()
    working = asyncio.create_task(stand.worker(warm).run_once())
    await stand.until_held(job)
    await stand.jobs.cancel(job.id)
    async with asyncio.timeout(40):
        assert await working is True
    done = await stand.job(job)
    assert (done.status, done.error) == (JobStatus.CANCELLED, None)
    committed = await stand.files()
    assert 40 <= len(committed) < FILES
    stand.hold.unlink()
    await asyncio.sleep(0.3)
    # I9: nothing was written any more.
    assert await stand.files() == committed
    await stand.sound()
    # And the child does the next one.
    again = await stand.request()
    assert await stand.worker(warm).run_once()
    assert (await stand.job(again)).status is JobStatus.COMPLETED
    assert await stand.files() == ALL


async def test_d18_a_scan_that_fails_says_why(stand: WarmStand, warms: list[WarmChild]) -> None:
    warm = await _started(stand, warms)
    shutil.rmtree(stand.tree.path)
    job = await stand.request()
    assert await stand.worker(warm).run_once()
    done = await stand.job(job)
    assert (done.status, done.reason) == (JobStatus.FAILED, Reason.ROOT_UNAVAILABLE)
    assert done.error


async def test_d18_an_error_with_a_text_that_nobody_can_send_is_told_all_the_same(
    on_sqlite: WarmStand, warms: list[WarmChild]
) -> None:
    warm = await _started(on_sqlite, warms, kinds="tests.tasks.slow_music:BROKEN")
    job = await on_sqlite.request()
    assert await on_sqlite.worker(warm).run_once()
    done = await on_sqlite.job(job)
    assert (done.status, done.reason) == (JobStatus.FAILED, Reason.EXCEPTION)
    assert done.error is not None
    assert done.error.startswith("ValueError: odd ")


async def test_a12_a_deadline_kills_the_child_and_its_children(
    on_sqlite: WarmStand, warms: list[WarmChild]
) -> None:
    warm = await _started(on_sqlite, warms)
    on_sqlite.hold.touch()
    job = await on_sqlite.request()
    worker = on_sqlite.worker(warm, stop_s=0.1)
    working = asyncio.create_task(worker.run_once())
    await on_sqlite.until_held(job)
    assert warm.pid is not None
    tree = processes(warm.pid)
    working.cancel()
    await asyncio.wait([working])
    await until_gone(tree)
    assert (await on_sqlite.job(job)).status is JobStatus.QUEUED


async def test_a_parent_that_was_busy_does_not_take_its_child_for_silent(
    on_sqlite: WarmStand, warms: list[WarmChild]
) -> None:
    """Its own event loop stood still, or the whole process was stopped: the words are there, unread."""
    warm = await _started(on_sqlite, warms, silent_s=2.5)
    on_sqlite.hold.touch()
    job = await on_sqlite.request()
    working = asyncio.create_task(on_sqlite.worker(warm).run_once())
    await on_sqlite.until_held(job)
    pid = warm.pid
    time.sleep(3.5)
    await asyncio.sleep(0.2)
    on_sqlite.hold.unlink()
    async with asyncio.timeout(40):
        assert await working is True
    assert warm.pid == pid
    assert (await on_sqlite.job(job)).status is JobStatus.COMPLETED


async def test_no_password_is_where_other_users_may_look(
    new_catalogue: Any, tmp_path: Path, warms: list[WarmChild]
) -> None:
    url = make_url(await new_catalogue("postgresql")).set(password="s3cret-w0rd")
    text = url.render_as_string(hide_password=False)
    assert "s3cret-w0rd" in text
    async with a_warm_stand(text, tmp_path / "shelf") as stand:
        stand.fill()
        warm = await _started(stand, warms)
        stand.hold.touch()
        job = await stand.request()
        working = asyncio.create_task(stand.worker(warm).run_once())
        await stand.until_held(job)
        assert warm.pid is not None
        tree = processes(warm.pid)
        assert len(tree) >= 3
        for process in tree:
            for name in ("cmdline", "environ"):
                assert b"s3cret" not in Path(f"/proc/{process.pid}/{name}").read_bytes()
        stand.hold.unlink()
        async with asyncio.timeout(40):
            assert await working is True
        assert (await stand.job(job)).status is JobStatus.COMPLETED


async def test_what_postgresql_reads_from_the_environment_reaches_the_child_and_nobody_below(
    new_catalogue: Any, tmp_path: Path, warms: list[WarmChild]
) -> None:
    """As `PGPASSWORD` does, which the documentation names as its place."""
    text = await new_catalogue("postgresql")
    url = make_url(text)
    host = url.query["host"]
    async with a_warm_stand(text, tmp_path / "shelf") as stand:
        stand.fill()
        bare = url.difference_update_query(["host"]).render_as_string(hide_password=False)
        warm = WarmChild(init_for(bare, environment={"PGHOST": str(host), "PGAPPNAME": "s3cret"}))
        warms.append(warm)
        await warm.start()
        stand.hold.touch()
        job = await stand.request()
        working = asyncio.create_task(stand.worker(warm).run_once())
        await stand.until_held(job)
        assert warm.pid is not None
        for process in processes(warm.pid)[1:]:
            assert b"s3cret" not in Path(f"/proc/{process.pid}/environ").read_bytes()
        stand.hold.unlink()
        async with asyncio.timeout(40):
            assert await working is True
        assert (await stand.job(job)).status is JobStatus.COMPLETED


async def test_a_child_that_took_much_memory_is_replaced(
    on_sqlite: WarmStand, warms: list[WarmChild], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PEAK", 1)
    warm = await _started(on_sqlite, warms)
    worker = on_sqlite.worker(warm)
    pids = []
    for _ in range(2):
        pids.append(warm.pid)
        job = await on_sqlite.request()
        assert await worker.run_once()
        assert (await on_sqlite.job(job)).status is JobStatus.COMPLETED
    # The one that took its place has done the second job, and is gone as well.
    assert not any(pid is not None and psutil.pid_exists(pid) for pid in pids)


async def test_close_leaves_no_process_also_not_the_one_that_was_started_ahead(
    on_sqlite: WarmStand, warms: list[WarmChild]
) -> None:
    warm = await _started(on_sqlite, warms)
    on_sqlite.hold.touch()
    job = await on_sqlite.request()
    working = asyncio.create_task(on_sqlite.worker(warm).run_once())
    await on_sqlite.until_held(job)
    assert warm.pid is not None
    os.kill(warm.pid, signal.SIGKILL)
    async with asyncio.timeout(40):
        await working
    ahead = warm._starting
    assert ahead is not None
    async with asyncio.timeout(40):
        child = await asyncio.shield(ahead)
    await warm.close()
    assert not psutil.pid_exists(child.pid)


async def test_a_child_that_cannot_be_started_says_why(on_sqlite: WarmStand, warms: list[WarmChild]) -> None:
    warm = WarmChild(init_for(on_sqlite.url, kinds="no.such.module:KINDS"))
    warms.append(warm)
    with pytest.raises(ScanChildFailed, match="No module"):
        await warm.start()
    job = await on_sqlite.request()
    # Before anything is claimed: the job waits for somebody who can do it.
    with pytest.raises(ScanChildFailed):
        await on_sqlite.worker(warm).run_once()
    waits = await on_sqlite.job(job)
    assert (waits.status, waits.fence, waits.losses) == (JobStatus.QUEUED, 0, 0)
