"""A session advisory lock of PostgreSQL: held by a connection of its own, gone when that ends."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from shelfread.store.database import Database

#: The first of the two numbers of every lock, so that job locks meet no lock of anybody else.
_SPACE = 0x5E1F


class AdvisoryLock:
    """A lock on one number in one PostgreSQL database."""

    def __init__(self, database: Database, number: int) -> None:
        self._engine = create_async_engine(database.url, poolclass=NullPool)
        self._number = number % (1 << 31)
        self._connection: AsyncConnection | None = None

    async def acquire(self) -> bool:
        """Take it without waiting; false when another session has it."""
        connection = await self._engine.connect()
        try:
            taken = await connection.execute(select(func.pg_try_advisory_lock(_SPACE, self._number)))
            won = bool(taken.scalar_one())
            # The lock belongs to the session; an open transaction would only hold back the server.
            await connection.commit()
        except BaseException:
            await connection.close()
            raise
        if won:
            self._connection = connection
        else:
            await connection.close()
        return won

    async def release(self) -> None:
        """End the session that holds it."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
        await self._engine.dispose()
