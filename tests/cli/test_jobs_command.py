"""`shelfread jobs`: list, show, cancel, retry and verify, over jobs that really went their way."""

from __future__ import annotations

import fcntl
import json
import re
import subprocess
import sys
import time
from typing import Any

import pytest

from shelfread.model.job import LogLine, Phase
from tests.cli.conftest import Shelf
from tests.cli.jobs_stand import HOSTILE, Queue, Seen

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
JOB_FIELDS = {
    "id", "seq", "library_id", "type", "status", "origin", "request_id", "items_found", "items_added",
    "items_updated", "items_moved", "items_restored", "items_unchanged", "items_removed", "items_failed",
    "items_skipped", "items_total", "phase", "current_path", "error", "reason", "attempt", "losses",
    "queued_at", "started_at", "completed_at", "heartbeat_at", "run_at", "cancel_requested_at", "timeout_s",
    "worker", "report",
}  # fmt: skip


@pytest.fixture
def queue(shelf: Shelf) -> Queue:
    return Queue(shelf)


def _jobs(shelf: Shelf, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shelf.call("jobs", "list", "--json", *options).json()["jobs"]
    return found


def test_b3_the_history_is_listed_newest_first(shelf: Shelf, queue: Queue) -> None:
    assert shelf.call("jobs", "list").out == "No jobs.\n"
    done = queue.running(b"a")
    queue.finish(done, found=1204, added=1204)
    failed = queue.running(b"b")
    queue.fail(failed)
    going = queue.running(b"c")
    queue.commit(going, total=4000, found=4000, added=1000)
    waiting = queue.queued(b"c/d")
    ended = shelf.run("jobs", "list")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert [line[:8].strip() for line in lines] == ["id"] + [
        job.id[:8] for job in (waiting, going, failed, done)
    ]
    assert "queued" in lines[1]
    assert f"waiting for job {going.id[:8]}, which scans some of the same files" in lines[1]
    assert "no worker runs" in lines[1]
    assert "reading" in lines[2]
    assert "1,000 of 4,000 files  25 %" in lines[2]
    assert "failed" in lines[3]
    assert "the disk is on fire" in lines[3]
    assert "completed" in lines[4]
    assert "1,204 files" in lines[4]
    assert [job["id"] for job in _jobs(shelf)] == [job.id for job in (waiting, going, failed, done)]
    assert [job["id"] for job in _jobs(shelf, "--limit", "1")] == [waiting.id]
    some = _jobs(shelf, "--status", "failed", "--status", "completed", "--library", "Music")
    assert [job["id"] for job in some] == [failed.id, done.id]
    assert "no library 'Nope'" in shelf.refused("jobs", "list", "--library", "Nope")
    assert "banana" in shelf.refused("jobs", "list", "--status", "banana")
    assert "--limit" in shelf.refused("jobs", "list", "--limit", "0")


def test_d9_d10_d13_json_has_every_field_and_invents_none(shelf: Shelf, queue: Queue) -> None:
    going = queue.running(b"a")
    waiting = queue.queued(b"b")
    by_id = {job["id"]: job for job in _jobs(shelf)}
    job = by_id[waiting.id]
    assert set(job) == JOB_FIELDS
    unknown = [name for name in JOB_FIELDS if name.startswith("items_")]
    unknown += ["started_at", "completed_at", "heartbeat_at", "worker", "report", "phase", "error", "reason"]
    assert {name: job[name] for name in unknown} == dict.fromkeys(unknown)
    assert TIME.fullmatch(job["queued_at"])
    job = by_id[going.id]
    assert job["items_found"] is None, "nothing was counted yet"
    assert job["worker"] == {"id": "worker-1", "host": None, "pid": None}
    queue.commit(going, found=3)
    (job,) = _jobs(shelf, "--status", "running")
    assert (job["items_found"], job["items_added"], job["items_total"]) == (3, 0, None)
    queue.finish(going, found=3, added=3)
    (job,) = _jobs(shelf, "--status", "completed")
    assert TIME.fullmatch(job["completed_at"])
    assert job["report"]["registered"] == 3


def test_states_are_told_as_they_are(shelf: Shelf, queue: Queue) -> None:
    job = queue.running(b"a")
    assert "discovering" in shelf.call("jobs", "list").out
    queue.commit(job, found=7)
    assert "7 files found" in shelf.call("jobs", "list").out
    assert "%" not in shelf.call("jobs", "list").out
    for _ in range(2):
        queue.lose(job)
        queue.sql("UPDATE library_scan_jobs SET run_at = 1")
        claimed = queue.do(lambda jobs: jobs.claim_next("worker-2"))
        assert claimed is not None
        job = claimed
    assert "attempt 3, resumed: its worker was lost" in shelf.call("jobs", "list").out
    queue.lose(job)
    out = shelf.call("jobs", "list").out
    assert "its worker was lost; backing off until " in out
    queue.sql("UPDATE library_scan_jobs SET run_at = 1")
    again = queue.do(lambda jobs: jobs.claim_next("worker-2"))
    assert again is not None
    assert queue.do(lambda jobs: jobs.release(again))
    assert "its worker was stopped" in shelf.call("jobs", "list").out
    last = queue.do(lambda jobs: jobs.claim_next("worker-2"))
    assert last is not None
    queue.cancel(last)
    assert "cancelling" in shelf.call("jobs", "list").out


def test_ids_may_be_short_and_must_be_clear(shelf: Shelf, queue: Queue) -> None:
    jobs = [queue.queued(part) for part in (b"a", b"b")]
    for number, job in enumerate(jobs):
        queue.sql("UPDATE library_scan_jobs SET id = ? WHERE id = ?", f"abcd{number}" + job.id[5:], job.id)
    whole = "abcd1" + jobs[1].id[5:]
    for wanted in (whole, whole.upper(), "abcd1", whole[:9], whole[:35]):
        assert shelf.call("jobs", "show", wanted, "--json").json()["id"] == whole
    assert "more than one job begins with 'abcd'" in shelf.refused("jobs", "show", "abcd")
    assert "there is no job 'abce'" in shelf.refused("jobs", "show", "abce")
    assert "there is no job" in shelf.refused("jobs", "logs", "abcd1" + "0" * 31)
    for wrong in ("abc", "", "banana", "abcd%", "\x1b[2J", "a" * 37, "abcd_"):
        for command in ("show", "logs", "cancel", "retry"):
            assert "no job's id" in shelf.refused("jobs", command, wrong)


def test_b2_show_tells_everything_of_a_job(shelf: Shelf, queue: Queue) -> None:
    job = queue.running(b"Ann/[red]")
    queue.commit(job, "hello", found=4, added=3)
    queue.commit(job, found=5, added=4)
    queue.lose(job)
    claimed = queue.do(lambda jobs: jobs.claim_next("worker-2"))
    assert claimed is not None
    queue.commit(claimed, total=6, path="Ann/" + HOSTILE, found=6, unchanged=5, added=1)
    ended = shelf.run("jobs", "show", job.id)
    assert ended.code == 0
    out = ended.out
    assert "reading" in out
    assert "attempt 2, resumed: its worker was lost" in out
    assert str(shelf.music) + "/Ann/[red]" in out
    assert "2 batches: 5 files found, 4 added" in out
    assert "back in the queue: its worker was lost; its process is gone" in out
    assert "attempt 2 begun by worker worker-2" in out
    assert "6 of 6 files" in out
    assert "Ann/[red]x\\x1b[2J" in out
    assert "\x1b" not in out
    queue.problem()
    queue.finish(claimed, found=6, unchanged=5, added=1)
    document = shelf.call("jobs", "show", job.id, "--json").json()
    assert set(document) >= JOB_FIELDS
    assert document["open_problems"] == 0, "it is in another part of the library"
    assert document["folders"] == [{"path": f"{shelf.music}/Ann/[red]"}]
    kinds = [(entry["kind"], entry.get("count")) for entry in document["timeline"]]
    assert kinds == [
        ("queued", None), ("claimed", None), ("batch", 2), ("requeued", None), ("claimed", None),
        ("batch", 2), ("completed", None),
    ]  # fmt: skip
    out = shelf.call("jobs", "show", job.id[:8]).out
    assert "report" in out
    assert "registered  6" in out


def test_a_job_of_many_batches_is_shown_in_few_lines(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    values = ",".join(
        f"({job.seq}, {number}, {number}, 1, 'batch', 'worker-1', '{{\"found\": {number}}}')"
        for number in range(3, 5003)
    )
    queue.sql(f"INSERT INTO job_events (job_seq, seq, at, fence, kind, worker_id, detail) VALUES {values}")
    out = shelf.call("jobs", "show", job.id).out
    assert "5,000 batches: 5,002 files found" in out
    assert out.count("\n") < 30


def test_show_says_which_process_runs_it_and_whether_it_lives(shelf: Shelf, queue: Queue) -> None:
    job = queue.running(worker="11111111-2222-3333-4444-555555555555")
    queue.sql(
        "INSERT INTO workers (id, kind, host, pid, version, started_at) VALUES (?, 'managed', ?, 42, '1', 1)",
        job.worker_id,
        f"tower{HOSTILE}",
    )
    out = shelf.call("jobs", "show", job.id).out
    assert "managed, on tower[red]x\\x1b[2J" in out
    assert "process 42, which is gone" in out
    assert _jobs(shelf)[0]["worker"] == {"id": job.worker_id, "host": f"tower{HOSTILE}", "pid": 42}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("priority", "x"),
        ("attempt", "abc\x1b[2J"),
        ("run_at", b"\0"),
        ("items_total", "x"),
        ("timeout_s", "x"),
        ("queued_at", 2**63 - 1),
        ("worker_id", b"\xff"),
        ("status", b"\xff"),
        ("seq", "x"),
        ("id", "abcd" * 30),
    ],
)
@pytest.mark.parametrize("runs", [False, True], ids=["waits", "runs"])
def test_d20_a_damaged_row_is_shown_and_hides_no_other(
    shelf: Shelf, queue: Queue, column: str, value: object, runs: bool
) -> None:
    job = queue.running(b"a") if runs else queue.queued(b"a")
    other = queue.queued(b"b")
    queue.sql(f"UPDATE library_scan_jobs SET {column} = ? WHERE id = ?", value, job.id)
    ended = shelf.call("jobs", "list")
    assert ended.code == 0
    (line,) = [line for line in ended.out.splitlines() if "cannot be run" in line]
    assert f"{column} is " in line or column in line
    assert line.isprintable()
    assert other.id[:8] in ended.out
    assert len(_jobs(shelf)) == 2
    if column != "id":
        out = shelf.call("jobs", "show", job.id).out
        assert "cannot be run" in out
        assert shelf.call("jobs", "show", job.id, "--json").code == 0


