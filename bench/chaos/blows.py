"""How each fault is struck: at whom, at which moment, and whether it hit a job that was running."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from bench.chaos import inside
from bench.chaos.crew import Crew, Hand, Scan, children, cmdline, go_on, order, read_slate, state_of, strike
from bench.chaos.faults import Fault, Kind, Point
from bench.chaos.stage import Postgres, Sqlite
from shelfread.app import App
from shelfread.model.job import Job, JobStatus, Phase

#: How long a fault waits for somebody whom it can hit.
WAIT_S = 30.0
#: How long it waits for the moment that it would like best.
CHOOSY_S = 1.0
#: How long a stopped worker of the control waits for a successor to be in the middle of its job, and for
#: its own scans to do what they still can.
FOLLOWED_S = 60.0
#: How long an order waits for the transaction that it is for.
ORDER_S = 3.0

#: One line of the record: plain values.
Line = dict[str, Any]


class Blows:
    """Strikes faults, one after the other; those that last go on by themselves."""

    def __init__(
        self,
        app: App,
        stage: Sqlite | Postgres,
        crew: Crew,
        write: Callable[[Line], None],
        *,
        fenced: bool = True,
    ) -> None:
        """`fenced` is false for the control, whose stopped workers go on while a successor is at it."""
        self._fenced = fenced
        self._app = app
        self._stage = stage
        self._crew = crew
        self._write = write
        self._lasting: set[asyncio.Task[None]] = set()
        #: A full disk or a restart is everybody's: one at a time.
        self._everybody = asyncio.Lock()
        self.counted = 0

    async def strike(self, fault: Fault) -> None:
        """Do it, as soon as somebody is there to be hit."""
        if fault.kind is Kind.DISK_FULL and self._stage.no_full_disk:
            return
        found = await self._target(fault)
        if found is None:
            self._note(fault, None, None, counted=False, why="nobody did a job that it could hit")
            return
        await self._do(fault, *found)

    async def over(self) -> None:
        """Wait for those that last."""
        while self._lasting:
            await asyncio.wait(self._lasting)

    # Whom, and when

    async def _target(self, fault: Fault) -> tuple[Scan, Job] | None:
        began = time.monotonic()
        while time.monotonic() - began < WAIT_S:
            wanted = [scan for scan in self._crew.scans() if self._fits(fault.kind, scan)]
            random.Random(f"{fault.number} {fault.choice}").shuffle(wanted)
            choosy = time.monotonic() - began < CHOOSY_S
            for scan in wanted:
                job = await self._row(scan.job_id)
                if job is None or (job.status, job.fence) != (JobStatus.RUNNING, scan.fence):
                    continue
                early = job.phase in (None, Phase.DISCOVERING) and not job.counters.processed
                told = fault.point in (Point.WALKING, Point.WORKING)
                if choosy and told and early is not (fault.point is Point.WALKING):
                    continue
                return scan, job
            await asyncio.sleep(0.02)
        return None

    def _fits(self, kind: Kind, scan: Scan) -> bool:
        if kind is Kind.KILL_SERVER:
            return scan.hand.kind == "managed"
        if kind is Kind.KILL_WORKER:
            return scan.hand.kind == "standalone"
        if kind is Kind.END_BACKEND:
            return scan.backend != 0
        return True

    async def _row(self, job_id: str) -> Job | None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(5):
                return await self._app.jobs.get(job_id)
        return None

    # What

    async def _do(self, fault: Fault, scan: Scan, job: Job) -> None:
        hand = scan.hand
        match fault.kind:
            case Kind.KILL_CHILD:
                struck = await self._kill_child(fault, scan)
                await self._judge(fault, scan, job, struck)
            case Kind.KILL_PARSER | Kind.KILL_WALKER:
                role = b"parser" if fault.kind is Kind.KILL_PARSER else b"walker"
                mine = [pid for pid in children(scan.pid) if role in cmdline(pid).split(b"\0")]
                struck = any(strike(pid, signal.SIGKILL, scan.pid) for pid in mine[:1])
                await self._judge(fault, scan, job, struck)
            case Kind.KILL_WORKER | Kind.KILL_SERVER:
                hand.busy = True
                hand.kill()
                await self._judge(fault, scan, job, True)
                self._last(self._again(hand, fault))
            case Kind.TERM_WORKER:
                hand.busy = True
                hand.signal(signal.SIGTERM)
                await self._judge(fault, scan, job, True)
                self._last(self._left(hand, fault))
            case Kind.STOP_CHILD | Kind.STOP_WORKER | Kind.STOP_LOOP:
                hand.busy = True
                if fault.kind is not Kind.STOP_CHILD:
                    hand.signal(signal.SIGSTOP)
                struck = fault.kind is Kind.STOP_LOOP or await self._stop_outside(scan)
                if fault.kind is Kind.STOP_WORKER:
                    for pid in hand.residents():
                        strike(pid, signal.SIGSTOP, hand.pid)
                await self._judge(fault, scan, job, struck)
                self._last(self._awake(fault, scan, job))
            case Kind.STOP_INSIDE:
                hand.busy = True
                what = inside.STOP_BEFORE if fault.point is Point.BEFORE_COMMIT else inside.STOP_AFTER
                struck = await self._ordered(scan, what, lambda: state_of(scan.pid) in ("T", ""))
                if struck:
                    hand.signal(signal.SIGSTOP)
                await self._judge(fault, scan, job, struck)
                self._last(self._awake(fault, scan, job))
            case Kind.CLOCK:
                hand.jump(fault.hours)
                await self._judge(fault, scan, job, True)
            case Kind.DISK_FULL:
                self._last(self._fill(fault, scan, job))
                await asyncio.sleep(0.05)
            case Kind.RESTART_FAST | Kind.RESTART_CRASH:
                self._last(self._restart(fault, scan, job))
                await asyncio.sleep(0.05)
            case Kind.END_BACKEND | Kind.END_PRESENCE:
                assert isinstance(self._stage, Postgres)
                struck = False
                with contextlib.suppress(Exception):
                    if fault.kind is Kind.END_BACKEND:
                        struck = await asyncio.to_thread(self._stage.end_backend, scan.backend)
                    elif job.worker_id is not None:
                        number = uuid.UUID(job.worker_id).int & 0x7FFFFFFF
                        struck = await asyncio.to_thread(self._stage.end_presence, number)
                await self._judge(fault, scan, job, struck)
            case Kind.CANCEL:
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(20):
                        await self._app.jobs.cancel(job.id)
                self._note(fault, scan, job, counted=False, why="a wish, not a fault")

    async def _kill_child(self, fault: Fault, scan: Scan) -> bool:
        orders = {Point.BEFORE_COMMIT: inside.KILL_BEFORE, Point.AFTER_COMMIT: inside.KILL_AFTER}
        what = orders.get(fault.point)
        if what is None:
            return strike(scan.pid, signal.SIGKILL, scan.hand.pid)
        return await self._ordered(scan, what, lambda: state_of(scan.pid) in ("Z", "X", ""))

    async def _stop_outside(self, scan: Scan) -> bool:
        """Stop a scan between two transactions, if possible: inside one it would keep its job by a lock."""
        for _ in range(20):
            if not strike(scan.pid, signal.SIGSTOP, scan.hand.pid):
                return False
            slate = read_slate(self._crew.at, scan.pid)
            if slate is None or slate[inside.INSIDE : inside.INSIDE + 1] != b"W":
                break
            strike(scan.pid, signal.SIGCONT, scan.hand.pid)
            await asyncio.sleep(0.02)
        else:
            strike(scan.pid, signal.SIGSTOP, scan.hand.pid)
        return True

    async def _ordered(self, scan: Scan, what: bytes, done: Callable[[], bool]) -> bool:
        """Let a process do something to itself at the right moment; whether it did."""
        if not order(self._crew.at, scan.pid, what):
            return False
        deadline = time.monotonic() + ORDER_S
        while time.monotonic() < deadline:
            if done():
                return True
            slate = read_slate(self._crew.at, scan.pid)
            if slate is None or slate[inside.FENCE].strip() != str(scan.fence).encode():
                break
            await asyncio.sleep(0.002)
        order(self._crew.at, scan.pid, b"\0")
        await asyncio.sleep(0.01)
        return done()

    # Whether it counts

    async def _judge(self, fault: Fault, scan: Scan, job: Job, struck: bool) -> None:
        """Only what hit the job while it ran is counted: under this fence it cannot have ended by itself."""
        struck_at = time.time()
        after = None
        deadline = time.monotonic() + 20
        while struck and after is None and time.monotonic() < deadline:
            after = await self._row(job.id)
            if after is None:
                await asyncio.sleep(0.1)
        running = after is not None and (
            after.fence > job.fence
            or after.status is JobStatus.RUNNING
            or (fault.kind is Kind.TERM_WORKER and after.status is JobStatus.QUEUED)
        )
        self._note(fault, scan, job, counted=struck and running, at=struck_at, after=after)

    def _note(
        self,
        fault: Fault,
        scan: Scan | None,
        job: Job | None,
        *,
        counted: bool,
        why: str | None = None,
        at: float | None = None,
        after: Job | None = None,
    ) -> None:
        self.counted += counted
        line: Line = {
            "number": fault.number,
            "kind": fault.kind.name.lower(),
            "point": fault.point.name.lower(),
            "hold_s": round(fault.hold_s, 3),
            "hours": round(fault.hours, 2),
            "counted": counted,
            "at": round(at if at is not None else time.time(), 4),
        }
        if scan is not None and job is not None:
            slate = read_slate(self._crew.at, scan.pid)
            within = slate is not None and slate[inside.INSIDE : inside.INSIDE + 1] == b"W"
            seen = after if after is not None and after.fence == job.fence else job
            line |= {
                "worker": scan.hand.name,
                "worker_kind": scan.hand.kind,
                "job": job.id,
                "seq": job.seq,
                "type": job.type,
                "fence": job.fence,
                "attempt": job.attempt,
                "phase": str(seen.phase) if seen.phase else None,
                "found": seen.counters.found,
                "processed": seen.counters.processed,
                "total": seen.items_total,
                "in_transaction": within or scan.inside,
                "status_after": str(after.status) if after else None,
            }
        if why is not None:
            line["why"] = why
        self._write(line)

    # What lasts

    def _last(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._lasting.add(task)
        task.add_done_callback(self._lasting.discard)

    async def _again(self, hand: Hand, fault: Fault) -> None:
        await hand.gone()
        await asyncio.sleep(fault.choice * 0.5)
        hand.start()
        hand.busy = False

    async def _left(self, hand: Hand, fault: Fault) -> None:
        await hand.leave()
        await self._again(hand, fault)

    async def _awake(self, fault: Fault, scan: Scan, job: Job) -> None:
        """Go on after the pause: the scans first, so that they meet a world that has moved on."""
        hand = scan.hand
        if self._fenced:
            await asyncio.sleep(fault.hold_s)
        else:
            # Later its successor may be through, and there is nothing left to harm.
            await self._followed(job)
        for pid in hand.residents():
            strike(pid, signal.SIGCONT, hand.pid)
        if not self._fenced:
            await self._written(hand)
        elif fault.kind in (Kind.STOP_WORKER, Kind.STOP_INSIDE):
            await asyncio.sleep(fault.choice * 1.5)
        go_on(hand)
        hand.busy = False

    async def _followed(self, job: Job) -> None:
        """Wait until a successor is in the middle of a job, where a stale write does harm."""
        deadline = time.monotonic() + FOLLOWED_S
        while time.monotonic() < deadline:
            now = await self._row(job.id)
            if now is None or now.status not in (JobStatus.QUEUED, JobStatus.RUNNING):
                return
            if now.fence > job.fence and now.status is JobStatus.RUNNING and now.counters.processed:
                return
            await asyncio.sleep(0.02)

    async def _written(self, hand: Hand) -> None:
        """Wait until the scans of a worker are through: the worker would end them when it goes on."""
        deadline = time.monotonic() + FOLLOWED_S
        while time.monotonic() < deadline:
            if next(hand.scans(), None) is None:
                return
            await asyncio.sleep(0.02)

    async def _fill(self, fault: Fault, scan: Scan, job: Job) -> None:
        async with self._everybody:
            stack = contextlib.ExitStack()
            try:
                await asyncio.to_thread(stack.enter_context, self._stage.full())
                await self._judge(fault, scan, job, True)
                await asyncio.sleep(fault.hold_s)
            finally:
                await asyncio.to_thread(stack.close)
                await asyncio.to_thread(self._stage.mend)

    async def _restart(self, fault: Fault, scan: Scan, job: Job) -> None:
        assert isinstance(self._stage, Postgres)
        async with self._everybody:
            at = time.time()
            mode = "fast" if fault.kind is Kind.RESTART_FAST else "immediate"
            with contextlib.suppress(Exception):
                await asyncio.to_thread(self._stage.stop, mode)
            await asyncio.sleep(fault.hold_s)
            await asyncio.to_thread(self._stage.mend)
            after = await self._row(job.id)
            still = after is not None and (after.fence > job.fence or after.status is JobStatus.RUNNING)
            self._note(fault, scan, job, counted=still, at=at, after=after)
