"""The parser pool: chunks of files go in, one reading per file comes out, whatever the files do.

Stands between the diff (which files must be read) and the writer. The reading itself happens in child
processes (`scan.child`), which are not trusted: each may crash, hang, eat memory or send rubbish, and
that costs exactly the file it was reading. It knows no kind but its dotted reference, does not look into
the items, and writes nothing.

Who is to blame: a child answers in order and at once, so the first unanswered file is the one it was
reading. A time-out or rubbish condemns that file. A death only makes it a suspect, since a child can also
be killed from outside: it is tried again alone in a fresh child, and condemned if that one has begun it
and dies as well (a few times, if of a signal that outsiders use).
"""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Mapping
from typing import Any

import msgspec

from shelfread.model.problem import ProblemCode
from shelfread.scan.children import Child, ScanChildFailed
from shelfread.scan.parser import BESIDE, PROGRAMS
from shelfread.scan.portions import MEDIA, SIDECAR, Chunk, FileReading, FileRef, Portion, Seat

#: A child that fails to start so often in a row ends the scan.
START_ATTEMPTS = 3
#: Frames gather this long before the parent wakes up for them.
GATHER_S = 0.003
#: How often the clock of every child is looked at.
TICK_S = 0.1
#: Deaths of a child alone with one file that prove the file guilty.
DEATHS = 1
DEATHS_FROM_OUTSIDE = 4
OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
#: So many children in a row that die without a single answer are no accident: the scan ends.
BARREN_DEATHS = 50
_NIL = msgspec.Raw(b"\xc0")

__all__ = ["BESIDE", "MEDIA", "PROGRAMS", "SIDECAR", "FileReading", "FileRef", "ParserPool"]


