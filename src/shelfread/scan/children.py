"""Child processes of a scan, seen from the parent: starting, framing, death.

`scan.extract` keeps parsers with it, the walk keeps walkers. `scan.child` is the other end and describes
the frames. A child is a fresh interpreter, not a fork and not `multiprocessing`: it never imports the
parent's `__main__`, inherits no lock and no connection, and may be killed at any moment.

Every child leads a session of its own, so that killing its group takes along what it started; it dies
with its parent (signal on Linux, end of file everywhere). This module knows no files and no kinds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from shelfread.scan.channel import Receiver, environment

#: Frames of one read of the channel. True: more is expected soon, reading may rest for `pause_s`.
OnFrames = Callable[[list[memoryview]], bool]

#: How much of a child's standard error is kept, from its end.
STDERR_LIMIT = 4096
#: Flooding standard error costs the parent one read per this many seconds.
STDERR_PAUSE_S = 0.05
#: Frames that wait for a slow consumer before the channel is left alone.
QUEUE_LIMIT = 64


class ScanChildFailed(Exception):
    """A child process cannot be started; the text says why. Ends the scan, not only a file."""


class ChildDied(Exception):
    """A child ended before it had answered."""


class Child:
    """One warm child process. Use `start`; then `request`, `stream` or `send`; at the end `close`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        on_frames: OnFrames | None,
        on_death: Callable[[], None] | None,
        frame_limit: int,
        pause_s: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = process
        self._on_frames = on_frames
        self._on_death = on_death
        #: The longest frame this child may send.
        self.frame_limit = frame_limit
        self._pause_s = pause_s
        self._transport: asyncio.Transport | None = None
        self._queue: deque[memoryview] = deque()
        self._arrived = asyncio.Event()
        self._at_eof = asyncio.Event()
        self._ready: asyncio.Future[Any] = self._loop.create_future()
        self._ending: asyncio.Task[None] | None = None
        self._busy = False
        self._stderr = b""
        self._stderr_timer: asyncio.TimerHandle | None = None
        #: Protections that the child's system lacks; see `scan.child.MISSING`.
        self.missing: list[str] = []
        #: Set when the child sent what cannot be a frame.
        self.garbage: str | None = None
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)
        self._loop.add_reader(process.stderr.fileno(), self._read_stderr)

    @classmethod
    async def start(
        cls,
        role: str,
        init: Any,
        *,
        on_frames: OnFrames | None = None,
        on_death: Callable[[], None] | None = None,
        frame_limit: int = 64 << 20,
        pause_s: float = 0.0,
        start_timeout_s: float = 30.0,
    ) -> Child:
        """Start a child and wait until its role is ready.

        Args:
            role: A name in `scan.child.ROLES`, or `module:function`.
            init: Plain data for the role.
            on_frames: Takes all frames instead of `request` and `stream`.
            on_death: Called once when the process is gone, whatever the reason.
            frame_limit: A longer frame is garbage and kills the child.
            pause_s: Let frames gather for so long while `on_frames` expects more.
            start_timeout_s: Give up after this.

        Raises:
            ScanChildFailed: It could not be started; the text has its last words.
        """
        ours, theirs = socket.socketpair()
        try:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            process = subprocess.Popen(  # noqa: ASYNC220 - a few ms; in a thread the death signal would be the thread's
                [sys.executable, "-X", "utf8", "-P", "-m", "shelfread.scan.child",
                 role, str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=(theirs.fileno(),),
                cwd="/",
                env=environment(),
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            ours.close()
            raise ScanChildFailed(f"cannot start a {role}: {error}") from error
        finally:
            theirs.close()
        child = cls(process, on_frames, on_death, frame_limit, pause_s)
        try:
            ours.setblocking(False)
            await child._loop.create_unix_connection(lambda: Receiver(child), sock=ours)
            child.send(init)
            async with asyncio.timeout(start_timeout_s):
                child.missing = list((await child._ready)["missing"])
        except BaseException as error:
            child.kill()
            await child.ended()
            if isinstance(error, TimeoutError):
                raise ScanChildFailed(f"a {role} was not ready after {start_timeout_s:g} s") from error
            if isinstance(error, ChildDied):
                raise ScanChildFailed(f"a {role} does not start: {child.last_words(whole=True)}") from error
            raise
        return child

    @property
    def pid(self) -> int:
        """The process id, which is also its group's."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False from the moment its end is known."""
        return self._ending is None

    @property
    def died_of(self) -> int:
        """The signal it died of; 0 while it lives and when it left by itself."""
        return max(0, -(self._process.returncode or 0))

    def send(self, message: Any) -> None:
        """Send one request without waiting; nothing happens if the child is dying."""
        if self._transport is not None and self._ending is None:
            payload = msgspec.msgpack.encode(message)
            self._transport.write(len(payload).to_bytes(4, "little") + payload)

    async def request(
        self, message: Any, decode: Callable[[memoryview], Any] = msgspec.msgpack.decode
    ) -> Any:
        """Send one request that has exactly one reply, and wait for it.

        Raises:
            ChildDied: The child ended before it had answered.
        """
        replies = [reply async for reply in self.stream(message, decode)]
        if len(replies) != 1:
            raise ValueError(f"{len(replies)} replies to a request for one")
        return replies[0]

    async def stream(
        self, message: Any, decode: Callable[[memoryview], Any] = msgspec.msgpack.decode
    ) -> AsyncIterator[Any]:
        """Send one request and give its replies as they come. One request at a time.

        Raises:
            ChildDied: The child ended before it had answered.
        """
        if self._busy:
            raise RuntimeError("the child has a request already")
        self._busy, complete = True, False
        try:
            self.send(message)
            while frame := await self._next_frame():
                yield decode(frame)
            complete = True
        finally:
            self._busy = False
            if not complete:  # what follows would be taken for the next answer
                self.kill()

    def kill(self) -> None:
        """Kill the child and its group now; `ended` says when they are gone. May be called twice."""
        if self._ending is None:
            self._ending = self._loop.create_task(self._end())

    async def ended(self) -> None:
        """Wait until the process is gone, by itself or killed; leaves no zombie."""
        await self._at_eof.wait()
        if self._ending is not None:
            await asyncio.shield(self._ending)

    async def close(self) -> None:
        """Kill the child, which has nothing to lose, and wait until it is gone."""
        self.kill()
        await self.ended()

    def check(self) -> None:
        """Notice a death that the channel does not tell, because something else holds it open."""
        if self._ending is None and _has_exited(self.pid):
            self.kill()

    def last_words(self, *, whole: bool = False) -> str:
        """How it ended, with the last line (or all that is kept) of its standard error."""
        code = self._process.returncode
        if self.garbage is not None:
            how = self.garbage
        elif code is None:
            how = "still running"
        elif code < 0:
            how = signal.Signals(-code).name if -code in _SIGNALS else f"signal {-code}"
        else:
            how = f"exit code {code}"
        text = self._stderr.decode("utf-8", "replace").strip()
        if text and not whole:
            text = text.splitlines()[-1].strip()
        return f"{how}: {text}" if text else how

    # What `Receiver` calls.

    def connected(self, transport: asyncio.Transport) -> None:
        """The channel is there."""
        self._transport = transport

    def frames(self, frames: list[memoryview]) -> None:
        """Frames of one read, in order."""
        if not self._ready.done():
            try:
                self._ready.set_result(msgspec.msgpack.decode(frames.pop(0)))
            except msgspec.MsgspecError as error:
                self.broken(f"not a message: {error}")
        if not frames or self._transport is None:
            return
        if self._on_frames is None:
            self._queue.extend(frames)
            self._arrived.set()
            if len(self._queue) > QUEUE_LIMIT:
                self._transport.pause_reading()
        elif self._on_frames(frames) and self._pause_s and self._ending is None:
            # One wake-up per file would cost the parent more than the file itself.
            self._transport.pause_reading()
            self._loop.call_later(self._pause_s, self._resume)

    def broken(self, why: str) -> None:
        """The child sent what cannot be a frame."""
        self.garbage = self.garbage or why
        self.kill()

    def disconnected(self) -> None:
        """End of the channel: the child is gone, or useless."""
        self._at_eof.set()
        self.kill()

    # Inside.

    def _resume(self) -> None:
        if self._transport is not None and not self._at_eof.is_set():
            self._transport.resume_reading()

    async def _next_frame(self) -> memoryview:
        while not self._queue:
            if self._at_eof.is_set():
                await self.ended()
                raise ChildDied(self.last_words())
            self._resume()
            self._arrived.clear()
            await self._arrived.wait()
        return self._queue.popleft()

    async def _end(self) -> None:
        pause = 0.0005
        # The group before the leader is reaped: until then nobody else can have its number.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        while self._process.poll() is None:  # no thread waits: one stuck in the kernel would hold us too
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.05)
        self._resume()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):  # longer only if a stranger holds the other end
                await self._at_eof.wait()
        if self._transport is not None:
            self._transport.abort()
        self._at_eof.set()
        self._close_stderr()
        if not self._ready.done():
            self._ready.set_exception(ChildDied(self.last_words()))
            self._ready.exception()  # looked at: nobody need be waiting any more
        self._arrived.set()
        if self._on_death is not None:
            self._on_death()

    def _read_stderr(self) -> None:
        pipe = self._process.stderr
        if pipe is None or pipe.closed:
            return
        self._loop.remove_reader(pipe.fileno())
        if self._take_stderr(pipe.fileno()):
            self._stderr_timer = self._loop.call_later(
                STDERR_PAUSE_S, self._loop.add_reader, pipe.fileno(), self._read_stderr
            )

    def _take_stderr(self, fd: int) -> bool:
        try:
            text = os.read(fd, 1 << 16)
        except OSError:
            return False
        self._stderr = (self._stderr + text)[-STDERR_LIMIT:]
        return bool(text)

    def _close_stderr(self) -> None:
        pipe = self._process.stderr
        assert pipe is not None
        if self._stderr_timer is not None:
            self._stderr_timer.cancel()
        self._loop.remove_reader(pipe.fileno())
        for _ in range(16):  # a pipe holds no more, unless a stranger keeps filling it
            if not self._take_stderr(pipe.fileno()):
                break
        pipe.close()


_SIGNALS = {int(number) for number in signal.Signals}


def _has_exited(pid: int) -> bool:
    if sys.platform == "win32" or not hasattr(os, "waitid"):
        return False
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return True
