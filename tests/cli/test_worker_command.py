"""`shelfread worker`: the same workers as a program of their own, as a real process."""

from __future__ import annotations

import itertools
import signal
import time
from pathlib import Path

import psutil
import pytest

from shelfread.model.job import JobStatus
from tests.cli.staying_programs import AS_TYPED, FILES, House, alive, many_files, small_libraries, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_d23_d28_a_worker_drains_the_queue_and_waits_for_more(anywhere: House, tmp_path: Path) -> None:
    folders = small_libraries(tmp_path / "some", 6)
    libraries = [await anywhere.library(folder, folder.name) for folder in folders]
    ids = [await anywhere.queue(library) for library in libraries]
    worker = anywhere.program("worker", start=AS_TYPED, SHELFREAD_WORKER_POLL_SECONDS="60")
    for job_id in ids:
        await anywhere.job_is(job_id, JobStatus.COMPLETED)
        await anywhere.completed_once(job_id)
    # The oldest first, one after the other.
    jobs = [await anywhere.job(job_id) for job_id in ids]
    for one, following in itertools.pairwise(jobs):
        assert one.completed_at is not None
        assert following.started_at is not None
        assert one.completed_at <= following.started_at
    began = time.monotonic()
    again = await anywhere.queue(libraries[0])
    await anywhere.job_is(again, JobStatus.COMPLETED)
    assert time.monotonic() - began < 30, "it was woken and did not wait for its poll of 60 s"
    worker.tell(signal.SIGTERM)
    assert await worker.ended(10) == 0
    assert worker.out.read_bytes() == b""
    assert "1 worker from now on" in worker.said


async def test_count_2_runs_two_jobs_side_by_side_and_wins_over_the_setting(
    anywhere: House, big: Path, tmp_path: Path
) -> None:
    ids = [
        await anywhere.queue(await anywhere.library(big)),
        await anywhere.queue(await anywhere.library(many_files(tmp_path / "Other", 8000), "Other")),
    ]
    worker = anywhere.program("worker", "--count", "2", SHELFREAD_WORKER_COUNT="1")

    async def both() -> bool:
        return all([(await anywhere.job(job_id)).status is JobStatus.RUNNING for job_id in ids])

    await until(both, "two jobs that run at once")
    assert len(worker.scanners()) == 2
    for job_id in ids:
        await anywhere.job_is(job_id, JobStatus.COMPLETED)
        await anywhere.completed_once(job_id)


async def test_d14_d15_once_does_one_job_and_none_when_there_is_none(anywhere: House, tmp_path: Path) -> None:
    worker = anywhere.program("worker", "--once")
    assert await worker.ended() == 0
    assert "nothing to do" in worker.said
    folders = small_libraries(tmp_path / "some", 2)
    first, second = [await anywhere.queue(await anywhere.library(folder, folder.name)) for folder in folders]
    worker = anywhere.program("worker", "--once", SHELFREAD_WORKER_ENABLED="off")
    assert await worker.ended() == 0
    assert (await anywhere.completed_once(first)).status is JobStatus.COMPLETED
    assert (await anywhere.job(second)).status is JobStatus.QUEUED


async def test_once_told_to_leave_it_puts_its_job_back(at_home: House, big: Path) -> None:
    job_id = await at_home.queue(await at_home.library(big))
    worker = at_home.program("worker", "--once")
    await at_home.is_in_the_middle(job_id)
    family = worker.family()
    worker.tell(signal.SIGINT)
    assert await worker.ended(10) == 130
    job = await at_home.job(job_id)
    assert (job.status, job.attempt) == (JobStatus.QUEUED, 0)
    assert not [child for child in family if alive(child)]


