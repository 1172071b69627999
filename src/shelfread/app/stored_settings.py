"""Settings that are kept in the catalogue, as people read and change them (PROMISES A9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shelfread.store import config
from shelfread.store.config import KEYS, UnknownKey
from shelfread.store.database import Database


async def read(database: Database) -> dict[str, int | None]:
    """Every setting; None where none is stored, or one that is not valid (PROMISES A11)."""
    async with database.read() as connection:
        return {key: await config.get(connection, key) for key in KEYS}


async def change(database: Database, wanted: Mapping[str, object]) -> dict[str, int | None]:
    """Store some settings, None removes one; all of them or none. Gives them all as they are then.

    Raises:
        UnknownKey: there is no such setting.
        ValueError: a value is not valid; the text begins with its key.
    """

    async def work(connection: Any) -> None:
        for key, value in wanted.items():
            await config.put(connection, key, value)

    await database.write(work)
    return await read(database)


__all__ = ["KEYS", "UnknownKey", "change", "read"]
