"""Engines of one kind share the statements that they have compiled.

Every test has a database of its own, so an engine, and each would compile a hundred statements that the
one before compiled: a seventh of what tests of scans take. A program has one engine, or two.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.util import LRUCache

#: What is compiled is kept by dialect and statement.
_DIALECTS = (SQLiteDialect_aiosqlite, PGDialectAsync_psycopg)


def share() -> None:
    """Let all engines of this process do so from now on."""
    compiled: Any = LRUCache(3000)

    def alike(one: Any, other: Any) -> bool:
        return type(one) is type(other) and bool(one.paramstyle == other.paramstyle)

    def number(one: Any) -> int:
        return hash((type(one), one.paramstyle))

    for dialect in _DIALECTS:
        # Those that differ in nothing are one.
        for name, method in (("__eq__", alike), ("__hash__", number)):
            setattr(dialect, name, method)

    @sa.event.listens_for(sa.Engine, "engine_connect")
    def on_connect(connection: sa.Connection) -> None:
        if isinstance(connection.dialect, _DIALECTS):
            connection.execution_options(compiled_cache=compiled)