def test_a_waiting_job_is_cancelled_at_once(shelf: Shelf, queue: Queue) -> None:
    job = queue.queued()
    ended = shelf.run("jobs", "cancel", job.id)
    assert (ended.code, ended.err) == (0, "")
    assert f"Job {job.id} is cancelled" in ended.out
    assert queue.row(job).status.value == "cancelled"
    again = shelf.call("jobs", "cancel", job.id)
    assert again.code == 1
    assert "was cancelled at " in again.err
    other = queue.queued()
    assert shelf.call("jobs", "cancel", other.id, "--json").json()["status"] == "cancelled"


def test_a_running_job_is_asked_to_stop(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    ended = shelf.call("jobs", "cancel", job.id[:8])
    assert ended.code == 0
    assert "is asked to stop" in ended.out
    assert "was asked to stop before" in shelf.call("jobs", "cancel", job.id).out
    document = shelf.call("jobs", "cancel", job.id, "--json").json()
    assert document["status"] == "running"
    assert TIME.fullmatch(document["cancel_requested_at"])


def test_cancel_waits_for_the_end_when_it_should(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    process = shelf.start("jobs", "cancel", job.id, "--wait")
    try:
        _wait_until_asked(queue, job.id)
        assert process.poll() is None
        queue.end_cancelled(job)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert b"is cancelled" in out


def _wait_until_asked(queue: Queue, job_id: str) -> None:
    # However quickly it is looked: a command needs its time to begin.
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        job = queue.do(lambda jobs: jobs.get(job_id))
        if job is not None and job.cancel_requested_at is not None:
            return
    raise AssertionError("nobody asked it to stop")


def test_a_job_of_a_dead_process_is_cancelled_at_once_though_no_worker_is_left(
    shelf: Shelf, queue: Queue
) -> None:
    job = queue.running(worker="0e4681a4-dc06-4c54-8acc-eb1b09fc0326")
    ended = shelf.call("jobs", "cancel", job.id)
    assert (ended.code, ended.err) == (0, "")
    assert f"Job {job.id} is cancelled" in ended.out
    assert queue.row(job).status.value == "cancelled"


def test_cancel_does_not_wait_for_a_process_that_dies_instead_of_stopping(shelf: Shelf, queue: Queue) -> None:
    worker = "0e4681a4-dc06-4c54-8acc-eb1b09fc0326"
    job = queue.running(worker=worker)
    lock = queue.path.with_name(queue.path.name + ".locks") / worker
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = shelf.start("jobs", "cancel", job.id, "--wait")
        _wait_until_asked(queue, job.id)
        assert process.poll() is None
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"is cancelled" in out


def test_what_has_ended_cannot_be_cancelled_and_says_how_it_ended(shelf: Shelf, queue: Queue) -> None:
    failed = queue.running()
    queue.fail(failed, f"no {HOSTILE}")
    ended = shelf.call("jobs", "cancel", failed.id)
    assert (ended.code, ended.out) == (1, "")
    assert "has failed at" in ended.err
    assert "no [red]x\\x1b[2J" in ended.err
    assert ended.err.count("\n") == 1
    document = shelf.call("jobs", "cancel", failed.id, "--json")
    assert document.code == 1
    assert document.json()["status"] == "failed"


def test_what_has_ended_is_tried_again_as_a_new_job(shelf: Shelf, queue: Queue) -> None:
    failed = queue.running(b"a")
    assert "has not ended" in shelf.refused("jobs", "retry", failed.id, code=1)
    queue.fail(failed)
    document = shelf.call("jobs", "retry", failed.id, "--json").json()
    assert (document["status"], document["origin"], document["coalesced"]) == ("queued", "retry", False)
    assert document["id"] != failed.id
    ended = shelf.run("jobs", "retry", failed.id)
    assert ended.code == 0
    assert f"waits already: {document['id']}" in ended.out
    assert shelf.call("jobs", "cancel", document["id"]).code == 0
    assert "Queued as a new job: " in shelf.call("jobs", "retry", failed.id).out


def test_a_job_that_nobody_can_run_is_not_tried_again(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.fail(job)
    queue.sql("UPDATE library_scan_jobs SET library_id = NULL")
    assert "it names no library" in shelf.refused("jobs", "retry", job.id, code=1)
    assert "scan  job " in shelf.call("jobs", "show", job.id).out


def test_jobs_of_unknown_types_and_strange_texts_are_shown(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.sql(
        "UPDATE library_scan_jobs SET type = ?, origin = ?, current_path = ?, error = ?, reason = ?",
        "\x1b[2J", "\x1b[3J", HOSTILE, HOSTILE, HOSTILE,
    )  # fmt: skip
    queue.sql("UPDATE libraries SET name = ?", HOSTILE)
    for command in (["list"], ["show", job.id], ["cancel", job.id]):
        out = shelf.call("jobs", *command).out
        assert not [char for char in out if ord(char) < 32 and char != "\n"], out
        assert "\u202e" not in out


def test_a_clean_history_is_verified(shelf: Shelf, queue: Queue) -> None:
    shelf.sound("a.mp3")
    assert shelf.call("library", "scan", "1").code == 0
    queue.finish(queue.running(b"x"), "line", found=1, added=1)
    ended = shelf.run("jobs", "verify")
    assert ended.code == 0
    assert "Nothing is wrong: 2 jobs with " in ended.out
    document = shelf.call("jobs", "verify", "--json").json()
    assert (document["jobs"], document["violations"]) == (2, [])


def test_a_history_that_was_tampered_with_is_told(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.commit(job, found=1, added=1)
    queue.finish(job, found=1, added=1)
    queue.sql("UPDATE job_events SET fence = 0 WHERE seq = 3")
    ended = shelf.run("jobs", "verify")
    assert ended.code == 1
    assert f"wrong    I2  {job.id[:8]}" in ended.out
    assert "1 violation in 1 job" in ended.out
    ended = shelf.call("jobs", "verify", "--json")
    assert ended.code == 1
    (violation,) = ended.json()["violations"]
    assert (violation["invariant"], violation["job_id"], violation["warning"]) == ("I2", job.id, False)


def test_warnings_alone_are_no_failure(shelf: Shelf, queue: Queue) -> None:
    queue.running()
    ended = shelf.call("jobs", "verify")
    assert ended.code == 0
    assert "warning  I7" in ended.out
    assert "Nothing is wrong, 1 warning" in ended.out


def test_help_costs_no_database_library() -> None:
    code = (
        "import sys; from shelfread.cli import program; "
        "sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'rich.live', 'pydantic')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# As it changes


def test_without_a_terminal_a_live_list_prints_lines(shelf: Shelf, queue: Queue) -> None:
    job = queue.running(b"a")
    process = shelf.start("jobs", "list", "--live")
    assert process.stdout is not None
    try:
        seen = Seen(process, process.stdout.fileno())
        seen.until(b"discovering")
        queue.commit(job, total=10, found=10, added=5)
        seen.until(b"reading: runs ", b"5 of 10 files, 50 %")
        queue.finish(job, found=10, added=10)
        seen.until(b"completed: ran ")
        process.send_signal(2)
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130


def test_a_live_list_in_json_is_a_line_for_each_change(shelf: Shelf, queue: Queue) -> None:
    job = queue.running(b"a")
    process = shelf.start("jobs", "list", "--live", "--json")
    assert process.stdout is not None
    try:
        seen = Seen(process, process.stdout.fileno())
        seen.until(b'"status": "running"')
        queue.finish(job, LogLine("info", "x"), found=1, added=1)
        seen.until(b'"status": "completed"')
    finally:
        process.kill()
        process.communicate()
    lines = [json.loads(line) for line in seen.text.splitlines()]
    assert [line["status"] for line in lines] == ["running", "completed"]
    assert all(set(line) == JOB_FIELDS for line in lines)


@pytest.mark.parametrize(("problems", "code"), [(False, 0), (True, 3)])
def test_a_job_is_followed_to_its_end(shelf: Shelf, queue: Queue, problems: bool, code: int) -> None:
    job = queue.running()
    process = shelf.start("jobs", "show", job.id, "--live")
    assert process.stdout is not None
    try:
        seen = Seen(process, process.stdout.fileno())
        seen.until(b"discovering")
        if problems:
            queue.problem()
        queue.finish(job, found=1, added=1)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == code
    assert b"completed  ran " in seen.text + out


def test_following_what_has_ended_ends_at_once(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.fail(job)
    ended = shelf.run("jobs", "show", job.id, "--live", "--json")
    assert ended.code == 1
    assert (ended.json()["status"], ended.json()["phase"]) == ("failed", Phase.DISCOVERING.value)
