"""Ctrl-C and SIGTERM: what is committed stays, the job ends cancelled, nobody is left behind."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Shelf, stop


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _gone(children: list[int]) -> None:
    """Wait until processes have ended: with their parent, and not before it."""
    looked = threading.Event()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{child}").exists() for child in children):
            return
        looked.wait(0.02)
    raise AssertionError("children of a command that has ended go on")


def _started(shelf: Shelf, process: subprocess.Popen[bytes]) -> None:
    """Wait until the scan's job is in the database."""
    database = shelf.folder / "home" / "shelfread.db"
    ready = threading.Event()
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if database.exists():
            connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
            try:
                if connection.execute("SELECT 1 FROM library_scan_jobs WHERE status = 'running'").fetchall():
                    return
            except sqlite3.OperationalError:
                pass
            finally:
                connection.close()
        assert process.poll() is None, process.communicate()
        ready.wait(0.02)
    raise AssertionError("no job appeared")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_scan_in_order(shelf: Shelf, number: int, code: int) -> None:
    for file in range(600):
        shelf.sound(f"{file % 50}/{file}.mp3")
    process = shelf.start("scan", shelf.music, "--mode", "sync", "--json")
    try:
        _started(shelf, process)
        children = _children(process.pid)
        # Beside a server it goes behind the server's answers.
        assert os.getpriority(os.PRIO_PROCESS, process.pid) >= 5
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    finally:
        stop(process)
    assert process.returncode == code
    document = json.loads(out)
    assert document["status"] == "cancelled"
    assert err.count(b"\n") == 1
    assert b"interrupted" in err
    _gone(children)
    (job,) = shelf.call("library", "show", "1", "--json").json()["scans"]
    assert (job["status"], job["job_id"]) == ("cancelled", document["job_id"])
    # The next scan does the rest.
    after = shelf.run("scan", shelf.music, "--json")
    assert after.code == 0
    assert after.json()["registered"] == 600


SLOW_TO_CLEAN = """
import asyncio, sys
from shelfread.cli.running import run

async def work(_):
    print("working", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaning", flush=True)
        await asyncio.Event().wait()

sys.exit(run(work))
"""


def test_a_second_ctrl_c_ends_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", SLOW_TO_CLEAN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for word in (b"working\n", b"cleaning\n"):
            assert process.stdout.readline() == word
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130


def test_a_command_that_is_done_waits_for_no_thread_that_is_stuck(shelf: Shelf) -> None:
    stuck = (
        "import threading; threading.Thread(target=threading.Event().wait).start(); "
        "from shelfread.cli import main; main()"
    )
    for args, code in ((["library", "list", "--json"], 0), (["library", "show", "7"], 2)):
        process = subprocess.run(
            [sys.executable, "-c", stuck, *args], env=shelf.env, capture_output=True, timeout=60, check=False
        )
        assert process.returncode == code
        # And all that was said is said.
        assert (process.stdout + process.stderr).count(b"\n") == 1


def test_a_terminal_shows_progress_and_a_summary_and_nothing_of_a_name_as_it_is(shelf: Shelf) -> None:
    shelf.sound("[red]x\x1b[2J.mp3")
    (shelf.music / "[bold]\x1b]0;owned\x07.mp3").write_bytes(b"")
    ours, theirs = pty.openpty()
    env = shelf.env | {"TERM": "xterm-256color", "COLUMNS": "100"}
    process = shelf.start("scan", shelf.music, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # how a pseudo-terminal says that it is over
        pass
    finally:
        os.close(ours)
    assert process.wait(timeout=30) == 3
    assert b"Looking" in seen
    assert b"Music" in seen
    assert b"\x1b[2J" not in seen
    assert b"\x1b]0;" not in seen
    assert b"[bold]\\x1b]0;owned\\x07.mp3" in seen
    assert b"empty_file" in seen
    assert seen.count(b"\x1b[?25l") == seen.count(b"\x1b[?25h") == 1, "the cursor is back"


def test_a_reader_that_has_had_enough_is_no_error(bare_shelf: Shelf) -> None:
    process = bare_shelf.start("inspect", "--names", "--json", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdin as names, process.stdout as out, process.stderr as err:
        names.write(b"a.mp3\n")
        names.flush()
        assert json.loads(out.readline())["title"] == "a"
        out.close()
        names.write(b"b.mp3\n" * 10)
        names.close()
        assert err.read() == b""
        assert process.wait(timeout=30) == 1
