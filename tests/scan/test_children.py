"""`scan.children`: starting, talking to and getting rid of child processes, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from shelfread.scan.channel import environment
from shelfread.scan.children import Child, ChildDied, ScanChildFailed
from tests.scan.hostile import children, gone, is_zombie, processor_time

ECHO = "tests.scan.hostile:echo"
Start = Callable[..., Awaitable[Child]]


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.002)


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    started: list[Child] = []

    async def starter(role: str = ECHO, init: Any = None, **options: Any) -> Child:
        started.append(await Child.start(role, init, **options))
        return started[-1]

    yield starter
    for child in started:
        await child.close()
        assert gone(child.pid)


async def test_a_request_is_answered_with_what_the_role_made_of_it(start: Start) -> None:
    child = await start(init={"a": [1, b"\xff"]})
    assert await child.request({"x": -5}) == [{"a": [1, b"\xff"]}, {"x": -5}]
    assert await child.request("again") == [{"a": [1, b"\xff"]}, "again"]


async def test_replies_stream_in_order_and_may_be_none_at_all(start: Start) -> None:
    child = await start()
    assert [reply async for reply in child.stream([1, 2, 3])] == [1, 2, 3]
    assert [reply async for reply in child.stream([])] == []
    assert await child.request([7]) == 7


async def test_a_reply_of_many_megabytes_arrives_whole(start: Start) -> None:
    child = await start()
    big = os.urandom(20 << 20)
    assert await child.request([big]) == big


async def test_a_slow_consumer_does_not_pile_up_replies(start: Start) -> None:
    child = await start()
    seen = 0
    async for number, _ in child.stream("many"):
        assert number == seen
        seen += 1
        if seen % 1000 == 0:
            await asyncio.sleep(0)
            assert len(child._queue) < 3000
    assert seen == 20_000


async def test_a_decoder_of_the_caller_reads_the_replies(start: Start) -> None:
    child = await start()
    assert await child.request([[1, 2]], decode=bytes) == b"\x92\x01\x02"


async def test_a_death_fails_the_request_with_its_last_words(start: Start) -> None:
    child = await start()
    with pytest.raises(ChildDied, match=r"^exit code 4: last words$"):
        await child.request("die")
    assert not child.alive
    with pytest.raises(ChildDied):
        await child.request("more")
    assert gone(child.pid)


async def test_a_kill_from_outside_is_noticed_and_leaves_no_zombie(start: Start) -> None:
    died: list[bool] = []
    child = await start(on_death=lambda: died.append(True))
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: bool(died))
    assert child.died_of == signal.SIGKILL
    assert child.last_words() == "SIGKILL"
    assert gone(child.pid)


async def test_a_cancelled_request_kills_the_child_at_once(start: Start) -> None:
    child = await start()
    task = asyncio.create_task(child.request("hang"))
    await asyncio.sleep(0)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await child.ended()
    assert time.monotonic() - begun < 10, "not when it has hung its 1000 s"
    assert gone(child.pid)


async def test_a_second_request_at_the_same_time_is_refused(start: Start) -> None:
    child = await start()
    task = asyncio.create_task(child.request("hang"))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="already"):
        await child.request("x")
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize(
    ("role", "why"),
    [
        ("tests.scan.hostile:broken", "RuntimeError: no such thing as a role"),
        ("tests.scan.hostile:absent", "AttributeError"),
        ("no.such.module:role", "ModuleNotFoundError: No module named 'no'"),
    ],
)
async def test_a_role_that_does_not_start_says_why(role: str, why: str) -> None:
    with pytest.raises(ScanChildFailed, match=why):
        await Child.start(role, None)


async def test_a_role_that_is_never_ready_is_given_up(start: Start) -> None:
    with pytest.raises(ScanChildFailed, match="not ready"):
        await Child.start("time:sleep", 1000, start_timeout_s=0.2)


async def test_a_cancelled_start_leaves_nothing_behind() -> None:
    before = children()
    task = asyncio.create_task(Child.start("time:sleep", 1000))
    await until(lambda: len(children()) > len(before))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == before


async def test_a_frame_over_the_limit_kills_the_child(start: Start) -> None:
    child = await start(frame_limit=1000)
    with pytest.raises(ChildDied, match="a frame of 1005 bytes"):
        await child.request(["x" * 1002])


async def test_a_child_sees_no_secret_no_terminal_and_no_media_folder(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHELFREAD_DATABASE_URL", "postgresql://user:secret@host/db")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    monkeypatch.chdir(tmp_path)
    child = await start()
    variables, path, folder, session, standard_input = await child.request("environment")
    assert "secret" not in str(variables)
    assert "PYTHONSTARTUP" not in variables
    assert "" not in path
    assert tmp_path.as_posix() not in path
    assert folder == "/"
    assert session == child.pid
    assert standard_input == ""


def test_the_current_folder_is_not_searched_for_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["", "relative", *sys.path])
    entries = environment()["PYTHONPATH"].split(os.pathsep)
    assert "" not in entries
    assert all(Path(entry).is_absolute() for entry in entries)


async def test_a_child_imports_no_more_than_it_needs(start: Start) -> None:
    child = await start()
    (modules,) = [reply async for reply in child.stream("modules")]
    heavy = {"asyncio", "sqlalchemy", "multiprocessing", "typer", "rich", "socket", "subprocess", "logging"}
    assert not heavy & set(modules)


async def test_a_child_is_ready_after_a_few_hundredths_of_a_second(start: Start) -> None:
    costs = [processor_time((await start()).pid) for _ in range(5)]
    assert min(costs) <= 0.08, costs  # of processor: other tests run beside this one


PARENT = """
import asyncio, sys
from shelfread.scan.children import Child

async def main():
    children = [await Child.start("tests.scan.hostile:echo", None) for _ in range(2)]
    children[0].send("hang")
    print(*(child.pid for child in children), flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


async def test_children_die_with_a_killed_parent_even_in_the_middle_of_work() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert not any(gone(pid) for pid in pids)
        parent.kill()

        def over(pid: int) -> bool:  # a container without an init leaves the orphan's zombie lying
            return gone(pid) or is_zombie(pid)

        await until(lambda: all(over(pid) for pid in pids), 2)
