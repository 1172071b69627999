"""Runs a program that stays, and turns signals into orders to it.

SIGTERM and SIGINT: leave in order, within ten seconds; a second one leaves at once. SIGHUP: read the settings
again. SIGUSR1: take no new work. What runs is in the database and in children that die with this process, so
leaving at once loses nothing: others find its jobs by its lock. Knows no worker and no server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import threading
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any

from shelfread.cli.outcome import FINE
from shelfread.cli.running import leave_at_once, let_threads_end

#: Who has not left in order by then leaves anyway, in seconds.
LATEST_S = 9.5

#: Files that a program that stays wants to have open at most; macOS allows no more.
ENOUGH_FILES = 10_240


class Order(Enum):
    """What a signal asks for."""

    LEAVE = "leave"
    RELOAD = "reload"
    DRAIN = "drain"


_ORDERS = {
    signal.SIGINT: Order.LEAVE,
    signal.SIGTERM: Order.LEAVE,
    signal.SIGHUP: Order.RELOAD,
    signal.SIGUSR1: Order.DRAIN,
}


class Orders:
    """The orders that came, one after the other."""

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        self._queue: asyncio.Queue[Order] = asyncio.Queue()
        self._attended = False

    async def next(self) -> Order:
        """Wait for the next one. From now on `LEAVE` is the caller's to obey."""
        self._attended = True
        return await self._queue.get()

    def give(self, order: Order) -> None:
        """An order came. As long as nobody attends to orders, leaving cancels whatever is going on."""
        self._queue.put_nowait(order)
        if order is Order.LEAVE and not self._attended:
            self._task.cancel()


class _Signals:
    """What the signals of this process do while it stays."""

    def __init__(self, loop: asyncio.AbstractEventLoop, orders: Orders) -> None:
        self._loop = loop
        self._orders = orders
        #: The signal that said to leave.
        self.received = 0
        self._leaving = threading.Event()
        self._terminals = [fd for fd in (0, 1, 2) if _is_terminal(fd)]
        self._before: dict[signal.Signals, Any] = {}
        # A thread, so that it also works when the event loop does not; made now, since a signal may come
        # at a moment when no thread can be made.
        threading.Thread(target=self._see_to_it, name="latest", daemon=True).start()

    @property
    def code(self) -> int:
        """The exit code of a program that left because it was told to."""
        return 130 if self.received == signal.SIGINT else FINE

    def install(self) -> None:
        for wanted in _ORDERS:
            if signal.getsignal(wanted) is not signal.SIG_IGN:  # as `nohup` has it
                self._before[wanted] = signal.signal(wanted, self._came)

    def remove(self) -> None:
        for wanted in self._before:
            # One that comes now finds the work done.
            signal.signal(wanted, signal.SIG_IGN)
        for fd in self._terminals:
            if fd and not _is_terminal(fd):
                # Nobody reads it any more, and what cannot be written would be the exit code.
                os.dup2(os.open(os.devnull, os.O_WRONLY), fd)

    def _came(self, number: int, _frame: object) -> None:
        order = _ORDERS[signal.Signals(number)]
        if order is Order.RELOAD and self._terminals and not any(map(_is_terminal, self._terminals)):
            order = Order.LEAVE  # the terminal was closed: nobody asks for anything any more
        if order is Order.LEAVE:
            if self.received:
                leave_at_once(128 + number)
            self.received = number
            self._leaving.set()
        with contextlib.suppress(RuntimeError):  # the loop is closed: the work is done
            self._loop.call_soon_threadsafe(self._orders.give, order)

    def _see_to_it(self) -> None:
        self._leaving.wait()
        threading.Event().wait(LATEST_S)
        leave_at_once(self.code)


def _is_terminal(fd: int) -> bool:
    try:
        os.tcgetpgrp(fd)
    except OSError:
        return False
    return True


def _may_open_many_files() -> None:
    """Raise the limit that shells and systemd set low for programs that use `select`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def stay(work: Callable[[Orders], Coroutine[Any, Any, int]]) -> int:
    """Run a coroutine that attends to orders, until it returns; gives the exit code.

    That is what the coroutine returned, or, when a signal told it to leave, 0 (SIGTERM) or 130 (SIGINT).
    """
    signals: _Signals | None = None
    _may_open_many_files()

    async def attended() -> int:
        nonlocal signals
        task = asyncio.current_task()
        assert task is not None
        orders = Orders(task)
        signals = _Signals(asyncio.get_running_loop(), orders)
        signals.install()
        try:
            return await work(orders)
        finally:
            await let_threads_end()

    try:
        code = asyncio.run(attended())
    except asyncio.CancelledError:
        code = FINE
    finally:
        if signals is not None:
            signals.remove()
    return signals.code if signals is not None and signals.received else code
