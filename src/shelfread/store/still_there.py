"""Whether a connection to PostgreSQL is still there when it is taken out of the pool, mostly without asking.

A server that was restarted costs a connection, not a job. To ask it each time is a round trip for every small
question; but of a connection whose server ended it the socket has something to say, and one that was used
a moment ago has not been cut by a router. Only what has rested is asked. `database` gives this to the pool.
"""

from __future__ import annotations

import select
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

#: A connection that has rested for longer, in seconds, is asked.
RESTED_S = 5.0
_USED = "shelfread_used"


def look_before_use(engine: AsyncEngine) -> None:
    """Have the pool of an engine look at each connection before it is used; what is dead is replaced."""
    dialect = engine.sync_engine.dialect

    def taken(connection: Any, record: Any, _proxy: Any) -> None:
        used = record.info.get(_USED)
        if used is None:
            return  # it was made for this
        driver = connection.driver_connection
        if driver.closed or _has_something_to_say(driver.fileno()):
            raise sa.exc.DisconnectionError("the server ended this connection")
        if time.monotonic() - used > RESTED_S:
            try:
                dialect.do_ping(connection)
            except sa.exc.DBAPIError as error:
                raise sa.exc.DisconnectionError("the connection is dead") from error
            except dialect.loaded_dbapi.Error as error:
                raise sa.exc.DisconnectionError("the connection is dead") from error

    def given_back(_connection: Any, record: Any) -> None:
        record.info[_USED] = time.monotonic()

    sa.event.listen(engine.sync_engine, "checkout", taken)
    sa.event.listen(engine.sync_engine, "checkin", given_back)


def _has_something_to_say(descriptor: int) -> bool:
    # Nobody asked it anything: what there is to be read is its end, or news of it.
    looking = select.poll()
    looking.register(descriptor, select.POLLIN)
    return bool(looking.poll(0))
