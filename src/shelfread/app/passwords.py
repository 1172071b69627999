"""Passwords: hashed and compared with Argon2id, in a thread, few at a time, since each takes 64 MiB.

`accounts` uses it. Knows no user, no database and no HTTP.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from shelfread.model.account import PASSWORD_LIMIT, is_text

if TYPE_CHECKING:
    from argon2 import PasswordHasher

#: The costs of a password, as OWASP and RFC 9106 advise: KiB of memory, and passes.
MEMORY_KIB, PASSES = 65_536, 3
#: Passwords that are hashed at a time, and those that may wait for it.
_AT_ONCE, _MOST_WAITING = 2, 32


class Busy(Exception):
    """Too many passwords are being checked at this moment."""


class Passwords:
    """Hashes passwords, and says whether one is that of a hash."""

    def __init__(self) -> None:
        #: Nobody's hash: an unknown name costs as much time as a known one.
        self.nobody = (
            f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${_b64(os.urandom(16))}${_b64(os.urandom(32))}"
        )
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """What is stored of a password. Raises Busy when too many wait."""
        async with self._turn():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, hashed: str, password: str) -> bool:
        """Whether a hash is that of a password. Raises Busy when too many wait."""
        from argon2.exceptions import VerificationError

        usable = len(password) <= PASSWORD_LIMIT and is_text(password)
        async with self._turn():
            try:
                await asyncio.to_thread(self._hasher.verify, hashed, password if usable else "")
            except VerificationError:
                return False
        return usable

    def is_outdated(self, hashed: str) -> bool:
        """Whether a hash was made at other costs than those of today."""
        return self._hasher.check_needs_rehash(hashed)

    @functools.cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher  # when it is needed: a scan from the command line is not slower

        return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= _MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


def _b64(content: bytes) -> str:
    return base64.b64encode(content).rstrip(b"=").decode()
