"""The door of the HTTP server: lets connections in, never more than there is room for.

Each connection takes a descriptor of a process that also scans, and anybody may open thousands and say
nothing. So the server accepts by itself: asyncio would first accept whatever comes, and only then ask. A
connection on which the server waits for its client has a time limit, and makes room when all is taken.
Stands below `listening`. What is said on a connection is uvicorn's; no route is known here.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import Callable, Sequence
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Connections at a time, where the process may open enough files.
MOST_CONNECTIONS = 512
#: Seconds until a client has said all of what it asks for, or has taken something of its answer.
PATIENCE_S = 10.0
#: Seconds until the next try when the system had no descriptor for a connection.
_PAUSE_S = 1.0
#: Seconds between two lines of the log about connections that found no room.
_QUIET_S = 60.0

_log = logging.getLogger(__name__)


def room() -> int:
    """How many connections there may be: the other half of the descriptors is for everything else."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if limit == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, limit // 2)


class Connection(H11Protocol):
    """A connection that tells the door whether it is the client's turn."""

    def __init__(self, door: Door, **parts: Any) -> None:
        super().__init__(**parts)
        self._door = door

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._door.left(self)

    def handle_events(self) -> None:
        super().handle_events()
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._look()

    def _look(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not self.flow.write_paused:
            self._door.serves(self)
        else:
            self._door.awaits(self)


class Door:
    """Accepts on sockets that listen, in the loop that runs."""

    def __init__(self, connect: Callable[[Door], Connection], most: int, patience_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._connect = connect
        self._most = most
        self._patience_s = patience_s
        self._sockets: Sequence[socket.socket] = ()
        self._is_open = False
        self._inside: set[Connection] = set()
        #: Those whose client's turn it is, and when their time is up; who waits longest comes first.
        self._waiting: dict[Connection, asyncio.TimerHandle] = {}
        self._coming: set[asyncio.Task[Any]] = set()
        self._quiet_until = 0.0

    def open(self, sockets: Sequence[socket.socket]) -> None:
        """Let in whoever comes on these sockets, until `close`."""
        self._sockets = sockets
        self._go_on()

    def close(self) -> None:
        """Let nobody in any more; who is inside may stay."""
        self._pause()
        self._sockets = ()

    def awaits(self, one: Connection) -> None:
        """It is the client's turn: to ask, or to take the answer. From the first such word its time runs."""
        if one in self._inside and one not in self._waiting:
            self._watch(one)
            self._go_on()

    def serves(self, one: Connection) -> None:
        """It is the server's turn."""
        if (timer := self._waiting.pop(one, None)) is not None:
            timer.cancel()

    def left(self, one: Connection) -> None:
        """A connection is closed."""
        self.serves(one)
        self._inside.discard(one)
        self._go_on()

    def _watch(self, one: Connection) -> None:
        unsent = one.transport.get_write_buffer_size()
        self._waiting[one] = self._loop.call_later(self._patience_s, self._time_is_up, one, unsent)

    def _time_is_up(self, one: Connection, unsent: int) -> None:
        if one.transport.get_write_buffer_size() < unsent:
            self._watch(one)  # it takes a long answer, slowly
        else:
            one.transport.abort()

    def _go_on(self) -> None:
        if not self._is_open:
            self._is_open = bool(self._sockets)
            for one in self._sockets:
                self._loop.add_reader(one, self._knocked, one)

    def _pause(self) -> None:
        self._is_open = False
        for one in self._sockets:
            self._loop.remove_reader(one)

    def _knocked(self, listening: socket.socket) -> None:
        if len(self._inside) >= self._most:
            self._make_room()
            self._say(f"all {self._most} connections are taken; the next one takes the place of an idle one")
            return
        try:
            accepted, _ = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            self._make_room()
            self._loop.call_later(_PAUSE_S, self._go_on)
            self._say(f"a connection could not be accepted: {error.strerror}")
            return
        connection = self._connect(self)
        self._inside.add(connection)
        coming = self._loop.create_task(self._loop.connect_accepted_socket(lambda: connection, accepted))
        self._coming.add(coming)
        coming.add_done_callback(self._coming.discard)

    def _make_room(self) -> None:
        # The others stay outside until somebody has left.
        self._pause()
        if (longest := next(iter(self._waiting), None)) is not None:
            self.serves(longest)
            longest.transport.abort()

    def _say(self, line: str) -> None:
        if (now := self._loop.time()) >= self._quiet_until:
            self._quiet_until = now + _QUIET_S
            _log.warning("HTTP: %s", line)
