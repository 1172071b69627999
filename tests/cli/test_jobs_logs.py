"""`shelfread jobs logs`: lines as they were written, whatever is in them, and as they come."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys

import pytest

from shelfread.model.job import LogLine
from tests.cli.conftest import Shelf
from tests.cli.jobs_stand import HOSTILE, HOSTILE_PATH, Queue, Seen


@pytest.fixture
def queue(shelf: Shelf) -> Queue:
    return Queue(shelf)


def test_b2_lines_are_printed_as_they_were_written(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.commit(job, "first", LogLine("warning", HOSTILE, HOSTILE_PATH), LogLine("error", "[bold]last"))
    ended = shelf.run("jobs", "logs", job.id[:8])
    assert (ended.code, ended.err) == (0, "")
    # The queue writes lines of its own.
    lines = ended.out.splitlines()[-3:]
    assert [line[21:] for line in lines] == [
        "info     first",
        "warning  [red]x\\x1b[2J\\x9b1m\\x07\\x0a\\u202e  /m/[bold]\\xff\\x1b]0;owned\\x07.mp3",
        "error    [bold]last",
    ]
    found = [json.loads(line) for line in shelf.call("jobs", "logs", job.id, "--json").out.splitlines()]
    found = found[-3:]
    assert set(found[0]) == {"seq", "at", "level", "message"}
    assert found[1]["message"] == HOSTILE
    assert base64.b64decode(found[1]["path_b64"]) == HOSTILE_PATH


def test_lines_of_a_level_and_graver_ones(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.commit(job, *(LogLine(level, level.upper()) for level in ("info", "warning", "error", "odd")))

    def said(*options: str) -> list[str]:
        lines = shelf.call("jobs", "logs", job.id, "--json", *options).out.splitlines()
        said = [json.loads(line)["message"] for line in lines]
        return [message for message in said if message.isupper()]

    assert said() == said("--level", "info") == ["INFO", "WARNING", "ERROR", "ODD"]
    assert said("--level", "warning") == ["WARNING", "ERROR", "ODD"]
    assert said("--level", "error") == ["ERROR", "ODD"]
    assert "banana" in shelf.refused("jobs", "logs", job.id, "--level", "banana")


def test_a_log_of_more_than_a_page_is_printed_whole_and_in_order(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.commit(job, *(f"line {number}" for number in range(1, 1201)))
    lines = shelf.call("jobs", "logs", job.id, "--json").out.splitlines()
    assert len(lines) >= 1200
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(lines) + 1))


def _follow(shelf: Shelf, job_id: str, *options: str) -> tuple[subprocess.Popen[bytes], Seen]:
    process = shelf.start("jobs", "logs", job_id, "--follow", *options)
    assert process.stdout is not None
    return process, Seen(process, process.stdout.fileno())


@pytest.mark.parametrize(
    ("end", "code"), [("completed", 0), ("problems", 3), ("failed", 1), ("cancelled", 1), ("deleted", 1)]
)
def test_b2_a_log_is_followed_until_the_job_has_ended(
    shelf: Shelf, queue: Queue, end: str, code: int
) -> None:
    job = queue.running()
    queue.commit(job, "one")
    process, seen = _follow(shelf, job.id, "--json")
    try:
        seen.until(b'"one"')
        queue.commit(job, "two", LogLine("info", "three"))
        seen.until(b'"two"', b'"three"')
        if end == "problems":
            queue.problem()
        if end in ("completed", "problems"):
            queue.finish(job, "four")
        elif end == "failed":
            queue.fail(job, "four")
        elif end == "cancelled":
            queue.commit(job, "four")
            queue.cancel(job)
            queue.end_cancelled(job)
        else:
            queue.commit(job, "four")
            seen.until(b'"four"')
            queue.sql("DELETE FROM library_scan_jobs")
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == code
    lines = [json.loads(line) for line in (seen.text + out).splitlines()]
    ours = [line["message"] for line in lines if line["message"] in ("one", "two", "three", "four")]
    assert ours == ["one", "two", "three", "four"]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1)), "none twice, none left out"
    assert (b"deleted" in err) is (end == "deleted")


def test_a_job_that_comes_back_to_the_queue_is_followed_on(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    process, seen = _follow(shelf, job.id)
    try:
        queue.commit(job, "one")
        queue.lose(job)
        seen.until(b"one", b"its process is gone; it goes on")
        claimed = queue.do(lambda jobs: jobs.claim_next("worker-2"))
        assert claimed is not None
        queue.finish(claimed, "two")
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert b"two" in seen.text + out


def test_ctrl_c_ends_the_following_and_not_the_job(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.commit(job, "one")
    process, seen = _follow(shelf, job.id)
    try:
        seen.until(b"one")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, err) == (130, b"")
    assert queue.row(job).status.value == "running"


def test_following_waits_without_being_busy(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.commit(job, "one")
    process, seen = _follow(shelf, job.id)
    try:
        seen.until(b"one")
        spent = _cpu_seconds(process.pid)
        # Something else that takes a while: the other process has nothing to do all the time.
        for _ in range(2):
            assert shelf.typed("jobs", "logs", job.id).out.count("one") == 1
        assert _cpu_seconds(process.pid) - spent < 0.3
    finally:
        process.kill()
        process.communicate()


def _cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
        words = file.read().rsplit(b")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("options", [[], ["--json"], ["--follow"]])
def test_a_reader_that_has_had_enough_is_no_error(shelf: Shelf, queue: Queue, options: list[str]) -> None:
    job = queue.running()
    queue.commit(job, *(f"line {number} {'x' * 200}" for number in range(5000)))
    process = shelf.start("jobs", "logs", job.id, *options)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 1
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_pipe_into_head_is_quiet(shelf: Shelf, queue: Queue) -> None:
    job = queue.running()
    queue.commit(job, *(f"line {number} {'x' * 200}" for number in range(5000)))
    for command in ("logs", "show"):
        line = f'"{sys.executable}" -m shelfread jobs {command} {job.id} | head -n 1'
        done = subprocess.run(["sh", "-c", line], env=shelf.env, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.count(b"\n") == 1
