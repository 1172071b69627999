"""What runs inside a child process of a scan: the channel, and the role it was given (`parser`, `walker`).

Started by `scan.children` as `python -m shelfread.scan.child ROLE FD PARENT`. FD is one end of a socket
pair: frames of four length bytes (little endian) and a msgpack document go both ways, an empty frame
ends the replies to one request. The first frame received is the role's `init`, the first one sent says
that the role is ready. End of file on the channel is the order to leave.

It knows no database, no scan and no kind, and imports little: whatever is imported here is paid once for
every child (decision 3 has the figures).
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import msgspec

#: Role name to the function that makes it. A role takes `init` and gives the function that answers one
#: request with any number of replies; or an object whose `take_over` gets the channel and keeps it. Looked
#: up when it is needed; `module:function` works as well.
ROLES = {
    "parser": "shelfread.scan.parser:parser",
    "walker": "shelfread.scan.walker:walker",
}

Answer = Callable[[Any], Iterable[Any]]

#: How much less of a processor walkers and parsers get when there is too little for all: whoever writes has
#: the database's lock in hand, and whoever serves has somebody waiting.
NICENESS = 5

#: No request or init is longer than this.
REQUEST_LIMIT = 64 << 20
_encode = msgspec.msgpack.Encoder().encode


class ChannelClosed(Exception):
    """The parent closed the channel or is gone."""


class Channel:
    """The child's end of the socket pair, blocking. Plain descriptors: `socket` costs an import."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def send(self, payload: bytes) -> None:
        """Send one frame at once: after a crash the parent must know which file was being read."""
        frame = len(payload).to_bytes(4, "little") + payload
        sent = os.write(self._fd, frame)
        while sent < len(frame):
            frame = frame[sent:]
            sent = os.write(self._fd, frame)

    def receive(self) -> Any:
        """The next request.

        Raises:
            ChannelClosed: The parent closed the channel or is gone.
        """
        length = int.from_bytes(self._exactly(4), "little")
        if length > REQUEST_LIMIT:
            raise ValueError(f"a request of {length} bytes")
        return msgspec.msgpack.decode(self._exactly(length))

    def _exactly(self, length: int) -> bytes:
        parts: list[bytes] = []
        while length:
            part = os.read(self._fd, min(length, 1 << 18))
            if not part:
                raise ChannelClosed
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def resolve(reference: str) -> Any:
    """The object that `package.module:NAME` names."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


def die_with(parent: int) -> list[str]:
    """Have the system kill this process when its parent dies. Gives what is missing here."""
    if sys.platform != "linux":
        return ["parent_death_signal"]
    import ctypes

    if ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0) != 0:
        return ["parent_death_signal"]
    if os.getppid() != parent:  # it died before the call
        os._exit(0)
    return []


#: Protections this system lacks, told to the parent in the frame that says "ready".
MISSING: list[str] = []


def main() -> None:
    """Take a role and answer requests until the parent closes the channel."""
    role, fd, parent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.set_inheritable(fd, False)
    if role in ROLES:
        os.nice(NICENESS)
    sys.modules["shelfread.scan.child"] = sys.modules[__name__]  # not a second time for a role's import
    MISSING.extend(die_with(parent))
    channel = Channel(fd)
    init = channel.receive()
    answer: Answer = resolve(ROLES.get(role, role))(init)
    gc.collect()
    gc.freeze()
    channel.send(_encode({"missing": MISSING}))
    # A role that does not wait for requests one by one speaks for itself.
    take_over: Callable[[Channel], None] | None = getattr(answer, "take_over", None)
    if take_over is not None:
        take_over(channel)
    while True:
        for reply in answer(channel.receive()):
            channel.send(_encode(reply))
        channel.send(b"")


if __name__ == "__main__":
    with contextlib.suppress(ChannelClosed, BrokenPipeError, ConnectionResetError):
        main()
