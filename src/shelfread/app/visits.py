"""Tells those who stay when what they came in with is over: revoked, logged out, expired.

A request is judged when it comes; an event stream stays, perhaps for days. One look at the database is for
all who stay, however many they are. Stands on `accounts`; knows no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from shelfread.app.accounts import Accounts

#: Seconds between two looks.
EACH_S = 5.0

_log = logging.getLogger(__name__)


class Visits:
    """Those who stay, in one process. Looks at nothing while nobody does."""

    def __init__(self, accounts: Accounts, each_s: float = EACH_S) -> None:
        """Nobody stays yet.

        Args:
            accounts: who knows what is good.
            each_s: seconds between two looks.
        """
        self._accounts = accounts
        self._each_s = each_s
        self._staying: dict[bytes, set[asyncio.Future[None]]] = {}
        self._empty = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def over(self, proof: bytes) -> None:
        """Wait until what somebody came in with (`Visit.proof`) opens nothing any more."""
        ended = asyncio.get_running_loop().create_future()
        self._staying.setdefault(proof, set()).add(ended)
        self._empty.clear()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await ended
        finally:
            others = self._staying[proof]
            others.discard(ended)
            if not others:
                del self._staying[proof]
            if not self._staying:
                self._empty.set()

    async def _look(self) -> None:
        while self._staying:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._each_s):
                    await self._empty.wait()
            asked = set(self._staying)
            if not asked:
                return
            try:
                good = await self._accounts.still_good(asked)
            except Exception as error:  # noqa: BLE001 - the database is away: who was let in may stay
                _log.debug("nobody can be asked who may stay: %s", type(error).__name__)
                continue
            for proof in asked - good:
                for ended in self._staying.get(proof, ()):
                    if not ended.done():
                        ended.set_result(None)
