"""The rows of users, sessions, tokens and one-time secrets.

Statements only, each meant to be part of a caller's transaction. What comes in are digests and hashes: no
password, no cookie and no token is known here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.model.account import LastAdmin, NameInUse, Principal, Right, Token, User, key_of
from shelfread.store.ids import next_id
from shelfread.store.tables import secrets, sessions, tokens, users

#: The secret of the set-up link.
SETUP = "setup"
#: Sessions of one user at a time; the oldest one makes room.
MOST_SESSIONS = 50
_USER = (users.c.id, users.c.name, users.c.scope, users.c.created_at)
_TOKEN = tuple(column for column in tokens.c if column.name != "digest")
# Each request asks one of these two: they are made once.
_OF_SESSION = (
    select(users.c.id, users.c.name, users.c.scope, sessions.c.seen_at)
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.digest == bindparam("digest"), sessions.c.expires_at > bindparam("now"))
)
_OF_TOKEN = select(*_TOKEN).where(
    tokens.c.digest == bindparam("digest"),
    tokens.c.revoked_at.is_(None),
    or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > bindparam("now")),
)


def _insert(connection: AsyncConnection, table: Any) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


# Users


async def add_user(
    connection: AsyncConnection, name: str, password_hash: str, right: Right, now: int
) -> User:
    """Add a user.

    Raises:
        NameInUse: there is one with this name, perhaps in other capitals.
    """
    added = await connection.execute(
        _insert(connection, users)
        .values(
            id=await next_id(connection, "users"),
            name=name,
            key=key_of(name),
            password_hash=password_hash,
            scope=right.value,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(*_USER)
    )
    if (row := added.one_or_none()) is None:
        raise NameInUse(f"there is a user {name!r} already")
    return _user(row)


async def user_named(connection: AsyncConnection, name: str) -> tuple[User, str] | None:
    """A user and the hash of the password; None when nobody has this name."""
    query = select(*_USER, users.c.password_hash).where(users.c.key == key_of(name))
    row = (await connection.execute(query)).one_or_none()
    return (_user(row), row.password_hash) if row else None


async def user_of(connection: AsyncConnection, user_id: int) -> tuple[User, str] | None:
    """The same by id."""
    query = select(*_USER, users.c.password_hash).where(users.c.id == user_id)
    row = (await connection.execute(query)).one_or_none()
    return (_user(row), row.password_hash) if row else None


async def every_user(connection: AsyncConnection) -> list[User]:
    """All users, the first one first."""
    return [_user(row) for row in await connection.execute(select(*_USER).order_by(users.c.id))]


async def has_admin(connection: AsyncConnection) -> bool:
    """Whether there is a user who is an admin."""
    query = select(users.c.id).where(users.c.scope == Right.ADMIN.value).limit(1)
    return (await connection.execute(query)).first() is not None


async def set_password(
    connection: AsyncConnection, user_id: int, password_hash: str, keep: bytes | None = None
) -> bool:
    """Give a user another password, and end all sessions but one; false when there is no such user."""
    changed = await connection.execute(
        update(users).where(users.c.id == user_id).values(password_hash=password_hash)
    )
    others = delete(sessions).where(sessions.c.user_id == user_id)
    await connection.execute(others if keep is None else others.where(sessions.c.digest != keep))
    return changed.rowcount > 0


async def rehash(connection: AsyncConnection, user_id: int, before: str, after: str) -> None:
    """The same password, hashed with today's costs; not when it was changed meanwhile."""
    await connection.execute(
        update(users)
        .where(users.c.id == user_id, users.c.password_hash == before)
        .values(password_hash=after)
    )


async def remove_user(connection: AsyncConnection, user_id: int) -> bool:
    """Remove a user with all sessions; false when there is none.

    Raises:
        LastAdmin: nobody else is an admin.
    """
    # All admins are locked, in one order: two that remove each other at the same moment must not both go.
    query = select(users.c.id).where(users.c.scope == Right.ADMIN.value).order_by(users.c.id)
    admins = list((await connection.execute(query.with_for_update())).scalars())
    if admins == [user_id]:
        raise LastAdmin("this is the last user who is an admin: add another one first")
    return (await connection.execute(delete(users).where(users.c.id == user_id))).rowcount > 0


# Sessions


async def add_session(
    connection: AsyncConnection, digest: bytes, user_id: int, now: int, expires_at: int
) -> None:
    """Let a user be logged in; sessions that nobody can use any more go."""
    await connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    oldest = (
        select(sessions.c.digest)
        .where(sessions.c.user_id == user_id)
        .order_by(sessions.c.seen_at.desc(), sessions.c.digest)
        .offset(MOST_SESSIONS - 1)
        # SQLite takes no offset without a limit.
        .limit(1_000_000)
    )
    await connection.execute(delete(sessions).where(sessions.c.digest.in_(oldest)))
    await connection.execute(
        sessions.insert().values(
            digest=digest, user_id=user_id, created_at=now, seen_at=now, expires_at=expires_at
        )
    )


