"""`scan.extract`: hostile readers cost their own file and nothing else. Real processes throughout."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shelfread.model.entry import Stamp, fold64
from shelfread.model.problem import ProblemCode
from shelfread.scan.children import ScanChildFailed
from shelfread.scan.extract import SIDECAR, FileReading, FileRef, ParserPool
from tests.scan.hostile import children, gone, resident


def pool_of(kind: str, workers: int = 2, **options: Any) -> ParserPool:
    return ParserPool(f"tests.scan.hostile:{kind}", workers, **options)


def item(reading: FileReading) -> Any:
    return msgspec.msgpack.decode(reading.item)


def make(folder: Path, names: list[str]) -> list[FileRef]:
    files = []
    for name in names:
        path = folder / name
        path.write_bytes(name.encode())
        files.append(FileRef(os.fsencode(path), name.encode()))
    return files


def assert_read(files: list[FileRef], readings: list[FileReading], bad: dict[int, ProblemCode]) -> None:
    """Every file is answered in its place: the bad ones with their code, the others in full."""
    assert len(readings) == len(files)
    codes = {number: reading.code for number, reading in enumerate(readings) if reading.code is not None}
    assert codes == bad, [(reading.code, reading.detail) for reading in readings]
    for number, (file, reading) in enumerate(zip(files, readings, strict=True)):
        if number not in bad:
            found = os.stat(file.path)
            assert reading.stamp == Stamp(
                found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_dev, found.st_ino
            )
            assert item(reading)["name"] == file.relative
            assert reading.signature == file.relative[:16]


NAMES = ["a", "b", "bad", "c", "d"]
CRASHED = ProblemCode.PARSER_CRASHED
TIMEOUT = ProblemCode.PARSER_TIMEOUT
OOM = ProblemCode.PARSER_OOM
OUTPUT = ProblemCode.PARSER_OUTPUT


@pytest.mark.parametrize(
    ("kind", "code", "detail"),
    [
        ("ABORTS", CRASHED, "the reader died: SIGABRT"),
        ("SEGFAULTS", CRASHED, "the reader died: SIGSEGV"),
        ("EXITS", CRASHED, "the reader died: exit code 9: the last line"),
        ("LEAVES", CRASHED, "SystemExit: 7"),
        ("HANGS", TIMEOUT, "not read within 0.6 s"),
        ("SLEEPS", TIMEOUT, "not read within 0.6 s"),
        ("EATS", OOM, "the reader went over its memory limit"),
        ("EATS_SMALL", OOM, "the reader went over its memory limit"),
        ("MAPS", OOM, "the reader went over its memory limit"),
        ("RECURSES", CRASHED, "RecursionError: maximum recursion depth exceeded.*"),
        ("RAISES", CRASHED, r"KeyError: 'no\\nsuch \\x00\\ud800 tag'"),
        ("NOTHING", CRASHED, "TypeError: the reader returned str"),
        ("HUGE", OUTPUT, r"the reader gave 524\d+ bytes for one file, 2097152 are accepted"),
        ("UNKNOWN_OBJECT", CRASHED, "TypeError: .*"),
        ("GARBAGE", OUTPUT, "the reader sent rubbish.*"),
        ("LONG_FRAME", OUTPUT, "a frame of 2147483647 bytes, .* are accepted"),
        ("ANSWERS_FOR_OTHERS", OUTPUT, "the reader sent an answer nobody asked for"),
        ("CLOSES_ALL", CRASHED, "the reader died: .*"),
        ("KILLS", CRASHED, "the reader died: SIGKILL"),
        ("CLOSES_FILE", CRASHED, "the reader closed its file"),
        ("FORKS", CRASHED, "the reader died: SIGABRT"),
        ("DISK", ProblemCode.IO_ERROR, "OSError: .*Input/output error"),
        ("WRITES", CRASHED, "OSError: .*File too large"),
        ("TOUCHES_ALWAYS", ProblemCode.CHANGED_WHILE_READ, "the file kept changing"),
        ("REFUSES", ProblemCode.TRUNCATED, "ends early"),
    ],
)
async def test_a_hostile_reader_costs_its_own_file_and_no_other(
    tmp_path: Path, kind: str, code: ProblemCode, detail: str
) -> None:
    before = children()
    files = make(tmp_path, NAMES)
    timeout = 0.6 if code is TIMEOUT else 20.0
    async with pool_of(kind, file_timeout_s=timeout, memory_limit=128 << 20) as pool:
        first, second = await asyncio.gather(pool.read(files), pool.read(files[3:]))
        assert_read(files, first, {2: code})
        assert_read(files[3:], second, {})
        assert re.fullmatch(detail, first[2].detail or ""), first[2].detail
        assert_read(files[:2], await pool.read(files[:2]), {})
        pids = pool.pids
    assert all(gone(pid) for pid in pids)
    assert children() <= before


@pytest.mark.parametrize("kind", ["TALKS", "THREADS", "LEAKS"])
async def test_bad_manners_that_break_nothing_cost_nothing(tmp_path: Path, kind: str) -> None:
    files = make(tmp_path, ["bad1", "a", "bad2", "b", "c"])
    async with pool_of(kind, 1) as pool:
        assert_read(files, await pool.read(files), {})


async def test_a_chunk_of_nothing_but_bad_files_ends(tmp_path: Path) -> None:
    files = make(tmp_path, [f"bad{number}" for number in range(6)])
    async with pool_of("ABORTS") as pool:
        readings = await pool.read(files)
        assert_read(files, readings, dict.fromkeys(range(6), CRASHED))


async def test_lone_surrogates_are_replaced_at_the_border(tmp_path: Path) -> None:
    (file,) = make(tmp_path, ["bad"])
    async with pool_of("SURROGATES", 1) as pool:
        (reading,) = await pool.read([file])
    assert item(reading) == {"title": "a?b", "raw": b"\xff", "list": ["?"]}
    assert reading.detail == "detail ?"


async def test_a_file_that_changed_once_is_read_again_and_consistent(tmp_path: Path) -> None:
    files = make(tmp_path, NAMES)
    async with pool_of("TOUCHES_ONCE", 1) as pool:
        readings = await pool.read(files)
    assert_read(files, readings, {})
    assert readings[2].stamp is not None
    assert readings[2].stamp.mtime_ns == 1_000


async def test_a_file_that_grows_while_it_is_read_is_never_given_with_mixed_facts(tmp_path: Path) -> None:
    files = make(tmp_path, NAMES)
    async with pool_of("GROWS", 1) as pool:
        task = asyncio.create_task(pool.read(files))
        with (tmp_path / "bad").open("ab", buffering=0) as file:
            while not task.done():
                file.write(b"more")
                await asyncio.sleep(0.001)
        readings = await task
    assert_read(files, readings, {2: ProblemCode.CHANGED_WHILE_READ})
    assert item(readings[2]) is None


async def test_what_is_not_a_readable_file_gets_its_own_code(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to("fine")
    make(tmp_path, ["fine", "closed"])
    (tmp_path / "closed").chmod(0)
    expected: dict[str, ProblemCode | None] = {
        "folder": ProblemCode.NOT_A_FILE,
        "fifo": ProblemCode.NOT_A_FILE,
        "socket": ProblemCode.NOT_A_FILE,
        "absent": ProblemCode.VANISHED,
        "fine/below": ProblemCode.VANISHED,
        "dangling": ProblemCode.BROKEN_LINK,
        "loop": ProblemCode.BROKEN_LINK,
        "n" * 300: ProblemCode.IO_ERROR,
        "nul\0": ProblemCode.IO_ERROR,
        "closed": None if os.geteuid() == 0 else ProblemCode.PERMISSION_DENIED,
        "link": None,
        "fine": None,
    }
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        async with pool_of("ABORTS", 1) as pool:
            readings = await pool.read([FileRef(os.fsencode(tmp_path / name), b"") for name in expected])
    assert [reading.code for reading in readings] == list(expected.values())
    assert all(reading.detail for reading in readings if reading.code is not None)


async def test_extreme_stamps_arrive_exactly(tmp_path: Path) -> None:
    files = make(tmp_path, ["past", "future"])
    os.utime(tmp_path / "past", ns=(0, -1_500_000_001))
    os.utime(tmp_path / "future", ns=(0, 2**33 * 10**9))
    async with pool_of("ABORTS", 1) as pool:
        assert_read(files, await pool.read(files), {})


async def test_times_beyond_64_bits_arrive_folded() -> None:
    folder = Path("/dev/shm")
    if not os.access(folder, os.W_OK):
        pytest.skip("needs a filesystem with 64 bit seconds")
    path = folder / f"shelfread-test-{os.getpid()}"
    path.write_bytes(b"x")
    try:
        os.utime(path, (0, 2**50))
        async with pool_of("ABORTS", 1) as pool:
            (reading,) = await pool.read([FileRef(os.fsencode(path), b"")])
        assert reading.stamp is not None
        assert reading.stamp.mtime_ns == fold64(path.stat().st_mtime_ns)
    finally:
        path.unlink()


async def test_sidecars_are_read_by_their_own_reader(tmp_path: Path) -> None:
    files = make(tmp_path, ["a", "cover"])
    (tmp_path / "empty").touch()
    files += [FileRef(os.fsencode(tmp_path / "empty"), b"empty", SIDECAR)]
    files[1] = files[1]._replace(want=SIDECAR)
    async with pool_of("ABORTS", 1) as pool:
        readings = await pool.read(files)
    assert [reading.code for reading in readings] == [None, None, None]
    assert item(readings[1])["width"] == 5
    assert item(readings[2]) is None


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_kills_from_outside_at_random_moments_lose_nothing(tmp_path: Path, seed: int) -> None:
    files = make(tmp_path, [f"bad{number}" for number in range(600)])
    dice = random.Random(seed)
    async with pool_of("BUSY") as pool:
        tasks = [asyncio.create_task(pool.read(files[at : at + 50])) for at in range(0, 600, 50)]
        everything = asyncio.gather(*tasks)
        kills = 0
        while not everything.done():
            # Enough: on a busy machine readers that start would be killed for ever.
            pause = dice.uniform(0.0, 0.15) if kills < 12 else None
            await asyncio.wait([everything], timeout=pause)
            if pool.pids and not everything.done():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(dice.choice(pool.pids), signal.SIGKILL)
                    kills += 1
        chunks = await everything
    assert kills > 3
    assert_read(files, [reading for chunk in chunks for reading in chunk], {})


async def test_a_cancelled_read_kills_its_reader_and_no_other_chunk(tmp_path: Path) -> None:
    files = make(tmp_path, NAMES)
    async with pool_of("SLEEPS", 1) as pool:
        (pid,) = pool.pids
        hung = asyncio.create_task(pool.read(files))
        behind = asyncio.create_task(pool.read(files[3:]))
        await asyncio.wait([hung, behind], timeout=0.1)
        hung.cancel()
        begun = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await hung
        assert_read(files[3:], await behind, {})
        assert time.monotonic() - begun < 10, "long before the 30 s that a file may take"
        assert gone(pid)


async def test_closing_ends_everything_at_once_and_fails_what_waits(tmp_path: Path) -> None:
    files = make(tmp_path, NAMES)
    pool = pool_of("HANGS")
    await pool.start()
    pids = pool.pids
    assert len(pids) == 2
    tasks = [asyncio.create_task(pool.read(files)) for _ in range(5)]
    await asyncio.wait(tasks, timeout=0.05)
    begun = time.monotonic()
    await pool.close()
    assert time.monotonic() - begun < 10, "long before the 30 s that a file may take"
    assert all(gone(pid) for pid in pids)
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(result, ScanChildFailed)
    with pytest.raises(ScanChildFailed, match="closed"):
        await pool.read(files)
    await pool.close()


async def test_a_kind_that_cannot_be_loaded_ends_the_scan_and_says_why() -> None:
    before = children()
    with pytest.raises(ScanChildFailed, match="no attribute 'ABSENT'"):
        await pool_of("ABSENT").start()
    assert children() <= before


async def test_a_loop_that_was_held_up_blames_no_file(tmp_path: Path) -> None:
    files = make(tmp_path, [f"bad{number}" for number in range(50)])
    async with pool_of("BUSY", 1, file_timeout_s=0.5) as pool:
        task = asyncio.create_task(pool.read(files))
        await asyncio.sleep(0)
        time.sleep(1.5)
        assert_read(files, await task, {})


async def test_memory_stays_flat_over_twenty_thousand_files(tmp_path: Path) -> None:
    files = make(tmp_path, [f"{number}" for number in range(100)])
    async with pool_of("ABORTS") as pool:

        def held() -> list[int]:
            return [resident(pid) for pid in (os.getpid(), *pool.pids)]

        async def rounds(count: int) -> None:
            for _ in range(count):
                await asyncio.gather(*(pool.read(files) for _ in range(5)))

        await rounds(5)
        before = held()
        await rounds(40)
        after = held()
    for first, last in zip(before, after, strict=True):
        assert last - first < 4 << 20


async def test_the_parent_pays_little_per_file(tmp_path: Path) -> None:
    files = make(tmp_path, [f"{number}" for number in range(100)])
    async with pool_of("ABORTS") as pool:
        await pool.read(files)
        costs = []
        for _ in range(5):
            begun = time.process_time()
            await asyncio.gather(*(pool.read(files) for _ in range(20)))
            costs.append((time.process_time() - begun) / 2000)
    assert min(costs) < 30e-6  # about 6 on an idle machine


async def test_no_files_are_no_work() -> None:
    async with pool_of("ABORTS", 1) as pool:
        assert await pool.read([]) == []


async def test_what_the_system_lacks_is_told() -> None:
    async with pool_of("ABORTS", 1) as pool:
        assert os.uname().sysname != "Linux" or pool.missing == []
