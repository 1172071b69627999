"""`queue.timeout`: how long a new job may run: stored, else from the environment, else six hours."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.queue.timeout import job_timeout
from shelfread.settings import Settings
from shelfread.store import config
from shelfread.store.database import Database
from shelfread.store.tables import config as table

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _stored(database: Database, value: object) -> None:
    async def work(connection: Any) -> None:
        await config.put(connection, config.ANALYZER_SCAN_JOB_TIMEOUT, value)

    await database.write(work)


async def test_a9_a10_a11_stored_wins_over_the_environment_and_the_environment_over_six_hours(
    database_url: str,
) -> None:
    database = Database(database_url)
    plain, told = Settings(), Settings(analyzer_scan_job_timeout=1200)
    assert (await job_timeout(database, plain), await job_timeout(database, told)) == (21_600, 1200)
    await _stored(database, 900)
    assert (await job_timeout(database, plain), await job_timeout(database, told)) == (900, 900)
    # Seen at once by whoever asks, also in the transaction that changes it.

    async def work(connection: Any) -> tuple[int, int]:
        before = await job_timeout(connection, told)
        await config.put(connection, config.ANALYZER_SCAN_JOB_TIMEOUT, 1000)
        return before, await job_timeout(connection, told)

    assert await database.write(work) == (900, 1000)
    await _stored(database, None)
    assert await job_timeout(database, told) == 1200

    async def by_hand(connection: Any) -> None:
        await connection.execute(sa.insert(table).values(key=config.ANALYZER_SCAN_JOB_TIMEOUT, value='"5"'))

    await database.write(by_hand)
    assert (await job_timeout(database, plain), await job_timeout(database, told)) == (21_600, 1200)
    await database.close()
