"""Where HTTP comes in: the sockets, and uvicorn in the event loop of whoever runs it.

Signals, logs and the end of the process are left to the command. Knows no route.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator

import uvicorn

from shelfread.api.asgi import Asgi
from shelfread.api.door import PATIENCE_S, Connection, Door, room

#: Connections that wait to be accepted.
BACKLOG = 128
#: Seconds that a connection may stay open with nothing asked, once something was.
KEEP_ALIVE_S = 5
#: Answers that are under way when the server ends may take so long, in seconds.
LAST_ANSWERS_S = 2
#: The time of day in answers is looked up so often, in seconds.
_TICK_S = 1


class CannotListen(Exception):
    """The address cannot be listened on; one line says why."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on every address of a host, all on one port; port 0 lets the system choose.

    Raises:
        CannotListen: the host is unknown, the port is taken or not allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "this is no name of a host"
        raise CannotListen(f"the host {host!r} cannot be listened on: {why}") from None
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            if sockets:
                address = (address[0], _port(sockets[0]), *address[2:])
            with contextlib.suppress(_NotHere):
                sockets.append(_listening(family, kind, protocol, address))
        if not sockets:
            raise CannotListen(f"the host {host!r} is no address of this machine; --host takes another")
    except BaseException:
        for one in sockets:
            one.close()
        raise
    return sockets


class _NotHere(Exception):
    """An address that this machine does not have."""


def _listening(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    try:
        one = socket.socket(family, kind, protocol)
    except OSError:  # no IPv6 here, say
        raise _NotHere from None
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        one.listen(BACKLOG)
        one.setblocking(False)
    except OSError as error:
        one.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise _NotHere from None
        raise CannotListen(_why_not(error, address)) from None
    return one


def _why_not(error: OSError, address: tuple[object, ...]) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"port {address[1]} of {address[0]} is taken by another program, perhaps another "
                "Shelfread; --port takes another"
            )
        case errno.EACCES:
            return f"this user may not listen on port {address[1]}; --port takes another, 1024 or above"
    return f"{address[0]}, port {address[1]}, cannot be listened on: {error.strerror}"


def _port(one: socket.socket) -> int:
    return int(one.getsockname()[1])


def url_of(sockets: list[socket.socket]) -> str:
    """The address of the first socket, for a browser."""
    host, port = sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def page_of(sockets: list[socket.socket]) -> str:
    """The address of the first socket as a browser of this machine can open it."""
    host, port = sockets[0].getsockname()[:2]
    anywhere = ipaddress.ip_address(host.partition("%")[0]).is_unspecified
    return f"http://localhost:{port}" if anywhere else url_of(sockets)


def is_local(sockets: list[socket.socket]) -> bool:
    """Whether only this machine can reach them."""
    return all(
        ipaddress.ip_address(str(one.getsockname()[0]).partition("%")[0]).is_loopback for one in sockets
    )


class HttpServer(uvicorn.Server):
    """Answers on sockets that listen already. `run` it in a task; `leave` ends it."""

    def __init__(
        self,
        application: Asgi,
        sockets: list[socket.socket],
        most: int | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Takes the sockets over.

        Args:
            application: what answers.
            sockets: where it is asked.
            most: connections at a time; else as many as this process has room for.
            patience_s: how long it may be a client's turn.
        """
        super().__init__(
            uvicorn.Config(
                application,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=LAST_ANSWERS_S,
            )
        )
        self._sockets = sockets
        self._most = room() if most is None else most
        self._patience_s = patience_s
        #: Set when answers come.
        self.up = asyncio.Event()
        self._leaving = asyncio.Event()

    async def answer(self) -> None:
        """Answer until `leave`."""
        await self.serve(self._sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn, which gets no socket to accept on: the door does that."""
        await super().startup([])
        self._door = Door(self._connection, self._most, self._patience_s)
        self._door.open(self._sockets)
        self.up.set()

    async def main_loop(self) -> None:
        """Called by uvicorn, which would look ten times a second whether it is to end."""
        # 0: the time of day that answers tell is set with each look.
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn, which would wait a moment even where nobody is connected."""
        self._door.close()
        for listening in self._sockets:
            listening.close()
        for one in list(self.server_state.connections):
            one.shutdown()
        # Those that wait for nothing are gone with what is due now.
        await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)

    def _connection(self, door: Door) -> Connection:
        return Connection(
            door, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def leave(self) -> None:
        """Accept nothing more; `answer` ends soon."""
        self.should_exit = True
        self._leaving.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Called by uvicorn, which would take the signals from the command."""
        yield
