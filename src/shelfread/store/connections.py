"""Every connection that an engine has opened, so that closing the database closes all of them.

The engine's own pool closes those that rest in it. One that is in use at that moment comes back later, into a
pool that nobody has any more, and stays open until it is collected as garbage. `database` has one of these.
Knows no table and no database in particular.
"""

from __future__ import annotations

from typing import Any, TypeVar
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")


class Connections:
    """The open connections of one engine."""

    def __init__(self) -> None:
        self._opened: WeakSet[Any] = WeakSet()
        self._closed = False

    def of(self, engine: AsyncEngine) -> Connections:
        """Note every connection of an engine from now on; gives itself."""
        # Before all that prepare a connection: they may be cut off.
        sa.event.listen(engine.sync_engine, "connect", self._prepared, insert=True)
        return self

    def note(self, connection: T) -> T:
        """Note one that is about to be opened; gives it."""
        self._opened.add(connection)
        return connection

    def _prepared(self, connection: Any, _record: object) -> None:
        if self._closed:
            # The pool closes what this is raised for.
            raise sa.exc.ResourceClosedError("the database was closed meanwhile")
        self.note(connection.driver_connection)

    async def close(self) -> None:
        """Close what is open, and whatever is opened later."""
        self._closed = True
        for connection in list(self._opened):
            await connection.close()
