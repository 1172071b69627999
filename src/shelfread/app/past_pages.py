"""What happened to a job before somebody listened to it, page by page from the tables.

One reading for all who are equally far, and few readings at a time, so that there is a connection left for
others. Asked by `stream` for what it does not remember. Knows no listener and no text.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from shelfread.app.listeners import News, Page
from shelfread.app.together import Together
from shelfread.model.job import Job
from shelfread.store import job_news
from shelfread.store.database import Database

#: Pages that are read at a time.
_READERS = 2


@dataclass(frozen=True, slots=True)
class _Place:
    """How far somebody is who asks for a job's past."""

    seq: int
    event: int
    line: int
    job: Job = field(compare=False)


class PastPages:
    """Pages of the past of jobs.

    Args:
        database: the catalogue.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = asyncio.Semaphore(_READERS)
        self._pages = Together(self._page, gathers=True)

    async def read(self, job: Job, event: int, line: int) -> Page:
        """What is behind an event and a line of a job. Raises what the database raises."""
        return await self._pages.ask(_Place(job.seq, event, line, job))

    async def _page(self, place: _Place) -> Page:
        async with self._reading, self._database.read() as connection:
            trail = await job_news.trail(connection, place.seq, place.event, place.line)
        return Page([News(place.job, what) for what in trail.news], trail.more)
