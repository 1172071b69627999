"""The rows of `config`: settings that are kept in the catalogue and go before the environment (PROMISES A9).

Only known keys, each with its own rule. Statements only, each meant to be part of a caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.settings import LEAST_TIMEOUT_S, MOST_TIMEOUT_S
from shelfread.store.tables import config

ANALYZER_SCAN_JOB_TIMEOUT = "analyzer_scan_job_timeout"


class UnknownKey(LookupError):
    """There is no setting of this name in the catalogue."""


def _timeout(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError("it must be a whole number of seconds")
    if not LEAST_TIMEOUT_S <= value <= MOST_TIMEOUT_S:
        raise ValueError(f"it must be {LEAST_TIMEOUT_S} to {MOST_TIMEOUT_S} seconds")
    return value


#: Every key, and what checks its values.
KEYS: dict[str, Callable[[object], int]] = {ANALYZER_SCAN_JOB_TIMEOUT: _timeout}


async def get(connection: AsyncConnection, key: str) -> int | None:
    """A stored value; None when none is stored, or one that is not valid (PROMISES A11).

    Raises:
        UnknownKey: there is no such key.
    """
    check = _check_of(key)
    text = (await connection.execute(select(config.c.value).where(config.c.key == key))).scalar_one_or_none()
    if text is None:
        return None
    try:
        return check(json.loads(text))
    except (ValueError, RecursionError):
        return None


async def put(connection: AsyncConnection, key: str, value: object) -> None:
    """Store a value; None removes it.

    Raises:
        UnknownKey: there is no such key.
        ValueError: the value is not valid; the text names the key and says why. Nothing is stored.
    """
    check = _check_of(key)
    if value is None:
        await connection.execute(delete(config).where(config.c.key == key))
        return
    try:
        text = json.dumps(check(value))
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    await connection.execute(
        insert(config)
        .values(key=key, value=text)
        .on_conflict_do_update(index_elements=["key"], set_={"value": text})
    )


def _check_of(key: str) -> Callable[[object], int]:
    if key not in KEYS:
        raise UnknownKey(f"there is no stored setting {key!r}; there is {', '.join(KEYS)}")
    return KEYS[key]
