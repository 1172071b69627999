"""The task of type `prune`: forget old jobs, old logs, dead processes, what is long missing; empty the trash.

Works in short transactions, each a batch of the job: guarded by its fence, and ended by a cancel. What is
kept however old it is stands in `store.retention`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from shelfread.convert import trash
from shelfread.covers.keeping import Shelf
from shelfread.model.batch import BatchReport
from shelfread.model.catalogue import Catalogue
from shelfread.model.change import Counters
from shelfread.model.job import AlreadyRunning, Job, LogLine, Phase, Stopped
from shelfread.model.library import Library
from shelfread.queue.presence import forget_the_dead
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.watch import Control, Task
from shelfread.settings import Settings
from shelfread.store import retention
from shelfread.store.clock import now_us
from shelfread.store.libraries import LibraryRepository
from shelfread.store.missing import Chosen
from shelfread.tasks.cover_clearing import clear_all
from shelfread.tasks.pruning import forget


@dataclass(slots=True)
class _Gone:
    jobs: int = 0
    lines: int = 0
    workers: int = 0
    originals: int = 0
    missing: int = 0
    pictures: int = 0


def prune_task(
    repository: ScanJobRepository,
    settings: Settings,
    shelf: Shelf | None = None,
    *,
    catalogue_of: Callable[[Library], Catalogue] | None = None,
    clock: Callable[[], int] = now_us,
) -> Task:
    """The task, for a worker of this catalogue.

    With a `shelf` it clears away pictures that nothing has. With `catalogue_of`, which gives the rows of a
    library's kind, it forgets missing files where the library's option says so.
    """

    async def prune(job: Job, control: Control) -> None:
        await _Prune(repository, job, control, shelf, catalogue_of).run(settings, clock())

    return prune


class _Prune:
    def __init__(
        self,
        repository: ScanJobRepository,
        job: Job,
        control: Control,
        shelf: Shelf | None,
        catalogue_of: Callable[[Library], Catalogue] | None,
    ) -> None:
        self._shelf = shelf
        self._catalogue_of = catalogue_of
        self._lines: list[LogLine] = []
        self._repository = repository
        self._database = repository.database
        self._job = job
        self._control = control
        self._gone = _Gone()

    async def run(self, settings: Settings, now: int) -> None:
        gone = self._gone
        if settings.job_retention_days:
            await self._forget_jobs(now - settings.job_retention_days * retention.DAY_US)
        if settings.log_retention_days:
            await self._forget_logs(now - settings.log_retention_days * retention.DAY_US)
        await self._commit(None)
        gone.workers = await forget_the_dead(self._database, now - retention.DAY_US)
        await self._empty_trash(now)
        # Before the pictures: those of what is forgotten go with it.
        await self._forget_missing(now)
        if self._shelf is not None:
            gone.pictures = await clear_all(self._database, self._shelf)
        line = f"forgot {gone.jobs} jobs, {gone.lines} log lines and events, {gone.workers} workers"
        if gone.originals:
            line += f"; deleted {gone.originals} converted originals from the trash"
        if gone.pictures:
            line += f"; removed {gone.pictures} small pictures that nothing refers to"
        if gone.missing:
            line += f"; forgot {gone.missing} missing files"
        outcome = {
            "jobs": gone.jobs,
            "lines": gone.lines,
            "workers": gone.workers,
            "originals": gone.originals,
            "missing": gone.missing,
            "pictures": gone.pictures,
        }
        report = BatchReport(
            Counters(), Phase.DONE, logs=[*self._lines, LogLine("info", line)], outcome=outcome
        )
        await self._repository.finish(self._job, None, report)

    async def _empty_trash(self, now: int) -> None:
        """What was converted long enough ago, in every library as its own option says."""
        for library in await LibraryRepository(self._database).all():
            for root in library.roots:
                # The job must still be ours: what is deleted here does not come back.
                await self._commit(None)
                self._gone.originals += await asyncio.to_thread(
                    partial(trash.empty, root.path, library.options.trash_days, now_s=now / 1e6)
                )

    async def _forget_missing(self, now: int) -> None:
        """What is missing for long enough, in every library as its own option says."""
        if self._catalogue_of is None:
            return
        for library in await LibraryRepository(self._database).all():
            days = library.options.prune_days
            if days is None:
                continue
            chosen = Chosen(library.id, before=now - days * retention.DAY_US)
            try:
                gone, kept_back = await forget(
                    self._database, library, chosen, self._catalogue_of(library), self._commit
                )
            except AlreadyRunning:
                continue  # tomorrow is soon enough
            self._gone.missing += gone
            self._lines += [
                LogLine("warning", f"{one.files} missing files are kept: {one.why}", one.root.path)
                for one in kept_back
            ]

    async def _forget_jobs(self, before: int) -> None:
        async with self._database.read() as connection:
            kept = await retention.kept(connection)
        after = 0
        while page := await self._page(before, after):
            after = page[-1]
            old = [seq for seq in page if seq not in kept]
            if old:
                await self._forget_trail(old, all_events=True)
                self._gone.jobs += await self._delete(partial(retention.delete_jobs, seqs=old))

    async def _forget_logs(self, before: int) -> None:
        after = 0
        while page := await self._page(before, after):
            after = page[-1]
            await self._forget_trail(page, all_events=False)

    async def _page(self, before: int, after: int) -> list[int]:
        async with self._database.read() as connection:
            return await retention.ended_before(connection, before, after)

    async def _forget_trail(self, seqs: list[int], *, all_events: bool) -> None:
        async with self._database.read() as connection:
            spans = await retention.trail(connection, seqs, all_events=all_events)
        for spans_at_once in retention.portions(spans):
            self._gone.lines += await self._delete(
                partial(retention.delete_trail, spans=spans_at_once, all_events=all_events)
            )

    async def _delete(self, delete: Callable[[Any], Awaitable[int]]) -> int:
        """One transaction; gives how many rows are gone."""
        count = 0

        async def work(connection: Any) -> None:
            nonlocal count  # set, not added to: the database may ask for the whole of it again
            count = await delete(connection)

        await self._commit(work)
        return count

    async def _commit(self, work: Callable[[Any], Awaitable[None]] | None) -> None:
        if self._control.stop.is_set():
            raise Stopped("the worker stops; what was forgotten so far stays forgotten")
        await self._repository.commit(self._job, work, BatchReport(Counters(), Phase.SETTLING))
