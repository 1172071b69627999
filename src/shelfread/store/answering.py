"""Whether the database answers, and has the schema of this version: asked by whoever watches over a server.

One short read, cheap enough to be asked every second. `migrate` is what brings the schema up to date.
"""

from __future__ import annotations

from sqlalchemy import text

from shelfread.store.database import Database
from shelfread.store.migrate import HEAD


async def is_up_to_date(database: Database) -> bool:
    """Whether the schema is that of this version. Raises what the driver raises when there is no answer."""
    async with database.read() as connection:
        found = await connection.execute(text("SELECT version_num FROM alembic_version"))
        return found.scalar_one_or_none() == HEAD
