"""The warm child of a worker: one process that runs scans, one after the other, and may be killed any time.

Started by `tasks.warm` through `scan.child`. It opens the database itself, keeps walkers and parsers warm
between jobs, and tells its parent once a second that its event loop turns. It never claims a job and never
ends one but by completing it: how else a job ends is the worker's to write, which outlives this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from shelfread.model.job import CancelRequested, Job, JobStatus, JobType, LostJob
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.running import RunningJob
from shelfread.scan.channel import take_variables
from shelfread.scan.child import Channel, ChannelClosed, resolve
from shelfread.scan.children import ScanChildFailed
from shelfread.scan.plan import Plan
from shelfread.store.database import Database, is_away
from shelfread.store.libraries import LibraryRepository
from shelfread.tasks.follow_up import follow_scan
from shelfread.tasks.library_scan import KindParts, Pools, PoolSizes, plan_of, reason_of, scan_library_job

#: How often the parent is told that the event loop turns, in seconds.
PING_S = 1.0
#: Walkers and parsers that had nothing to do for so long are ended; a later job starts them again.
IDLE_S = 300.0
#: A scan is work behind the scenes: where processors are short, whoever waits for an answer goes first. Where
#: they are not, nothing is lost by it.
NICENESS = 5

_encode = msgspec.msgpack.Encoder().encode


class Init(msgspec.Struct):
    """What a child is told at its start."""

    #: With the password; it comes over the channel and is in no environment and no argument.
    database_url: str
    #: Where the kinds of media are found, "module:NAME".
    kinds: str
    parsers: int
    walkers: int
    file_timeout_s: float
    memory_limit: int
    settle_seconds: float
    heartbeat_s: float
    move_days: int = 30
    #: What PostgreSQL's library reads from the environment, a password perhaps. Children of this child, which
    #: open media, do not get it.
    environment: dict[str, str] = {}


class Order(msgspec.Struct):
    """What the parent wants: a job to be run, or the one that runs to be stopped."""

    run: str | None = None
    fence: int = 0
    stop: bool = False


class Word(msgspec.Struct):
    """What the child says: a ping when `ended` is empty, else how the job ended here."""

    #: completed, stopped, cancelled, lost, away or failed.
    ended: str = ""
    reason: str = ""
    error: str = ""
    #: The most memory this process had, in bytes.
    peak: int = 0


def resident(init: Any) -> Resident:
    """The role for `scan.child`."""
    told = msgspec.convert(init, Init)
    take_variables(told.environment)
    return Resident(told)


class Resident:
    """Runs jobs as they are ordered."""

    def __init__(self, init: Init) -> None:
        self._init = init
        self._kinds: Mapping[str, KindParts] = resolve(init.kinds)
        self._pools: dict[str, Pools] = {}

    def __call__(self, request: Any) -> Any:
        """Never asked: `take_over` does not return."""
        raise AssertionError("a resident takes orders, not requests")

    def take_over(self, channel: Channel) -> None:
        """Serve the channel for ever."""
        # Walkers and parsers step back once more (`scan.child`).
        os.nice(NICENESS)
        asyncio.run(self._serve(channel))

    async def _serve(self, channel: Channel) -> None:
        orders: asyncio.Queue[Order] = asyncio.Queue()
        listening = threading.Thread(
            target=_listen, args=(channel, asyncio.get_running_loop(), orders), daemon=True
        )
        listening.start()
        pinging = asyncio.create_task(_ping(channel))
        database = Database(self._init.database_url)
        try:
            while True:
                order = await self._next(orders)
                if order.run is not None:
                    word = await self._run(database, order, orders)
                    channel.send(_encode(word))
        finally:
            pinging.cancel()

    async def _next(self, orders: asyncio.Queue[Order]) -> Order:
        """The next order; without one for long, the processes that wait for it are let go."""
        try:
            async with asyncio.timeout(IDLE_S if self._pools else None):
                return await orders.get()
        except TimeoutError:
            await self._close_pools()
            return await orders.get()

    async def _run(self, database: Database, order: Order, orders: asyncio.Queue[Order]) -> Word:
        work = asyncio.ensure_future(self._scan(database, order))
        stopping = asyncio.ensure_future(_wait_for_stop(orders))
        await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not work.done():
            work.cancel()
            await asyncio.wait([work])
        word = Word(ended="completed")
        try:
            work.result()
        except asyncio.CancelledError:
            word.ended = "stopped"
        except CancelRequested:
            word.ended = "cancelled"
        except LostJob as error:
            word.ended, word.error = "lost", str(error)
        except Exception as error:  # noqa: BLE001 - the parent writes down whatever it is
            reason, text = reason_of(error)
            # Neither a database that is away nor a process that was killed has anything against this job: it
            # is tried again.
            word.ended = "away" if is_away(error) or isinstance(error, ScanChildFailed) else "failed"
            # A name on disk need not be UTF-8, and what cannot be encoded cannot be sent.
            word.reason, word.error = reason.value, text.encode("utf-8", "replace").decode()
        if word.ended != "completed":
            # They may be in the middle of something that nobody waits for any more.
            await self._close_pools()
        word.peak = _peak()
        return word

    async def _scan(self, database: Database, order: Order) -> None:
        repository = ScanJobRepository(database)
        job = await repository.get(order.run or "")
        if job is None or (job.status, job.fence) != (JobStatus.RUNNING, order.fence):
            raise LostJob(f"job {order.run} was taken over or ended by another process")
        # The heart beats before anything is started: that may take longer than a lease on a busy machine.
        running = RunningJob(repository, job, heartbeat_s=self._init.heartbeat_s)
        try:
            plan, pools = await self._prepared(database, job)
            if job.type == JobType.CONVERT:
                # No scan needs what reads and writes archives.
                from shelfread.tasks.convert import convert_library_job

                await convert_library_job(
                    database,
                    running,
                    plan.library,
                    plan.scopes,
                    pools,
                    memory_limit=self._init.memory_limit,
                )
                return
            await scan_library_job(database, running, plan, pools)
        finally:
            await running.close()
        try:
            await follow_scan(repository, plan.library, job.timeout_s)
        except Exception as error:  # noqa: BLE001 - the scan has ended well; the next one asks again
            logging.getLogger(__name__).warning("what follows job %s cannot be queued: %s", job.id, error)

    async def _prepared(self, database: Database, job: Job) -> tuple[Plan, Pools]:
        library = await LibraryRepository(database).get(job.library_id or 0)
        if library is None:
            raise LostJob(f"library {job.library_id} is not there any more")
        plan = plan_of(job, library, self._init.settle_seconds, self._init.move_days)
        pools = self._pools.get(library.kind)
        if pools is None:
            init = self._init
            sizes = PoolSizes(init.parsers, init.walkers, init.file_timeout_s, init.memory_limit)
            pools = self._pools[library.kind] = Pools(self._kinds[library.kind], sizes)
            await pools.start()
        return plan, pools

    async def _close_pools(self) -> None:
        pools, self._pools = list(self._pools.values()), {}
        await asyncio.gather(*(one.close() for one in pools))


def _peak() -> int:
    """The most memory that this process had, in bytes.

    Linux's `ru_maxrss` begins with that of the process that started this one; the high-water mark does not.
    """
    with contextlib.suppress(OSError, ValueError), Path("/proc/self/status").open("rb") as file:
        for line in file:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _listen(channel: Channel, loop: asyncio.AbstractEventLoop, orders: asyncio.Queue[Order]) -> None:
    """Hear the parent, in a thread of its own: the channel blocks. Without a parent nothing is left to do."""
    with contextlib.suppress(ChannelClosed, OSError, RuntimeError):
        while True:
            order = msgspec.convert(channel.receive(), Order)
            loop.call_soon_threadsafe(orders.put_nowait, order)
    os._exit(0)


async def _ping(channel: Channel) -> None:
    while True:
        channel.send(_encode(Word()))
        await asyncio.sleep(PING_S)


async def _wait_for_stop(orders: asyncio.Queue[Order]) -> None:
    while not (await orders.get()).stop:
        pass