async def of_session(connection: AsyncConnection, digest: bytes, now: int) -> tuple[Principal, int] | None:
    """Who is logged in with this, and when that was last told; None when nobody is."""
    row = (await connection.execute(_OF_SESSION, {"digest": digest, "now": now})).one_or_none()
    return (Principal(row.name, Right(row.scope), user_id=row.id), row.seen_at) if row else None


async def see_session(connection: AsyncConnection, digest: bytes, now: int, expires_at: int) -> None:
    """A session was used: from now on it lasts as long as a new one."""
    await connection.execute(
        update(sessions).where(sessions.c.digest == digest).values(seen_at=now, expires_at=expires_at)
    )


async def end_session(connection: AsyncConnection, digest: bytes) -> None:
    """Log out."""
    await connection.execute(delete(sessions).where(sessions.c.digest == digest))


# Tokens


async def add_token(
    connection: AsyncConnection, name: str, digest: bytes, right: Right, now: int, expires_at: int | None
) -> Token:
    """Add a token; names need not differ."""
    added = await connection.execute(
        tokens.insert()
        .values(
            id=await next_id(connection, "tokens"),
            name=name,
            digest=digest,
            scope=right.value,
            created_at=now,
            expires_at=expires_at,
        )
        .returning(*_TOKEN)
    )
    return _token(added.one())


async def of_token(connection: AsyncConnection, digest: bytes, now: int) -> tuple[Principal, int] | None:
    """Whose secret this is, and when it was last used (0 for never); None when it opens nothing."""
    row = (await connection.execute(_OF_TOKEN, {"digest": digest, "now": now})).one_or_none()
    return (Principal(row.name, Right(row.scope), token_id=row.id), row.used_at or 0) if row else None


async def use_token(connection: AsyncConnection, token_id: int, now: int) -> None:
    """A token was used."""
    await connection.execute(update(tokens).where(tokens.c.id == token_id).values(used_at=now))


async def every_token(connection: AsyncConnection) -> Sequence[Token]:
    """All tokens, also those that open nothing any more."""
    return [_token(row) for row in await connection.execute(select(*_TOKEN).order_by(tokens.c.id))]


async def revoke_token(connection: AsyncConnection, token_id: int, now: int) -> Token | None:
    """Make a token open nothing any more; None when there is none. The first time stays."""
    changed = await connection.execute(
        update(tokens)
        .where(tokens.c.id == token_id)
        .values(revoked_at=func.coalesce(tokens.c.revoked_at, now))
        .returning(*_TOKEN)
    )
    row = changed.one_or_none()
    return _token(row) if row else None


async def still_good(connection: AsyncConnection, digests: Collection[bytes], now: int) -> set[bytes]:
    """Which of these are the digest of a session or a token that opens something."""
    of_sessions = select(sessions.c.digest).where(sessions.c.digest.in_(digests), sessions.c.expires_at > now)
    of_tokens = select(tokens.c.digest).where(
        tokens.c.digest.in_(digests),
        tokens.c.revoked_at.is_(None),
        or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now),
    )
    found = await connection.execute(union_all(of_sessions, of_tokens))
    return {bytes(digest) for digest in found.scalars()}


# Secrets for one use


async def put_secret(connection: AsyncConnection, name: str, digest: bytes, now: int) -> None:
    """Store a secret; one of the same name before it is good for nothing any more."""
    told = {"digest": digest, "created_at": now}
    await connection.execute(
        _insert(connection, secrets)
        .values(name=name, **told)
        .on_conflict_do_update(index_elements=["name"], set_=told)
    )


async def is_secret(connection: AsyncConnection, name: str, digest: bytes) -> bool:
    """Whether this is the secret."""
    query = select(secrets.c.name).where(secrets.c.name == name, secrets.c.digest == digest)
    return (await connection.execute(query)).first() is not None


async def use_secret(connection: AsyncConnection, name: str, digest: bytes) -> bool:
    """Use a secret up; of several who try at the same moment one gets true."""
    gone = await connection.execute(delete(secrets).where(secrets.c.name == name, secrets.c.digest == digest))
    return gone.rowcount > 0


def _user(row: Any) -> User:
    return User(row.id, row.name, Right(row.scope), row.created_at)


def _token(row: Any) -> Token:
    return Token(
        row.id, row.name, Right(row.scope), row.created_at, row.used_at, row.expires_at, row.revoked_at
    )