async def test_told_to_leave_a_worker_puts_its_jobs_back(anywhere: House, big: Path) -> None:
    job_id = await anywhere.queue(await anywhere.library(big))
    worker = anywhere.program("worker")
    await anywhere.is_in_the_middle(job_id)
    family = worker.family()
    worker.tell(signal.SIGTERM)
    assert await worker.ended(10) == 0
    job = await anywhere.job(job_id)
    assert (job.status, job.attempt) == (JobStatus.QUEUED, 0)
    assert not [child for child in family if alive(child)]


async def test_drained_a_worker_finishes_what_runs_and_ends(
    at_home: House, big: Path, tmp_path: Path
) -> None:
    job_id = await at_home.queue(await at_home.library(big))
    worker = at_home.program("worker")
    await at_home.is_in_the_middle(job_id)
    worker.tell(signal.SIGUSR1)
    await worker.has_said("told to drain")
    other = await at_home.queue(await at_home.library(many_files(tmp_path / "Other", 5), "Other"))
    assert await worker.ended() == 0
    await at_home.completed_once(job_id)
    assert (await at_home.job(other)).status is JobStatus.QUEUED


async def test_d30_another_worker_takes_over_from_one_that_was_killed(anywhere: House, big: Path) -> None:
    job_id = await anywhere.queue(await anywhere.library(big))
    first = anywhere.program("worker")
    await anywhere.job_is(job_id, JobStatus.RUNNING)
    second = anywhere.program("worker")
    await second.has_said("1 worker")
    await anywhere.is_in_the_middle(job_id)
    fence = (await anywhere.job(job_id)).fence
    began = time.monotonic()
    first.tell(signal.SIGKILL)
    await anywhere.runs_again(job_id, fence)
    assert time.monotonic() - began < 20, "by the lock, and not after a lease of 30 s"
    done = await anywhere.job_is(job_id, JobStatus.COMPLETED)
    assert done.counters is not None
    assert done.counters.added == FILES


async def test_d28_a_worker_reloads_its_settings(at_home: House) -> None:
    worker = at_home.program("worker")
    await worker.has_said("1 worker")
    at_home.settings_file("SHELFREAD_WORKER_COUNT=2\n")
    worker.tell(signal.SIGHUP)
    await worker.has_said("2 workers")

    async def two() -> bool:
        return len(worker.scanners()) == 2

    await until(two, "two children")
    at_home.settings_file("SHELFREAD_WORKER_COUNT=two\n")
    worker.tell(signal.SIGHUP)
    await worker.has_said("stay as they are")
    assert len(worker.scanners()) == 2


@pytest.mark.parametrize("args", [[], ["--once"]])
async def test_a_worker_with_a_broken_setting_has_nothing_to_do_and_says_why(
    at_home: House, args: list[str]
) -> None:
    worker = at_home.program("worker", *args, SHELFREAD_WORKER_COUNT="many")
    assert await worker.ended() == 1
    assert "SHELFREAD_WORKER_COUNT" in worker.said.splitlines()[-1]
    assert "Traceback" not in worker.said


async def test_wrong_usage_is_refused(at_home: House) -> None:
    for args in (["worker", "--count", "0"], ["worker", "--count", "65"], ["serve", "--port", "65536"]):
        program = at_home.program(*args)
        assert await program.ended() == 2
        assert program.said.count("\n") == 1


async def test_it_may_open_as_many_files_as_the_system_lets_it(at_home: House) -> None:
    few = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))\n"
        "from shelfread.cli import main; main()"
    )
    worker = at_home.program("worker", start=few)
    await worker.has_said("the catalogue is")
    assert psutil.Process(worker.process.pid).rlimit(psutil.RLIMIT_NOFILE) == (300, 300)


async def test_d28_a_worker_works_where_serve_is_told_to_have_none(at_home: House, tmp_path: Path) -> None:
    job_id = await at_home.queue(await at_home.library(many_files(tmp_path / "Music", 5)))
    worker = at_home.program("worker", SHELFREAD_WORKER_ENABLED="off")
    await at_home.job_is(job_id, JobStatus.COMPLETED)
    worker.tell(signal.SIGTERM)
    assert await worker.ended(10) == 0
