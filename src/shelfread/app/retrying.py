"""Having many problems looked at again: what they are about is made due, and one scan a library looks at it.

Stands on the store's `again` and the queue. Who may ask, and for what, is asked by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from shelfread.app.places import whole
from shelfread.model.job import Enqueued, Origin, Scope, UnknownLibrary, united
from shelfread.model.library import Library
from shelfread.store import again
from shelfread.store.again import Which

if TYPE_CHECKING:
    from shelfread.app import App

#: More parts than this of one library are all of it.
MOST_SCOPES = 200


class Part(NamedTuple):
    """What is to be scanned of one library."""

    library: Library
    scopes: tuple[Scope, ...]


@dataclass(slots=True)
class Ahead:
    """What trying some problems again comes to."""

    #: These very problems.
    which: Which
    problems: int = 0
    parts: list[Part] = field(default_factory=list)


async def ahead(app: App, which: Which) -> Ahead:
    """What trying problems again would scan; changes nothing."""
    count, last = 0, 0
    scopes: dict[int, set[Scope]] = {}
    while True:
        async with app.database.read() as connection:
            found = await again.page(connection, which, last)
        if not found:
            break
        count, last = count + len(found), found[-1][0]
        for _, due in found:
            own = scopes.setdefault(due.library_id, set())
            if len(own) <= MOST_SCOPES:
                own.add(due.scope)
    told = Ahead(which._replace(last_id=last), count)
    for library_id, own in sorted(scopes.items()):
        library = await app.libraries.get(library_id)
        if library is not None:
            all_of_it = len(own) > MOST_SCOPES
            told.parts.append(Part(library, whole(library) if all_of_it else united(tuple(own))))
    return told


async def retry(app: App, meant: Ahead) -> list[tuple[Part, Enqueued]]:
    """Make these problems due, and queue a scan of each library; one that is gone meanwhile is left out."""
    after: int | None = 0
    while after is not None:

        async def work(connection: Any, after: int = after) -> int | None:
            return await again.make_page_due(connection, meant.which, after)

        after = await app.database.write(work)
    queued = []
    for part in meant.parts:
        try:
            enqueued = await app.request_scan(part.library, part.scopes, origin=Origin.RETRY)
        except UnknownLibrary:
            continue
        queued.append((part, enqueued))
    return queued
