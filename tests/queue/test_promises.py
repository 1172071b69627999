"""Promises about the shape of the queue itself: one table, no broker, no way around the repository."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import JobRequest, JobType, Phase, Reason, Scope
from shelfread.model.job_json import job_json
from shelfread.queue.repository import ScanJobRepository
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from shelfread.store.tables import library_scan_jobs, metadata
from tests import catalogue

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "shelfread"

#: Brokers and queue libraries that Python programs use.
BROKERS = {
    "redis", "valkey", "celery", "kombu", "rq", "arq", "dramatiq", "huey", "taskiq", "saq", "procrastinate",
    "pgqueuer", "chancy", "dbos", "oban", "awa", "apscheduler", "pika", "aio_pika", "dask", "distributed",
    "ray",
}  # fmt: skip


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.asyncio(loop_scope="session")
async def test_d4_one_row_is_the_place_in_the_queue_the_progress_and_the_history(database_url: str) -> None:
    database = Database(database_url)
    library = await LibraryRepository(database).add("Music", "music", [b"/music"])
    jobs = ScanJobRepository(database)

    async def row() -> tuple[str, int | None, str | None]:
        (found,) = (await catalogue.rows(database))["library_scan_jobs"]
        return found["status"], found["items_added"], found["current_path"]

    scopes = (Scope(library.roots[0].id, b""),)
    enqueued = await jobs.enqueue(JobRequest(JobType.SCAN, library.id, scopes))
    assert await row() == ("queued", None, None)
    job = await jobs.claim_next("worker")
    assert job is not None
    assert job.id == enqueued.job.id
    await jobs.commit(job, None, BatchReport(Counters(found=3, added=2), Phase.READING, current_path="a/b"))
    assert await row() == ("running", 2, "a/b")
    await jobs.finish(job, None, BatchReport(Counters(found=3, added=3), Phase.DONE))
    assert await row() == ("completed", 3, None)
    assert [found.id for found in await jobs.history(library.id)] == [job.id]
    await database.close()


def test_d4_no_other_table_holds_a_job() -> None:
    with_status = {
        table.name for table in metadata.tables.values() if {"status", "fence"} <= set(table.c.keys())
    }
    assert with_status == {library_scan_jobs.name}


def test_d5_no_broker_and_no_queue_library() -> None:
    lock = (ROOT / "requirements" / "runtime.lock").read_text()
    installed = {name.replace("-", "_") for name in re.findall(r"^([a-z0-9_.-]+)==", lock, re.MULTILINE)}
    assert not installed & BROKERS
    used = {name.split(".")[0] for path in SOURCES.rglob("*.py") for name in _imports(path)}
    assert not used & BROKERS


@pytest.mark.parametrize("module", ["worker", "watch", "group"])
def test_d6_the_worker_never_touches_the_database_directly(module: str) -> None:
    imports = _imports(SOURCES / "queue" / f"{module}.py")
    assert not [name for name in imports if name.startswith(("shelfread.store", "sqlalchemy", "sqlite3"))]


@pytest.mark.asyncio(loop_scope="session")
async def test_d12_the_current_path_can_be_kept_from_those_who_may_not_see_it(database_url: str) -> None:
    database = Database(database_url)
    library = await LibraryRepository(database).add("Music", "music", [b"/music"])
    jobs = ScanJobRepository(database)
    await jobs.enqueue(JobRequest(JobType.SCAN, library.id, (Scope(library.roots[0].id, b""),)))
    job = await jobs.claim_next("worker")
    assert job is not None
    await jobs.commit(job, None, BatchReport(Counters(found=1), Phase.READING, current_path="secret/place"))
    running = await jobs.get(job.id)
    assert running is not None
    assert job_json(running, None)["current_path"] == "secret/place"
    assert "secret" not in str(job_json(running, None, paths=False))
    # Nobody is anywhere when the job has ended.
    await jobs.fail(job, Reason.EXCEPTION, "because")
    ended = await jobs.get(job.id)
    assert ended is not None
    assert ended.current_path is None
    await database.close()
