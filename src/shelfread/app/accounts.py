"""Who may come in: users and their passwords, sessions of browsers, tokens of programs, the first set-up.

Secrets are made here, and only their digests are stored; `passwords` hashes those that people think of.
Stands on `store.accounts`; knows no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

from shelfread.app.passwords import Passwords
from shelfread.app.together import Together
from shelfread.model.account import (
    NAME_LIMIT,
    AccountProblem,
    Principal,
    Right,
    Token,
    User,
    Visit,
    checked_name,
    checked_password,
)
from shelfread.store import accounts
from shelfread.store.clock import now_us
from shelfread.store.database import Database

_DAY_US = 86_400 * 1_000_000
#: A session lasts so long after it was last used.
SESSION_US = 30 * _DAY_US
#: The use of a session or a token is written down no more often than this: reading must not mean writing.
_SEEN_EVERY_US, _USED_EVERY_US = 3600 * 1_000_000, 60 * 1_000_000
#: The longest secret that is looked up.
_SECRET_LIMIT = 256
#: What every token begins with, so that it is known for one wherever it turns up.
TOKEN_PREFIX = "shelfread_"  # noqa: S105


class WrongPassword(AccountProblem):
    """A password is not the one of this user."""


class SetUpAlready(Exception):
    """There is an admin: the first set-up is over."""


class WrongSecret(Exception):
    """This is not the secret of the set-up link, or not any more."""


def digest_of(secret: str) -> bytes:
    """What is stored of a secret. It is random and long, so that a plain hash tells nothing of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class Accounts:
    """The accounts of a catalogue."""

    def __init__(self, database: Database, *, clock: Callable[[], int] = now_us) -> None:
        self._database = database
        self._clock = clock
        self._passwords = Passwords()
        self._notes: dict[bytes, asyncio.Task[None]] = {}
        # A page and its streams, two hundred clients that come back: many ask who the same one is.
        self._sessions = Together(self._look_up_session)
        self._tokens = Together(self._look_up_token)

    async def aclose(self) -> None:
        """Wait until what is under way is written."""
        if self._notes:
            await asyncio.wait(self._notes.values())

    # Users

    async def add_user(self, name: str, password: str, right: Right) -> User:
        """Add a user.

        Raises:
            AccountProblem: it cannot be like this; NameInUse: the name is taken.
            Busy: later.
        """
        name, hashed = checked_name(name), await self._passwords.hash(checked_password(password))
        now = self._clock()
        return await self._database.write(lambda there: accounts.add_user(there, name, hashed, right, now))

    async def users(self) -> list[User]:
        """All users."""
        async with self._database.read() as connection:
            return await accounts.every_user(connection)

    async def remove_user(self, user_id: int) -> bool:
        """Remove a user, who is logged out at once; false when there is none.

        Raises:
            LastAdmin: nobody else is an admin.
        """
        return await self._database.write(lambda there: accounts.remove_user(there, user_id))

    async def change_password(
        self, user_id: int, password: str, *, before: str | None = None, session: str | None = None
    ) -> bool:
        """Give a user another password and end the sessions; false when there is no such user.

        Args:
            user_id: whose.
            password: the new one.
            before: the one that it was, when it is to be checked.
            session: the cookie that stays good.

        Raises:
            AccountProblem: it cannot be one; WrongPassword: it was another one before.
            Busy: later.
        """
        checked_password(password)
        if before is not None:
            async with self._database.read() as connection:
                found = await accounts.user_of(connection, user_id)
            if found is None:
                return False
            if not await self._passwords.matches(found[1], before):
                raise WrongPassword("this is not the password that it was before")
        hashed = await self._passwords.hash(password)
        keep = digest_of(session) if session else None
        return await self._database.write(lambda there: accounts.set_password(there, user_id, hashed, keep))

    async def verify(self, name: str, password: str) -> User | None:
        """The user whom a name and a password belong to. Takes as long when there is none.

        Raises:
            Busy: later.
        """
        found = None
        with contextlib.suppress(AccountProblem):
            if len(name) <= 4 * NAME_LIMIT:
                name = checked_name(name)
                async with self._database.read() as connection:
                    found = await accounts.user_named(connection, name)
        user, hashed = found or (None, self._passwords.nobody)
        if not await self._passwords.matches(hashed, password) or user is None:
            return None
        if self._passwords.is_outdated(hashed):
            fresh = await self._passwords.hash(password)
            await self._database.write(lambda there: accounts.rehash(there, user.id, hashed, fresh))
        return user

    # The first set-up

    async def set_up_secret(self) -> str | None:
        """A new secret for making the first admin, the only one that is good; None when there is one."""
        secret, now = secrets.token_urlsafe(24), self._clock()

        async def work(connection: Any) -> bool:
            if await accounts.has_admin(connection):
                return False
            await accounts.put_secret(connection, accounts.SETUP, digest_of(secret), now)
            return True

        return secret if await self._database.write(work) else None

    async def is_set_up(self) -> bool:
        """Whether there is an admin: without one nobody could make the others."""
        async with self._database.read() as connection:
            return await accounts.has_admin(connection)

    async def set_up(self, secret: str, name: str, password: str) -> User:
        """Make the first admin. The secret is good for nothing any more.

        Raises:
            SetUpAlready: there is one.
            WrongSecret: it is another one.
            AccountProblem: the user cannot be like this.
            Busy: later.
        """
        digest, now = digest_of(secret), self._clock()
        async with self._database.read() as connection:
            if await accounts.has_admin(connection):
                raise SetUpAlready
            if not await accounts.is_secret(connection, accounts.SETUP, digest):
                raise WrongSecret
        name, hashed = checked_name(name), await self._passwords.hash(checked_password(password))

        async def work(connection: Any) -> User:
            # First this row: of two who come at the same moment one waits here for the other.
            good = await accounts.use_secret(connection, accounts.SETUP, digest)
            if await accounts.has_admin(connection):
                raise SetUpAlready
            if not good:
                raise WrongSecret
            return await accounts.add_user(connection, name, hashed, Right.ADMIN, now)

        return await self._database.write(work)

    # Sessions

    async def log_in(self, user: User) -> str:
        """A new session; gives what the browser keeps."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        await self._database.write(
            lambda there: accounts.add_session(there, digest_of(secret), user.id, now, now + SESSION_US)
        )
        return secret

    async def of_session(self, secret: str) -> Visit | None:
        """Who has this session; None when it is over, or never was.

        `renewed` says that it lasts thirty days from now on: whoever keeps it may keep it so long.
        """
        if not 0 < len(secret) <= _SECRET_LIMIT:
            return None
        digest, now = digest_of(secret), self._clock()
        found = await self._sessions.ask(digest)
        if found is None:
            return None
        principal, seen_at = found
        if renewed := now - seen_at >= _SEEN_EVERY_US:
            self._note(digest, lambda there: accounts.see_session(there, digest, now, now + SESSION_US))
        return Visit(principal, digest, renewed)

    async def log_out(self, secret: str) -> None:
        """End a session."""
        digest = digest_of(secret)
        await self._database.write(lambda there: accounts.end_session(there, digest))

    # Tokens

    async def add_token(self, name: str, right: Right, expires_at: int | None = None) -> tuple[Token, str]:
        """Make a token; gives it, and its secret, which nobody will ever see again.

        Raises:
            AccountProblem: it cannot be named so, or would be over already.
        """
        name, now = checked_name(name), self._clock()
        if expires_at is not None and expires_at <= now:
            raise AccountProblem("a token must expire in the future")
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        token = await self._database.write(
            lambda there: accounts.add_token(there, name, digest_of(secret), right, now, expires_at)
        )
        return token, secret

    async def of_token(self, secret: str) -> Visit | None:
        """Whose token this is; None when it opens nothing."""
        if not secret.startswith(TOKEN_PREFIX) or len(secret) > _SECRET_LIMIT:
            return None
        digest, now = digest_of(secret), self._clock()
        found = await self._tokens.ask(digest)
        if found is None:
            return None
        principal, used_at = found
        token_id = principal.token_id
        if now - used_at >= _USED_EVERY_US and token_id is not None:
            self._note(digest, lambda there: accounts.use_token(there, token_id, now))
        return Visit(principal, digest)

    async def tokens(self) -> Sequence[Token]:
        """All tokens."""
        async with self._database.read() as connection:
            return await accounts.every_token(connection)

    async def revoke_token(self, token_id: int) -> Token | None:
        """Make a token open nothing any more; None when there is none."""
        now = self._clock()
        return await self._database.write(lambda there: accounts.revoke_token(there, token_id, now))

    async def still_good(self, proofs: Collection[bytes]) -> set[bytes]:
        """Which of these `Visit.proof` a session or a token still has. Nothing counts as used by that."""
        async with self._database.read() as connection:
            return await accounts.still_good(connection, proofs, self._clock())

    # How

    async def _look_up_session(self, digest: bytes) -> tuple[Principal, int] | None:
        async with self._database.read() as connection:
            return await accounts.of_session(connection, digest, self._clock())

    async def _look_up_token(self, digest: bytes) -> tuple[Principal, int] | None:
        async with self._database.read() as connection:
            return await accounts.of_token(connection, digest, self._clock())

    def _note(self, digest: bytes, work: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        """Write down that something was used, without letting anybody wait for it, or fail by it."""
        if digest in self._notes:
            return  # it is being written

        async def write() -> None:
            with contextlib.suppress(Exception):
                await self._database.write(work)

        task = self._notes[digest] = asyncio.create_task(write())
        task.add_done_callback(lambda _done: self._notes.pop(digest, None))
