"""Archives read in a confined child, on behalf of a conversion: what `convert.unpack` says, over a channel.

Both ends of it. The child may crash, hang or eat memory; that is trouble of the one archive it was reading,
and the next one gets a fresh child. It writes nothing, and has no right to.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import msgspec

from shelfread.convert.unpack import Frame, Trouble, Wanted, unpacked
from shelfread.model.problem import ProblemCode
from shelfread.scan.child import MISSING, NICENESS, Answer
from shelfread.scan.children import Child, ChildDied
from shelfread.scan.parser import limit_resources

#: The longest frame: a portion, or the names of all entries.
FRAME_LIMIT = 128 << 20

_decode = msgspec.msgpack.Decoder(Frame).decode


def unpacker(init: dict[str, Any]) -> Answer:
    """The role for `scan.child`: one archive in, its frames out."""
    os.nice(NICENESS)
    MISSING.extend(limit_resources(int(init["memory_limit"])))

    def answer(request: Any) -> Iterator[Frame]:
        return unpacked(msgspec.convert(request, Wanted))

    return answer


class Unpacker:
    """Keeps one such child warm. One archive at a time; at the end `close`."""

    def __init__(self, memory_limit: int, silent_s: float) -> None:
        """Args: memory_limit: bytes that the child may take. silent_s: it is given up after so long."""
        self._memory_limit = memory_limit
        self._silent_s = silent_s
        self._child: Child | None = None

    async def frames(self, path: bytes, *, content: bool) -> AsyncGenerator[Frame]:
        """The frames of one archive as they come; a child that is lost is `Trouble`, as the last frame.

        Raises:
            ScanChildFailed: no child can be started.
        """
        child = await self._ready()
        stream = child.stream(msgspec.to_builtins(Wanted(path, content), builtin_types=(bytes,)), _decode)
        try:
            while True:
                try:
                    async with asyncio.timeout(self._silent_s):
                        frame = await anext(stream)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    child.kill()
                    yield Trouble(
                        ProblemCode.PARSER_TIMEOUT, f"nothing was read from it for {self._silent_s:g} seconds"
                    )
                    return
                except ChildDied as error:
                    yield Trouble(ProblemCode.PARSER_CRASHED, f"the reader died: {error}")
                    return
                except msgspec.MsgspecError as error:
                    yield Trouble(ProblemCode.PARSER_OUTPUT, f"the reader sent what is none: {error}")
                    return
                yield frame
        finally:
            # What was not read to its end cannot be told from the next answer: the stream kills the child.
            await stream.aclose()  # type: ignore[attr-defined]

    async def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            await child.close()

    async def _ready(self) -> Child:
        if self._child is None or not self._child.alive:
            await self.close()
            self._child = await Child.start(
                "shelfread.tasks.unpacking:unpacker",
                {"memory_limit": self._memory_limit},
                frame_limit=FRAME_LIMIT,
            )
        return self._child
