"""How long a new job may run: what the catalogue says, else the environment, else six hours.

PROMISES A7 to A11. Asked at every enqueue; a job that is queued keeps what it was given (A10).
"""

from __future__ import annotations

from typing import Any

from shelfread.settings import Settings
from shelfread.store import config
from shelfread.store.database import Database


async def job_timeout(where: Any, settings: Settings) -> int:
    """The running time that a job queued now may take, in seconds.

    Args:
        where: the database, or a connection of it when this is part of a transaction.
        settings: what the environment says.
    """
    if isinstance(where, Database):
        async with where.read() as connection:
            return await job_timeout(connection, settings)
    stored = await config.get(where, config.ANALYZER_SCAN_JOB_TIMEOUT)
    return settings.analyzer_scan_job_timeout if stored is None else stored