class ParserPool:
    """Warm parser processes for one kind. Start it, read chunks from any number of tasks, close it."""

    def __init__(
        self,
        kind_ref: str,
        workers: int,
        file_timeout_s: float = 30.0,
        memory_limit: int = 512 << 20,
        frame_limit: int = 2 << 20,
        role: str = "parser",
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Prepare a pool; nothing runs before `start`.

        Args:
            kind_ref: The kind's object, as "package.module:NAME".
            workers: Number of processes.
            file_timeout_s: A file that takes longer is given up.
            memory_limit: Bytes a process may take above what it has when it starts.
            frame_limit: Bytes accepted for one file.
            role: What the processes do: one that answers as `scan.parser` does.
            more: What it is told beside the above.
        """
        self._role = role
        self._init = {
            **(more or {}),
            "kind": kind_ref,
            "memory_limit": memory_limit,
            "frame_limit": frame_limit,
            "file_timeout_s": file_timeout_s,
        }
        self._timeout_s = file_timeout_s
        self._frame_limit = frame_limit
        self.workers = workers
        self._seats = [Seat() for _ in range(workers)]
        self._pending: deque[Portion] = deque()
        self._decode = msgspec.msgpack.Decoder(FileReading).decode
        self._failure: ScanChildFailed | None = None
        self._closed = False
        self._barren = 0
        self._loop: asyncio.AbstractEventLoop
        self._ticker: asyncio.TimerHandle | None = None
        self._ticked = 0.0

    async def start(self) -> None:
        """Start all children at the same time.

        Raises:
            ScanChildFailed: One failed three times in a row; the text says why.
        """
        self._loop = asyncio.get_running_loop()
        self._ticked = self._loop.time()
        self._ticker = self._loop.call_later(TICK_S, self._tick)
        for seat in self._seats:
            self._refill(seat)
        try:
            await asyncio.gather(*(seat.filling for seat in self._seats if seat.filling is not None))
            if self._failure is not None:
                raise self._failure
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Kill every child and wait until all are gone. Reads that still wait fail."""
        self._closed = True
        self._fail(ScanChildFailed("the parser pool was closed"))
        if self._ticker is not None:
            self._ticker.cancel()
        tasks = [seat.filling for seat in self._seats if seat.filling is not None]
        for task in tasks:
            task.cancel()
        children = [seat.child for seat in self._seats if seat.child is not None]
        for child in children:
            child.kill()
        await asyncio.gather(*(child.ended() for child in children), *tasks, return_exceptions=True)

    async def __aenter__(self) -> ParserPool:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def pids(self) -> list[int]:
        """The processes that are there now."""
        return [seat.child.pid for seat in self._seats if seat.child is not None and seat.child.alive]

    @property
    def missing(self) -> list[str]:
        """Protections this system lacks, for `doctor` and the log of the job."""
        return sorted({name for seat in self._seats if seat.child is not None for name in seat.child.missing})

    async def read(self, chunk: list[FileRef]) -> list[FileReading]:
        """Read the files of a chunk; the result has one reading per file in the same order.

        All children are kept busy while at least twice as many calls run as there are workers; more than
        that only queue. A cancelled call kills the children that were reading for it.

        Raises:
            ScanChildFailed: No child can be started any more.
        """
        if self._failure is not None:
            raise self._failure
        work = Chunk(chunk, self._loop.create_future())
        if chunk:
            self._pending.append(Portion(work, list(range(len(chunk)))))
            self._dispatch()
            try:
                await work.done
            except asyncio.CancelledError:
                self._abandon(work)
                raise
        return [reading for reading in work.readings if reading is not None]

    # Giving out work.

    def _dispatch(self) -> None:
        while self._pending:
            portion = self._pending[0]
            if portion.chunk.done.done():
                self._pending.popleft()
                continue
            free = [seat for seat in self._seats if seat.takes(portion)]
            if not free:
                return
            self._pending.popleft()
            seat = min(free, key=Seat.load)
            if not seat.out:
                seat.heard = self._loop.time()
            seat.out.append(portion)
            assert seat.child is not None
            seat.child.send(portion.message())

    def _frames(self, seat: Seat, frames: list[memoryview]) -> bool:
        """Take the frames of one read: the hot path of a scan."""
        if seat.verdict is not None:
            return False
        seat.heard = self._loop.time()
        for frame in frames:
            if len(frame) < 2:  # empty ends the replies to a portion, which are counted here instead
                seat.begun = seat.begun or len(frame) == 1
                continue
            try:
                reading = self._decode(frame)
            except (msgspec.MsgspecError, ValueError) as error:
                self._condemn(seat, ProblemCode.PARSER_OUTPUT, f"the reader sent rubbish: {error}")
                return False
            portion = seat.out[0] if seat.out else None
            if portion is None or reading.index != portion.indexes[portion.answered]:
                self._condemn(seat, ProblemCode.PARSER_OUTPUT, "the reader sent an answer nobody asked for")
                return False
            portion.answered += 1
            portion.chunk.put(reading)
            self._barren = 0
            if reading.code is ProblemCode.PARSER_OOM:  # it would leave by itself after this
                seat.excused = True
                assert seat.child is not None
                seat.child.kill()
            if portion.answered == len(portion.indexes):
                seat.out.popleft()
                self._dispatch()
        return bool(seat.out)

    # When something goes wrong.

    def _tick(self) -> None:
        now = self._loop.time()
        # A loop that was held up (or a machine that slept) has not listened: nobody else was late.
        held_up = now - self._ticked > 10 * TICK_S
        self._ticked = now
        for seat in self._seats:
            if seat.child is None or not seat.out:
                continue
            if held_up:
                seat.heard = now
            elif now - seat.heard > self._timeout_s:
                self._condemn(seat, ProblemCode.PARSER_TIMEOUT, f"not read within {self._timeout_s:g} s")
            seat.child.check()
        self._ticker = self._loop.call_later(TICK_S, self._tick)

    def _condemn(self, seat: Seat, code: ProblemCode, detail: str) -> None:
        if seat.verdict is None and seat.child is not None:
            seat.verdict = (code, detail)
            seat.child.kill()

    def _abandon(self, work: Chunk) -> None:
        for seat in self._seats:
            if seat.child is not None and any(portion.chunk is work for portion in seat.out):
                seat.excused = True
                seat.child.kill()

    def _dead(self, seat: Seat) -> None:
        """A child is gone: settle the file it was reading, give the rest to others."""
        child, seat.child = seat.child, None
        again: list[Portion] = []
        # A death after `_abandon` or an announced leave is nobody's fault, unless there was a verdict.
        blame = not seat.excused or seat.verdict is not None
        for portion in seat.out:
            left = portion.indexes[portion.answered :]
            if portion.chunk.done.done():
                continue
            if blame:
                blame = False
                assert child is not None
                if self._settle(seat, portion, left[0], child):
                    again.append(Portion(portion.chunk, left[:1], alone=True))
                left = left[1:]
            if left:
                again.append(Portion(portion.chunk, left))
        seat.out.clear()
        seat.verdict = None
        seat.excused = seat.begun = False
        self._pending.extendleft(reversed(again))
        if not self._closed:
            self._refill(seat)
            self._dispatch()

    def _settle(self, seat: Seat, portion: Portion, index: int, child: Child) -> bool:
        """Judge the file a dead child was reading. True: try it again, alone."""
        chunk, verdict = portion.chunk, seat.verdict
        if verdict is None and child.garbage is not None:
            verdict = (ProblemCode.PARSER_OUTPUT, child.garbage)
        if verdict is None:
            self._barren += 1
            if self._barren >= BARREN_DEATHS:
                self._fail(ScanChildFailed(f"parsers keep dying: {child.last_words()}"))
            if not portion.alone or not seat.begun:
                return True
            deaths = chunk.deaths[index] = chunk.deaths.get(index, 0) + 1
            if deaths < (DEATHS_FROM_OUTSIDE if child.died_of in OUTSIDE else DEATHS):
                return True
            verdict = (ProblemCode.PARSER_CRASHED, f"the reader died: {child.last_words()}")
        self._barren = 0
        chunk.put(FileReading(index, None, verdict[0], verdict[1], None, _NIL))
        return False

    # Keeping the seats taken.

    def _refill(self, seat: Seat) -> None:
        seat.filling = self._loop.create_task(self._fill(seat))

    async def _fill(self, seat: Seat) -> None:
        failures = 0
        while not self._closed and self._failure is None:
            try:
                child = await self._start_child(seat)
            except ScanChildFailed as error:
                failures += 1
                if failures == START_ATTEMPTS:
                    self._fail(error)
            else:
                if child.alive:
                    seat.child = child
                    self._dispatch()
                    return

    async def _start_child(self, seat: Seat) -> Child:
        born: list[Child] = []

        def gone() -> None:
            if born and seat.child is born[0]:
                self._dead(seat)

        child = await Child.start(
            self._role,
            self._init,
            on_frames=lambda frames: self._frames(seat, frames),
            on_death=gone,
            # The child keeps the limit itself; one that does not is out of control.
            frame_limit=self._frame_limit + 4096,
            pause_s=GATHER_S,
        )
        born.append(child)
        return child

    def _fail(self, error: ScanChildFailed) -> None:
        if self._failure is None:
            self._failure = error
        for portion in [*self._pending, *(portion for seat in self._seats for portion in seat.out)]:
            if not portion.chunk.done.done():
                portion.chunk.done.set_exception(error)
                portion.chunk.done.exception()  # looked at: its caller may be gone
        self._pending.clear()
