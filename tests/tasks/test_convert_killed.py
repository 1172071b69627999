"""Conversions that are killed at any step, and at any moment: never a lost page, never two books, never a
half file under a book's name. The next job, or the next scan, settles what was left.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from shelfread.app.places import whole
from shelfread.store import converting
from tests.conftest import Shelf
from tests.tasks.convert_stand import (
    Entries,
    check_books,
    comic,
    content,
    convert,
    entries_of,
    leftovers,
    nothing_to_do,
    set_options,
)

#: Each kill is a process that starts: some 25 seconds in all on two free processors.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

DRIVER = Path(__file__).with_name("convert_driver.py")
SUFFIXES = ("cbr", "cb7", "cbt")
SEED = 5
KILLS = 30
#: Between every two steps of one book; frames are those of its entries.
STEPS = ("begun", "Opened", "Begun", "Portion", "Ended", "Closed", "sealed", "compared")
EXCHANGE = ("journalled", "renamed", "settled", "removed")


class Driver:
    """The process that forks conversions."""

    def __init__(self) -> None:
        root = Path(__file__).resolve().parents[2]
        self._process = subprocess.Popen(
            [sys.executable, str(DRIVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
            text=True,
        )

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    async def run(self, shelf: Shelf, step: str = "-", nth: int = 1, kill_after: int = -1) -> list[str]:
        """Run a conversion; gives its steps, the last line is how it ended.

        Args:
            shelf: the library.
            step: where it ends itself, at the `nth` time.
            nth: from 1.
            kill_after: it is killed when it has told so many steps.
        """
        return await asyncio.to_thread(self._run, shelf, step, nth, kill_after)

    def _run(self, shelf: Shelf, step: str, nth: int, kill_after: int) -> list[str]:
        url = shelf.database.url.render_as_string(hide_password=False)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{url} {shelf.library_id} {step} {nth}\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline().split()[1])
        steps: list[str] = []
        while not steps or not steps[-1].startswith("exit "):
            if len(steps) == kill_after:
                # It has gone on meanwhile: this may be in a write, a rename or a transaction.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            steps.append(self._process.stdout.readline().strip())
            assert steps[-1], "the driver is gone"
        return steps


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    started = Driver()
    yield started
    started.close()


async def _filled(shelf: Shelf, count: int) -> tuple[dict[str, Entries], dict[str, int]]:
    """A library of so many books: their entries and ids, by stem."""
    wanted: dict[str, Entries] = {}
    for number in range(count):
        stem = f"{'Tides/' if number % 3 else ''}{number:02}"
        comic(shelf.tree / f"{stem}.{SUFFIXES[number % 3]}", number, pages=2)
        wanted[stem] = entries_of(number, 2)
    await shelf.scan()
    return wanted, {os.path.splitext(path)[0]: row_id for path, row_id in (await shelf.ids()).items()}


def _check_disk(shelf: Shelf, wanted: dict[str, Entries]) -> None:
    """Right after a kill: no page is lost, and what has a book's name is a whole book."""
    found: Counter[str] = Counter()
    for path in shelf.tree.path.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            stem = os.path.splitext(str(path.relative_to(shelf.tree.path)))[0]
            if stem.startswith(".shelfread-trash/"):
                stem = stem.split("/", 2)[2]
            assert content(path) == wanted[stem], path
            found[stem] += 1
    assert found.keys() == wanted.keys()


async def _check_settled(shelf: Shelf, wanted: dict[str, Entries], ids: dict[str, int]) -> None:
    """After a scan: every book is there, once, and whole."""
    counts = await shelf.scan()
    assert not counts.keys() - {"unchanged"}, counts
    await check_books(shelf, wanted, ids)
    assert await shelf.missing() == set()
    async with shelf.database.read() as connection:
        assert await converting.under_way(connection, whole(await shelf.library())) == []


async def _check_end(shelf: Shelf, wanted: dict[str, Entries], ids: dict[str, int]) -> None:
    """When all is converted at last."""
    outcome = await convert(shelf)
    assert not outcome.refused
    assert set(await shelf.ids()) == {f"{stem}.cbz" for stem in wanted}
    assert not leftovers(shelf)
    await _check_settled(shelf, wanted, ids)
    visible = [
        path
        for path in shelf.tree.path.rglob("*.cb?")
        if not path.relative_to(shelf.tree.path).parts[0].startswith(".")
    ]
    await nothing_to_do(shelf, len(visible))


async def test_c4_a_conversion_that_dies_between_two_steps_leaves_the_old_state_or_the_new(
    book_shelf: Shelf, driver: Driver, database_kind: str
) -> None:
    # What stands in the database differs in the last steps only.
    steps = [*(STEPS if database_kind == "sqlite" else ()), *EXCHANGE, *EXCHANGE]
    wanted, ids = await _filled(book_shelf, len(steps))
    for turn, step in enumerate(steps):
        remove = step == "removed" or turn % 2 == 0
        await set_options(book_shelf, remove_originals=remove)
        told = await driver.run(book_shelf, step)
        assert told[-2:] == [step, "exit 9"], told
        _check_disk(book_shelf, wanted)
        # The first time a scan settles it, the second time the next job does.
        if turn < len(steps) - len(EXCHANGE):
            await _check_settled(book_shelf, wanted, ids)
    await _check_end(book_shelf, wanted, ids)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_c4_thirty_conversions_that_are_killed_at_any_moment_lose_nothing(
    book_shelf: Shelf, driver: Driver
) -> None:
    chance = random.Random(SEED)
    # Some may be through before they are killed.
    turns = KILLS + 10
    wanted, ids = await _filled(book_shelf, turns + 2)
    killed = 0
    for turn in range(turns):
        if killed == KILLS:
            break
        await set_options(book_shelf, remove_originals=chance.random() < 0.5)
        told = await driver.run(book_shelf, kill_after=chance.randrange(1, 20))
        killed += told[-1] == "exit -9"
        _check_disk(book_shelf, wanted)
        if turn % 6 == 5:
            await _check_settled(book_shelf, wanted, ids)
    assert killed == KILLS
    await _check_end(book_shelf, wanted, ids)
