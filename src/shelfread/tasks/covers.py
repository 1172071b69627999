"""The task of type `covers`: makes the small pictures that are due in one library.

Behind the scans, so that no scan waits for it: it has a lower priority, goes on beside a scan, and gives way
to one that has nobody else to run it. What is due stands in the catalogue (`store.cover_due`); each portion
is one fenced transaction that remembers what was made and takes the notes away, so a job that dies goes on
where it was. A picture is written before its row, and named by its content: no row leads to half a file.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shelfread.covers.keeping import Shelf
from shelfread.model.batch import BatchReport
from shelfread.model.beside import GaveWay
from shelfread.model.change import Counters
from shelfread.model.job import Job, JobType, LogLine, LostJob, Phase, Reason, Stopped, TaskFailed
from shelfread.model.library import Library
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.running import HEARTBEAT_S, RunningJob
from shelfread.queue.watch import Control, Task
from shelfread.store import cover_due, covers
from shelfread.store.covers import CoverRow
from shelfread.store.libraries import LibraryRepository
from shelfread.store.search_due import ItemKind
from shelfread.tasks.cover_clearing import clear
from shelfread.tasks.cover_making import Outcome, Outcomes, pool_of
from shelfread.tasks.library_scan import KindParts, PoolSizes

#: Items of one transaction: a second of work, which is as long as something urgent waits at most.
PORTION = 48
#: Items that are noted at a time when all of a library are to be looked at.
NOTED = 2000


def covers_task(
    repository: ScanJobRepository,
    kinds: Mapping[str, KindParts],
    shelf: Shelf,
    sizes: PoolSizes,
    *,
    heartbeat_s: float = HEARTBEAT_S,
) -> Task:
    """The task, for a worker of this catalogue.

    Args:
        repository: its jobs.
        kinds: the kinds of media, by name.
        shelf: where small pictures are kept.
        sizes: how many processes make them, and what each may take.
        heartbeat_s: seconds between two signs of life.
    """

    async def make(job: Job, control: Control) -> None:
        library = await LibraryRepository(repository.database).get(job.library_id or 0)
        if library is None:
            raise LostJob(f"library {job.library_id} is not there any more")
        running = RunningJob(repository, job, heartbeat_s=heartbeat_s)
        try:
            work = CoverWork(repository, running, library, kinds[library.kind], shelf, sizes, control)
            await running.run(work.run())
        finally:
            await running.close()

    return make


class CoverWork:
    """One run over what is due in a library. Make it, await `run` once."""

    def __init__(
        self,
        repository: ScanJobRepository,
        job: RunningJob,
        library: Library,
        parts: KindParts,
        shelf: Shelf,
        sizes: PoolSizes,
        control: Control | None = None,
        *,
        patient: bool = False,
    ) -> None:
        self._repository = repository
        self._database = repository.database
        self._job = job
        self._library = library
        self._parts = parts
        self._shelf = shelf
        self._sizes = sizes
        self._control = control
        #: Gives way to nothing: it holds up no worker.
        self._patient = patient
        carried = job.job.carried
        #: What earlier attempts made is there, and so unchanged in this one (`Counters.after`).
        before = carried.added + carried.updated + carried.failed
        self._counters = Counters(found=before, unchanged=before)
        self._phase = Phase.DISCOVERING
        self._total: int | None = None
        self._at: str | None = None
        job.live = self._report

    async def run(self) -> None:
        """Make what is due, and complete the job.

        Raises:
            GaveWay: something more urgent waits.
            Stopped: the worker ends.
            TaskFailed: small pictures cannot be written.
            LostJob, CancelRequested: nothing more may be written.
            ScanChildFailed: the processes that make them cannot be started.
        """
        if not self._library.options.thumbnails:
            line = LogLine("info", "small pictures are off for this library: none were made")
            await self._job.finish(None, self._report([line]))
            return
        await self._note_all()
        async with self._database.read() as connection:
            due = await cover_due.count(connection, self._library.id)
        self._total = self._counters.found = self._counters.found + due
        self._phase = Phase.READING
        if due:
            async with pool_of(self._library, self._parts.reference, self._sizes) as pool:
                await self._make_all(Outcomes(self._database, self._library, self._shelf, pool))
        self._phase = Phase.SETTLING
        await self._forget_removed()
        await self._job.finish(None, self._report())

    @property
    def counters(self) -> Counters:
        """What came of the items so far."""
        return self._counters.copy()

    # What is due

    async def _note_all(self) -> None:
        """Where all of the library was asked for: note every item by itself, so that each can be counted."""
        async with self._database.read() as connection:
            wish = await cover_due.wish(connection, self._library.id)
        if wish is None:
            return
        for kind in covers.COVERED:
            after = 0
            while True:
                async with self._database.read() as connection:
                    ids = await cover_due.items_after(connection, self._library.id, kind, after, NOTED)
                if not ids:
                    break
                after = ids[-1]
                await self._commit(_Noting(self._library.id, kind, ids, wish.again))

        async def forget(connection: Any) -> None:
            await cover_due.done(connection, self._library.id, [wish])

        await self._commit(forget)

    async def _make_all(self, outcomes: Outcomes) -> None:
        after = (0, 0)
        while True:
            async with self._database.read() as connection:
                page = await cover_due.page(connection, self._library.id, after, PORTION)
            if not page:
                return
            after = (page[-1].kind, page[-1].item_id)
            found = await outcomes.of(page)
            self._at = outcomes.at
            await self._settle(found)
            if not self._patient and await self._repository.more_urgent(self._job.job, tuple(JobType)):
                raise GaveWay("something more urgent waits")

    # Writing down

    async def _settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write the pictures of a portion, then one transaction, then clear away what they replace."""
        with contextlib.ExitStack() as lock:
            await asyncio.to_thread(lock.enter_context, self._shelf.writing())
            rows, replaced = await asyncio.to_thread(self._kept, outcomes)
            done = [one.due for one in outcomes if not one.later]

            async def work(connection: Any) -> None:
                await covers.put(connection, rows)
                await cover_due.done(connection, self._library.id, done)

            for one in outcomes:
                setattr(self._counters, one.counts, getattr(self._counters, one.counts) + 1)
            # A scan that goes on meanwhile notes more.
            self._counters.found = self._total = max(self._total or 0, self._counters.processed)
            await self._commit(work, [line for one in outcomes for line in one.lines])
        await self._clear(replaced)

    def _kept(self, outcomes: Sequence[Outcome]) -> tuple[list[CoverRow], set[str]]:
        """Write pictures; gives the rows that lead to them, and what nobody may need any more."""
        rows, replaced, written = [], set(), set()
        for one in outcomes:
            row = one.row
            if row is None:
                continue
            if one.made is not None:
                try:
                    digest = self._shelf.keep(one.made.content, one.made.mime)
                except OSError as error:
                    raise _unwritable(self._shelf, error) from error
                written.add(digest)
                row = row._replace(digest=digest)
                if one.before is not None:
                    one.counts = "unchanged" if one.before == digest else "updated"
            if one.before is not None and one.before != row.digest:
                replaced.add(one.before)
            rows.append(row)
        try:
            self._shelf.settle(written)
        except OSError as error:
            raise _unwritable(self._shelf, error) from error
        return rows, replaced

    async def _forget_removed(self) -> None:
        gone: list[str] = []

        async def work(connection: Any) -> None:
            gone[:] = await covers.forget_removed(connection, self._library.id)

        await self._commit(work)
        await self._clear(set(gone))

    async def _clear(self, digests: Collection[str]) -> None:
        if digests:
            await clear(self._database, self._shelf, digests)

    async def _commit(self, work: Any, lines: Sequence[LogLine] = ()) -> None:
        if self._control is not None and self._control.stop.is_set():
            raise Stopped("the worker stops; what was made so far stays")
        await self._job.commit(work, self._report(lines))

    def _report(self, lines: Sequence[LogLine] = ()) -> BatchReport:
        return BatchReport(self._counters.copy(), self._phase, self._total, self._at, logs=lines)


@dataclass(frozen=True, slots=True)
class _Noting:
    """Notes some items of a library, in a transaction."""

    library_id: int
    kind: ItemKind
    ids: Sequence[int]
    again: bool

    async def __call__(self, connection: Any) -> None:
        await cover_due.note_items(connection, self.library_id, {self.kind: self.ids}, again=self.again)


def _unwritable(shelf: Shelf, error: OSError) -> TaskFailed:
    why = error.strerror or str(error)
    return TaskFailed(
        Reason.EXCEPTION,
        f"small pictures cannot be written to {shelf.folder}: {why}. What was made so far is kept; "
        "once there is room, the next scan has the others made",
    )
