"""`store.config`: settings that are kept in the catalogue, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.store import config
from shelfread.store.config import ANALYZER_SCAN_JOB_TIMEOUT, UnknownKey
from shelfread.store.database import Database
from shelfread.store.tables import config as table

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _put(database: Database, value: object, key: str = ANALYZER_SCAN_JOB_TIMEOUT) -> None:
    async def work(connection: Any) -> None:
        await config.put(connection, key, value)

    await database.write(work)


async def _get(database: Database, key: str = ANALYZER_SCAN_JOB_TIMEOUT) -> int | None:
    async with database.read() as connection:
        return await config.get(connection, key)


async def _texts(database: Database) -> list[str]:
    async with database.read() as connection:
        return [row.value for row in await connection.execute(sa.select(table.c.value))]


async def test_a9_a_value_is_stored_replaced_and_removed(database: Database) -> None:
    assert ANALYZER_SCAN_JOB_TIMEOUT == "analyzer_scan_job_timeout"
    assert await _get(database) is None
    await _put(database, None)
    for value in (60, 7200, 31 * 86_400):
        await _put(database, value)
        assert await _get(database) == value
    assert len(await _texts(database)) == 1
    await _put(database, None)
    assert await _get(database) is None
    assert await _texts(database) == []


@pytest.mark.parametrize(
    "value",
    [
        59, 0, -1, 31 * 86_400 + 1, 10**30, True, False, 60.0, 3600.5, float("nan"), float("inf"), "600", "",
        [600], {}, b"9",
    ],
)  # fmt: skip
async def test_a9_an_invalid_value_is_told_by_its_key_and_nothing_is_stored(
    database: Database, value: object
) -> None:
    await _put(database, 7200)
    with pytest.raises(ValueError, match=r"^analyzer_scan_job_timeout: it must be ") as caught:
        await _put(database, value)
    assert "\n" not in str(caught.value)
    assert await _get(database) == 7200
    assert await _texts(database) == ["7200"]


async def test_only_known_keys_can_be_asked_for(database: Database) -> None:
    for key in ("", "Analyzer_scan_job_timeout", "'; DROP TABLE config; --", "x" * 10_000, "\0"):
        with pytest.raises(UnknownKey):
            await _get(database, key)
        for value in (7200, None):
            with pytest.raises(UnknownKey):
                await _put(database, value, key)


@pytest.mark.parametrize(
    "text",
    [
        "", "59", "null", "true", "6e2", "600.0", '"600"', "[600]", "{", "NaN", "1e999", "-Infinity",
        "9" * 5000, "[" * 100_000, "six hours", "٣٦٠٠",
    ],
)  # fmt: skip
async def test_a11_what_somebody_wrote_into_the_row_by_hand_counts_only_when_it_is_valid(
    database: Database, text: str
) -> None:
    async def work(connection: Any) -> None:
        await connection.execute(sa.insert(table).values(key=ANALYZER_SCAN_JOB_TIMEOUT, value=text))

    await database.write(work)
    assert await _get(database) is None
    await _put(database, 600)
    assert await _get(database) == 600
