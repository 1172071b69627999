"""Runs a command's coroutine, and ends it in order when a signal says so.

The first SIGINT, SIGTERM or SIGHUP cancels the work, which then cleans up after itself; the second one ends
the process at once. What was committed stays in both cases, and children die with this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """The signals that came."""

    def __init__(self) -> None:
        self.received: list[int] = []

    @property
    def code(self) -> int:
        """The exit code that says so: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + self.received[0] if self.received else 128 + signal.SIGINT


def run(work: Callable[[Interrupts], Coroutine[Any, Any, T]]) -> T | int:
    """Run a coroutine until it is done; gives its result, or the exit code when a signal ended it."""
    interrupts = Interrupts()
    previous: dict[signal.Signals, Any] = {}

    async def watched() -> T:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None

        def on_signal(number: int, _frame: object) -> None:
            if interrupts.received:
                leave_at_once(128 + number)
            interrupts.received.append(number)
            with contextlib.suppress(RuntimeError):  # the loop is closed: the work is done
                loop.call_soon_threadsafe(task.cancel)

        for wanted in _SIGNALS:
            if signal.getsignal(wanted) is not signal.SIG_IGN:  # as `nohup` and `&` have it
                previous[wanted] = signal.signal(wanted, on_signal)
        try:
            return await work(interrupts)
        finally:
            await let_threads_end()

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        return interrupts.code
    finally:
        for wanted in previous:
            signal.signal(wanted, signal.default_int_handler if wanted == signal.SIGINT else signal.SIG_DFL)


async def let_threads_end() -> None:
    """Wait a moment for the threads of a connection that failed or was cut short.

    Such a thread of aiosqlite answers to a loop that is closed by then, and dies with a traceback.
    """
    for _ in range(100):
        if not any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):
            return
        await asyncio.sleep(0.005)


def leave_at_once(code: int) -> None:
    """End this process without any more ado."""
    if sys.stderr.isatty():
        os.write(2, b"\x1b[?25h\n")  # the progress display hides the cursor
    os._exit(code)
