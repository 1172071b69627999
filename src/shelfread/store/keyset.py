"""One page of a sorted table, by where the page before it ended and not by counting: stable while rows come.

Statements for `browse`. A page is two walks along an index: the rows that have a value, then those without,
in both directions alike. A filter with few rows is looked up first, and only its rows are sorted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, any_, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.cursor import Value, decoded, encoded

#: A filter with more rows than this is asked of each row along the sorted index; one with fewer is looked up.
NARROW = 1000


class Order(NamedTuple):
    """What rows can be sorted by."""

    column: ColumnElement[Any]
    type: type
    nullable: bool = False


class Filter(NamedTuple):
    """Which rows are wanted: a condition, and if an index has them, a query for their ids."""

    test: ColumnElement[bool]
    ids: Select[Any] | None = None


class Page(NamedTuple):
    """Ids in order, and where to go on; None at the end."""

    ids: list[int]
    next: str | None


class Walk(NamedTuple):
    """One list with its order and its filters."""

    source: FromClause
    row_id: ColumnElement[int]
    order: Order
    #: List and order: a cursor of another one is refused.
    question: str
    descending: bool
    filters: Sequence[Filter]
    #: Columns of joined tables that equal the id: so that each table is looked up by itself.
    equal: Sequence[ColumnElement[int]] = ()


async def page(connection: AsyncConnection, walk: Walk, limit: int, after: str | None) -> Page:
    """A page of a list.

    Raises:
        BadCursor: `after` is not one of this list in this order.
    """
    question = f"{walk.question}{'-' if walk.descending else '+'}"
    last: tuple[Value, int] | None = None
    if after is not None:
        kind = (walk.order.type, type(None)) if walk.order.nullable else walk.order.type
        value, row_id = decoded(question, after, (kind, int))
        assert isinstance(row_id, int)
        last = (value, row_id)
    conditions = await _conditions(connection, walk)
    found: list[tuple[Value, int]] = []
    for without in (False, True) if walk.order.nullable else (False,):
        if len(found) <= limit and not (last is not None and last[0] is None and not without):
            # In the rows without a value only their ids say where the page before ended.
            mine = last if last is not None and (last[0] is None) == without else None
            query = segment(walk, conditions, without, mine).limit(limit + 1 - len(found))
            found += [(row[0], row[1]) for row in await connection.execute(query)]
    more = len(found) > limit
    found = found[:limit]
    return Page([row_id for _, row_id in found], encoded(question, found[-1]) if more else None)


def segment(
    walk: Walk, conditions: Sequence[ColumnElement[bool]], without: bool, last: tuple[Value, int] | None
) -> Select[Any]:
    """The rows with a value, or those without, after a place: (value, id) in order."""
    column, row_id = walk.order.column, walk.row_id
    query = select(column, row_id).select_from(walk.source).where(*conditions)
    if walk.order.nullable:
        query = query.where(column.is_(None) if without else column.is_not(None))
    if last is not None:
        here: Any = row_id if without else tuple_(column, row_id)
        there: Any = last[1] if without else tuple_(*last)
        query = query.where(here < there if walk.descending else here > there)
    ordered = (row_id,) if without else (column, row_id)
    return query.order_by(*(one.desc() if walk.descending else one.asc() for one in ordered))


async def _conditions(connection: AsyncConnection, walk: Walk) -> list[ColumnElement[bool]]:
    """The filters as conditions: the one with the fewest rows as a list of ids, if they are few."""
    best: tuple[int, list[int]] | None = None
    for number, one in enumerate(walk.filters):
        if one.ids is not None:
            rows = (await connection.execute(one.ids.limit(NARROW + 1))).scalars().all()
            if len(rows) <= NARROW and (best is None or len(rows) < len(best[1])):
                best = (number, sorted(set(rows)))
    conditions = [one.test for number, one in enumerate(walk.filters) if best is None or number != best[0]]
    if best is None:
        return conditions
    return [*(_among(connection, column, best[1]) for column in (walk.row_id, *walk.equal)), *conditions]


def _among(connection: AsyncConnection, column: ColumnElement[int], ids: list[int]) -> ColumnElement[bool]:
    """A thousand ids as one value: as a thousand they cost more to say than to look up."""
    if connection.dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(ids)).table_valued("value").c.value))
    return column == any_(cast(ids, ARRAY(BigInteger)))
