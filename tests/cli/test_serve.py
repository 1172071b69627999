"""`shelfread serve`: HTTP, workers and schedules in one real process; signals and accidents."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.job import JobStatus
from shelfread.queue.schedule import Schedules
from shelfread.store import tables
from tests.api.api_stand import client_of, tokens_of
from tests.cli.staying_programs import (
    AS_TYPED,
    FILES,
    House,
    Program,
    alive,
    get,
    house,
    many_files,
    small_libraries,
    until,
)
from tests.conftest import NewCatalogue, PostgresServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What it does


async def test_d26_serve_does_what_is_queued_and_says_so(anywhere: House, tmp_path: Path) -> None:
    library = await anywhere.library(many_files(tmp_path / "Music", 20))
    server = await anywhere.serve(start=AS_TYPED)
    ready = await server.is_in_state("running", wanted=1, present=1)
    assert ready["status"] == "ready"
    assert ready["database"] == {"answers": True, "migrated": True}
    job_id = await anywhere.queue(library)
    await anywhere.job_is(job_id, JobStatus.COMPLETED)
    job = await anywhere.completed_once(job_id)
    assert job.counters is not None
    assert job.counters.added == 20
    await server.has_said(f"job {job_id} is completed")
    server.tell(signal.SIGTERM)
    assert await server.ended(10) == 0
    assert server.out.read_text().count("\n") == 1
    for word in ("listening on " + server.url, "1 worker", "the catalogue is", f"job {job_id}"):
        assert word in server.said
    for line in server.said.splitlines():
        assert line[:4].isdigit(), line
        assert line.split()[1] in ("INFO", "WARNING", "ERROR"), line


async def test_d22_d24_http_answers_while_a_scan_runs_and_while_its_process_hangs(
    anywhere: House, big: Path
) -> None:
    server = await anywhere.serve()
    job_id = await anywhere.queue(await anywhere.library(big))
    await anywhere.is_in_the_middle(job_id)
    longest = 0.0

    async def ask() -> None:
        nonlocal longest
        began = time.monotonic()
        assert (await server.get("/healthz"))[0] == 200
        longest = max(longest, time.monotonic() - began)

    # While it hangs first: that lasts for as long as is asked, and the scan is in its middle still.
    (scanner,) = server.scanners()
    scanner.suspend()
    for _ in range(70):
        await ask()
    assert (await server.ready())["workers"]["busy"] == 1
    scanner.resume()
    beside = 0
    while beside < 30 and not (await anywhere.job(job_id)).status.ended:
        await ask()
        beside += 1
    assert beside
    assert longest < 1.0
    await anywhere.job_is(job_id, JobStatus.COMPLETED)


async def test_what_the_command_line_says_goes_before_settings_and_is_told_as_such(at_home: House) -> None:
    at_home.settings_file("SHELFREAD_PORT=5\nSHELFREAD_WORKER_COUNT=3\n")
    server = await at_home.serve("--workers", "0")
    token = (await tokens_of(at_home.app))["admin"]
    async with client_of(server.url) as client:
        answer = await client.get("/api/v1/system", headers={"Authorization": f"Bearer {token}"})
    told = {one["name"]: (one["value"], one["origin"]) for one in answer.json()["settings"]}
    assert told["SHELFREAD_PORT"] == (0, "command")
    assert told["SHELFREAD_WORKER_COUNT"] == (0, "command")
    assert told["SHELFREAD_HOST"][1] == "default"


async def test_a_schedule_that_is_due_is_fired(at_home: House, tmp_path: Path) -> None:
    library = await at_home.library(many_files(tmp_path / "Music", 5))
    await Schedules(at_home.app.database).put(library.id, "0 3 * * *", "UTC")

    async def make_due(connection: AsyncConnection) -> None:
        await connection.execute(sa.update(tables.schedules).values(next_run_at=1))

    await at_home.app.database.write(make_due)
    await at_home.serve()

    async def scanned() -> bool:
        job = await at_home.app.jobs.newest(library.id)
        return job is not None and job.status is JobStatus.COMPLETED

    await until(scanned, "a scan by schedule")


async def test_d29_workers_0_means_none_and_http_is_there(at_home: House, tmp_path: Path) -> None:
    job_id = await at_home.queue(await at_home.library(many_files(tmp_path / "Music", 5)))
    server = await at_home.serve("--workers", "0")
    ready = await server.is_in_state("off", wanted=0, present=0)
    assert ready["status"] == "ready"
    disabled = await at_home.serve(SHELFREAD_WORKER_ENABLED="no")
    await disabled.is_in_state("off", wanted=0, present=0)
    assert (await at_home.job(job_id)).status is JobStatus.QUEUED
    assert not [*server.family(), *disabled.family()]


async def test_workers_wins_over_the_setting(at_home: House) -> None:
    server = await at_home.serve("--workers", "2", SHELFREAD_WORKER_COUNT="1", SHELFREAD_WORKER_ENABLED="off")
    await server.is_in_state("running", wanted=2, present=2)
    assert len(server.scanners()) == 2


async def test_idle_connections_starve_neither_http_nor_scans(at_home: House, tmp_path: Path) -> None:
    limit = 200
    few = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({limit // 2}, {limit}))\n"
        "from shelfread.cli import main; main()"
    )
    server = await at_home.serve(start=few)
    await server.is_in_state("running")
    process = psutil.Process(server.process.pid)
    assert process.rlimit(psutil.RLIMIT_NOFILE) == (limit, limit)
    before = process.num_fds()
    with contextlib.ExitStack() as stack:
        for _ in range(3 * limit):
            stack.enter_context(_connected(server))
        assert (await server.get("/healthz"))[0] == 200
        assert process.num_fds() <= before + limit // 2
        job_id = await at_home.queue(await at_home.library(many_files(tmp_path / "Music", 20)))
        await at_home.job_is(job_id, JobStatus.COMPLETED)
        assert (await server.get("/healthz"))[0] == 200
    await _holds_no_more_than(process, before)
    assert server.said.count("connections are taken") == 1


async def test_a_process_without_a_free_descriptor_says_so_once_and_answers_again(at_home: House) -> None:
    server = await at_home.serve("--workers", "0")
    assert (await server.get("/healthz"))[0] == 200
    process = psutil.Process(server.process.pid)
    before = process.num_fds()
    hard = process.rlimit(psutil.RLIMIT_NOFILE)[1]
    process.rlimit(psutil.RLIMIT_NOFILE, (before + 3, hard))
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(_connected(server))
        assert (await server.get("/healthz"))[0] == 200
        await server.has_said("a connection could not be accepted: Too many open files")
    await _holds_no_more_than(process, before)
    assert (await server.get("/healthz"))[0] == 200
    assert server.said.count("\n") < 20
    assert server.said.count("Too many open files") == 1


def _connected(server: Program) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname, address.port), timeout=20)


async def _holds_no_more_than(process: psutil.Process, descriptors: int) -> None:
    async def look() -> bool:
        return bool(process.num_fds() <= descriptors)

    await until(look, "descriptors")


# Settings


@pytest.mark.parametrize("value", ["many", "0", "-1", "1.5", "65"])
async def test_d27_a_broken_worker_setting_never_stops_http(at_home: House, value: str) -> None:
    server = await at_home.serve(SHELFREAD_WORKER_COUNT=value)
    status, _, _ = await server.get("/healthz")
    assert status == 200
    status, _, body = await server.get("/readyz")
    assert status == 200
    assert b"degraded" in body
    assert b"SHELFREAD" not in body, "what is open to all shows no setting"
    await server.is_in_state("broken_settings", settings_ok=False, wanted=0, present=0)
    assert not server.family()
    (warning,) = [line for line in server.said.splitlines() if " WARNING " in line]
    assert "SHELFREAD_WORKER_COUNT" in warning
    server.tell(signal.SIGTERM)
    assert await server.ended(10) == 0


async def test_d27_settings_that_are_mended_count_after_sighup(at_home: House) -> None:
    at_home.settings_file("SHELFREAD_WORKER_COUNT=lots\n")
    server = await at_home.serve()
    await server.is_in_state("broken_settings")
    at_home.settings_file("SHELFREAD_WORKER_COUNT=2\n")
    server.tell(signal.SIGHUP)
    await server.is_in_state("running", settings_ok=True, wanted=2, present=2)
    assert (await server.ready())["status"] == "ready"


async def test_d26_a_reload_makes_two_workers_of_one_and_leaves_a_running_job_alone(
    anywhere: House, big: Path, tmp_path: Path
) -> None:
    job_id = await anywhere.queue(await anywhere.library(big))
    server = await anywhere.serve()
    await anywhere.is_in_the_middle(job_id)
    anywhere.settings_file("SHELFREAD_WORKER_COUNT=2\n")
    server.tell(signal.SIGHUP)
    await server.is_in_state("running", wanted=2, present=2, busy=1)
    await anywhere.job_is(job_id, JobStatus.COMPLETED)
    await anywhere.completed_once(job_id)
    # The worker that was busy is replaced now, and one of these has to last until the new one is there.
    pair = [await anywhere.library(many_files(tmp_path / name, 6000), name) for name in ("One", "Two")]
    ids = [await anywhere.queue(library) for library in pair]
    for one in ids:
        await anywhere.job_is(one, JobStatus.COMPLETED)
    jobs = [await anywhere.job(one) for one in ids]
    began, ended = [job.started_at or 0 for job in jobs], [job.completed_at or 0 for job in jobs]
    assert max(began) < min(ended), "they ran side by side"
    anywhere.settings_file("SHELFREAD_WORKER_COUNT=1\n")
    server.tell(signal.SIGHUP)

    async def one_is_left() -> bool:
        return len(server.scanners()) == 1

    await server.is_in_state("running", wanted=1, present=1)
    await until(one_is_left, "one child")


async def test_d26_a_reload_never_makes_more_jobs_run_than_are_wanted(
    at_home: House, big: Path, tmp_path: Path
) -> None:
    job_id = await at_home.queue(await at_home.library(big))
    server = await at_home.serve()
    await at_home.is_in_the_middle(job_id)
    at_home.settings_file("SHELFREAD_WORKER_POLL_SECONDS=1\nSHELFREAD_WORKER_LEASE_SECONDS=20\n")
    for _ in range(3):
        server.tell(signal.SIGHUP)
    await server.has_said("told to read")
    other = await at_home.queue(await at_home.library(many_files(tmp_path / "Other", 5), "Other"))
    await at_home.job_is(job_id, JobStatus.COMPLETED)
    await at_home.job_is(other, JobStatus.COMPLETED)
    ended = (await at_home.job(job_id)).completed_at
    started = (await at_home.job(other)).started_at
    assert ended is not None
    assert started is not None
    assert started >= ended
    await at_home.completed_once(job_id)


@pytest.mark.parametrize(
    "text", ["SHELFREAD_WORKER_COUNT=none\n", "what is this\n", "SHELFREAD_PARSERS=-4\n"]
)
async def test_d27_a_reload_with_broken_settings_changes_nothing(
    at_home: House, text: str, tmp_path: Path
) -> None:
    server = await at_home.serve("--workers", "1", SHELFREAD_PARSERS="")
    await server.is_in_state("running", present=1)
    before = [child.pid for child in server.scanners()]
    at_home.settings_file(text)
    server.tell(signal.SIGHUP)
    await server.has_said(" WARNING ")
    job_id = await at_home.queue(await at_home.library(many_files(tmp_path / "Music", 5)))
    await at_home.job_is(job_id, JobStatus.COMPLETED)
    assert len(before) == 1
    assert server.process.poll() is None


NO_INTERPRETER = """
import sys
from shelfread.cli import main
sys.executable = sys.argv.pop(1)
sys.exit(main())
"""


async def test_d26_workers_that_cannot_start_are_tried_again_and_http_goes_on(
    at_home: House, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    server = at_home.program(str(python), "serve", "--port", "0", "--json", start=NO_INTERPRETER)
    await server.listens()
    await server.has_said("is started again in 0.5 s")
    ready = await server.is_in_state("starting", wanted=1, present=0)
    assert ready["status"] == "degraded"
    await server.has_said("is started again in 1 s")
    job_id = await at_home.queue(await at_home.library(many_files(tmp_path / "Music", 5)))
    python.symlink_to(sys.executable)
    # A link from elsewhere would not know its environment.
    python.unlink()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    await server.is_in_state("running", present=1)
    await at_home.job_is(job_id, JobStatus.COMPLETED)


# Leaving


@pytest.mark.parametrize(
    ("number", "database_kind"),
    [(signal.SIGTERM, "sqlite"), (signal.SIGTERM, "postgresql"), (signal.SIGINT, "sqlite")],
)
async def test_d30_told_to_leave_it_puts_its_job_back_and_the_next_reads_nothing_again(
    anywhere: House, big: Path, number: signal.Signals
) -> None:
    job_id = await anywhere.queue(await anywhere.library(big))
    server = await anywhere.serve()
    await anywhere.is_in_the_middle(job_id)
    family = server.family()
    assert len(family) >= 3, "a scanner, a walker, a parser"
    began = time.monotonic()
    server.tell(number)
    code = await server.ended(10)
    assert time.monotonic() - began < 10
    assert code == (130 if number is signal.SIGINT else 0)
    assert not [child for child in family if alive(child)]
    job = await anywhere.job(job_id)
    assert (job.status, job.attempt, job.losses) == (JobStatus.QUEUED, 0, 0)
    kept = job.counters.added if job.counters else 0
    assert 0 < kept < FILES
    await anywhere.serve()
    done = await anywhere.job_is(job_id, JobStatus.COMPLETED)
    assert done.attempt == 1
    last = [event for event in await anywhere.events(job_id) if event.kind == "batch"][-1]
    assert last.detail["added"] <= FILES - kept
    assert last.detail["updated"] == 0
    assert last.detail["added"] + last.detail["unchanged"] == FILES
    assert done.counters is not None
    assert done.counters.added == FILES


async def test_told_to_leave_while_a_child_hangs_it_leaves_in_time(at_home: House, big: Path) -> None:
    job_id = await at_home.queue(await at_home.library(big))
    server = await at_home.serve()
    await at_home.is_in_the_middle(job_id)
    family = server.family()
    (scanner,) = server.scanners()
    scanner.suspend()
    began = time.monotonic()
    server.tell(signal.SIGTERM)
    assert await server.ended(15) == 0
    assert time.monotonic() - began < 10
    assert not [child for child in family if alive(child)]
    job = await at_home.job(job_id)
    assert (job.status, job.attempt) == (JobStatus.QUEUED, 0)


async def test_a_second_signal_leaves_at_once(at_home: House, big: Path) -> None:
    job_id = await at_home.queue(await at_home.library(big))
    server = await at_home.serve()
    await at_home.is_in_the_middle(job_id)
    family = server.family()
    (scanner,) = server.scanners()
    scanner.suspend()
    server.tell(signal.SIGTERM)
    await server.has_said("told to leave")
    began = time.monotonic()
    server.tell(signal.SIGTERM)
    assert await server.ended(10) == 143
    assert time.monotonic() - began < 4, "not after the 5 s that a child which hangs is given"
    await _gone(family)
    await at_home.serve()
    assert (await at_home.job_is(job_id, JobStatus.COMPLETED)).losses <= 1


async def test_a_signal_while_it_starts_ends_it(at_home: House) -> None:
    # Whatever the moment: nothing runs yet, and nothing is left.
    for moment in (0.3, 0.6, 0.9):
        server = at_home.program("serve", "--port", "0", "--json", start=AS_TYPED)
        with pytest.raises(subprocess.TimeoutExpired):
            await server.ended(moment)
        server.tell(signal.SIGTERM)
        assert await server.ended(10) in (0, -signal.SIGTERM)
        assert "Traceback" not in server.said


async def test_a_terminal_that_is_closed_ends_it(at_home: House) -> None:
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the other process
        os.chdir(at_home.folder)
        os.execve(sys.executable, [sys.executable, "-m", "shelfread", "serve", "--port", "0"], at_home.env)
    try:
        seen = b""
        while b"listening on" not in seen:
            seen += await asyncio.to_thread(os.read, terminal, 4096)
    finally:
        os.close(terminal)
    _, status = await asyncio.wait_for(asyncio.to_thread(os.waitpid, pid, 0), 15)
    assert os.waitstatus_to_exitcode(status) == 0


async def _gone(family: list[psutil.Process]) -> None:
    async def look() -> bool:
        return not [child for child in family if alive(child)]

    await until(look, "no child is left", 5)


# Accidents


async def test_d30_a_server_that_was_killed_takes_its_children_along_and_the_next_goes_on_at_once(
    anywhere: House, big: Path
) -> None:
    job_id = await anywhere.queue(await anywhere.library(big))
    server = await anywhere.serve()
    kept = await anywhere.is_in_the_middle(job_id)
    family = server.family()
    server.tell(signal.SIGKILL)
    await server.ended()
    await _gone(family)
    after = await anywhere.serve()
    began = time.monotonic()
    fence = (await anywhere.job(job_id)).fence
    await anywhere.runs_again(job_id, fence)
    assert time.monotonic() - began < 15, "not after a lease of 30 s"
    done = await anywhere.job_is(job_id, JobStatus.COMPLETED)
    assert done.attempt == 2
    last = [event for event in await anywhere.events(job_id) if event.kind == "batch"][-1]
    assert last.detail["added"] <= FILES - kept
    assert last.detail["updated"] == 0
    assert "was taken from its worker" in after.said


async def test_a_child_that_was_killed_is_replaced_and_its_job_runs_again_within_two_seconds(
    anywhere: House, big: Path
) -> None:
    job_id = await anywhere.queue(await anywhere.library(big))
    server = await anywhere.serve()
    await anywhere.is_in_the_middle(job_id)
    before = await anywhere.job(job_id)
    (scanner,) = server.scanners()
    began = time.monotonic()
    scanner.kill()
    await anywhere.runs_again(job_id, before.fence)
    assert time.monotonic() - began < 2
    done = await anywhere.job_is(job_id, JobStatus.COMPLETED)
    assert done.counters is not None
    assert done.counters.added == FILES
    assert (await server.get("/healthz"))[0] == 200


async def test_d30_drained_it_finishes_what_runs_takes_nothing_new_and_comes_back(
    at_home: House, big: Path, tmp_path: Path
) -> None:
    job_id = await at_home.queue(await at_home.library(big))
    server = await at_home.serve()
    await at_home.is_in_the_middle(job_id)
    server.tell(signal.SIGUSR1)
    await server.is_in_state("draining", busy=1)
    other = await at_home.queue(await at_home.library(many_files(tmp_path / "Other", 5), "Other"))
    await at_home.job_is(job_id, JobStatus.COMPLETED)
    await at_home.completed_once(job_id)
    ready = await server.is_in_state("drained", wanted=0, present=0, busy=0)
    assert ready["status"] == "degraded"
    assert not server.family()
    assert (await at_home.job(other)).status is JobStatus.QUEUED
    server.tell(signal.SIGHUP)
    await at_home.job_is(other, JobStatus.COMPLETED)


async def test_told_to_leave_while_it_drains_it_leaves(at_home: House, big: Path) -> None:
    job_id = await at_home.queue(await at_home.library(big))
    server = await at_home.serve()
    await at_home.is_in_the_middle(job_id)
    server.tell(signal.SIGUSR1)
    await server.is_in_state("draining", busy=1)
    server.tell(signal.SIGTERM)
    assert await server.ended() == 0
    # Had it waited for the job, that would be completed; had it left because it was late, not put back.
    assert (await at_home.job(job_id)).status is JobStatus.QUEUED


# The address and the database


async def test_a_port_that_is_taken_is_a_clear_error(at_home: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = at_home.program("serve", "--port", str(port))
        assert await server.ended() == 1
    (line,) = server.said.splitlines()
    assert f"port {port}" in line
    assert "--port" in line


async def test_it_listens_where_the_settings_say(at_home: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    server = at_home.program("serve", "--workers", "0", SHELFREAD_PORT=str(port), SHELFREAD_HOST="localhost")
    await server.has_said("listening on")
    assert await asyncio.to_thread(lambda: get(f"http://127.0.0.1:{port}", "/healthz")[0]) == 200


@pytest.mark.parametrize(
    "url",
    ["postgresql://nobody@127.0.0.1:1/none", "sqlite:////proc/no/such/folder/shelfread.db"],
)
@pytest.mark.parametrize("command", ["serve", "worker"])
async def test_a_database_that_is_away_at_the_start_is_a_clear_error(
    at_home: House, url: str, command: str
) -> None:
    args = ["--port", "0"] if command == "serve" else []
    program = at_home.program(command, *args, SHELFREAD_DATABASE_URL=url)
    assert await program.ended() == 1
    (line,) = program.said.splitlines()
    assert "the database cannot be opened" in line


async def test_a_database_that_goes_away_later_is_waited_for(
    tmp_path: Path, postgres: PostgresServer, new_catalogue: NewCatalogue
) -> None:
    url = await new_catalogue("postgresql")
    async with house(tmp_path, url) as made:
        library = await made.library(many_files(tmp_path / "Music", 5))
        server = await made.serve(SHELFREAD_WORKER_POLL_SECONDS="0.5")
        await server.is_in_state("running", present=1)
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            postgres.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            )

            async def unavailable() -> bool:
                return (await server.get("/readyz"))[0] == 503

            await until(unavailable, "a server that says so")
            assert (await server.get("/healthz"))[0] == 200
            await server.has_said("no job can be taken")
        finally:
            postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

        async def ready() -> bool:
            return bool((await server.ready())["status"] == "ready")

        await until(ready, "a server that has recovered")
        await made.app.database.engine.dispose()
        await made.app.database.reading.dispose()
        job_id = await made.queue(library)
        await made.job_is(job_id, JobStatus.COMPLETED)
        assert server.process.poll() is None


# With others


async def test_d8_d30_a_server_and_a_worker_together_do_every_job_exactly_once(
    anywhere: House, tmp_path: Path
) -> None:
    folders = small_libraries(tmp_path / "many", 40)
    libraries = [await anywhere.library(folder, folder.name) for folder in folders]
    server = await anywhere.serve("--workers", "2")
    worker = anywhere.program("worker", "--count", "2")
    await server.is_in_state("running", present=2)
    await worker.has_said("2 workers")
    ids = [await anywhere.queue(library) for library in libraries]
    for job_id in ids:
        await anywhere.job_is(job_id, JobStatus.COMPLETED)
        job = await anywhere.completed_once(job_id)
        assert job.counters is not None
        assert job.counters.added == 3
    begun = [sum(f"job {job_id} (" in program.said for program in (server, worker)) for job_id in ids]
    assert begun == [1] * len(ids), "each began in one of them"
    both = [any(f"job {job_id} (" in program.said for job_id in ids) for program in (server, worker)]
    assert both == [True, True], "and both of them worked"
    for program in (server, worker):
        assert " WARNING " not in program.said
        assert " ERROR " not in program.said
        program.tell(signal.SIGTERM)
        assert await program.ended(10) == 0
