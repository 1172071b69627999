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
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from shelfread.covers.keeping import Shelf
from shelfread.covers.making import Shape
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import GaveWay, Job, JobType, LogLine, LostJob, Phase, Reason, Stopped, TaskFailed
from shelfread.model.library import Library, LibraryOptions
from shelfread.model.problem import ProblemCode, line_of
from shelfread.queue.repository import ScanJobRepository
from shelfread.queue.running import HEARTBEAT_S, RunningJob
from shelfread.queue.watch import Control, Task
from shelfread.scan.extract import MEDIA, SIDECAR, FileRef, ParserPool
from shelfread.store import cover_due, covers
from shelfread.store.clock import now_us
from shelfread.store.cover_due import Due
from shelfread.store.cover_sources import CoverSource, sources
from shelfread.store.covers import CoverRow
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from shelfread.store.search_due import ItemKind
from shelfread.tasks.cover_child import FRONTS, ROLE, Made
from shelfread.tasks.library_scan import KindParts, PoolSizes

#: Items of one transaction: a second of work, which is as long as something urgent waits at most.
PORTION = 48
#: Items that are noted at a time when all of a library are to be looked at.
NOTED = 2000
#: A small picture is not larger, in bytes.
FRAME_LIMIT = 48 << 20
#: The file is not now as the catalogue knows it: a scan will see what became of it, and the note stays.
_LATER = {
    ProblemCode.VANISHED,
    ProblemCode.CHANGED_WHILE_READ,
    ProblemCode.PERMISSION_DENIED,
    ProblemCode.IO_ERROR,
    ProblemCode.NOT_A_FILE,
    ProblemCode.BROKEN_LINK,
}


def shape_of(options: LibraryOptions) -> Shape:
    """What the small pictures of a library are to be like."""
    return Shape(
        options.thumbnail_format,
        options.thumbnail_quality,
        options.thumbnail_width,
        options.thumbnail_height,
        options.thumbnail_scale,
    )


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


@dataclass(slots=True)
class _Outcome:
    """What came of one item."""

    due: Due
    #: What is to be remembered; None leaves what is known as it is.
    row: CoverRow | None = None
    made: Made | None = None
    #: The note stays: a scan will look at the file first.
    later: bool = False
    #: The column of the counters that it counts in.
    counts: str = "unchanged"
    lines: list[LogLine] = field(default_factory=list)
    #: The small picture that it had before.
    before: str | None = None


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
    ) -> None:
        self._repository = repository
        self._database = repository.database
        self._job = job
        self._library = library
        self._parts = parts
        self._shelf = shelf
        self._sizes = sizes
        self._control = control
        self._shape = shape_of(library.options)
        self._roots = {root.id: root.path for root in library.roots}
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
            async with self._pool() as pool:
                await self._make_all(pool)
        self._phase = Phase.SETTLING
        await self._forget_removed()
        await self._job.finish(None, self._report())

    # What is due

    async def _note_all(self) -> None:
        """Where all of the library was asked for: note every item by itself, so that each can be counted."""
        async with self._database.read() as connection:
            wish = await cover_due.wish(connection, self._library.id)
        if wish is None:
            return
        for kind in (ItemKind.RELEASE, ItemKind.BOOK):
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

    async def _make_all(self, pool: ParserPool) -> None:
        after = (0, 0)
        while True:
            async with self._database.read() as connection:
                page = await cover_due.page(connection, self._library.id, after, PORTION)
            if not page:
                return
            after = (page[-1].kind, page[-1].item_id)
            await self._settle(await self._outcomes(pool, page))
            if await self._repository.more_urgent(self._job.job, tuple(JobType)):
                raise GaveWay("something more urgent waits")

    async def _outcomes(self, pool: ParserPool, page: Sequence[Due]) -> list[_Outcome]:
        """What comes of these items; pictures are made side by side."""
        found: dict[tuple[int, int], list[CoverSource]] = {}
        known: dict[tuple[int, int], CoverRow] = {}
        async with self._database.read() as connection:
            for kind in {one.kind for one in page}:
                ids = [one.item_id for one in page if one.kind == kind]
                each = await sources(connection, kind, ids)
                found |= {(kind, item_id): own for item_id, own in each.items()}
                rows = await covers.known(connection, kind, ids)
                known |= {(kind, item_id): row for item_id, row in rows.items()}
        return await asyncio.gather(
            *(
                self._outcome(
                    pool, one, found.get((one.kind, one.item_id)), known.get((one.kind, one.item_id))
                )
                for one in page
            )
        )

    async def _outcome(
        self, pool: ParserPool, due: Due, found: Sequence[CoverSource] | None, known: CoverRow | None
    ) -> _Outcome:
        outcome = _Outcome(due, before=known.digest if known else None)
        if found is None:
            outcome.counts = "skipped"  # it was removed; its row goes at the end
            return outcome
        key = "; ".join(one.key for one in found) or None
        row = CoverRow(due.kind, due.item_id, self._library.id, key, self._shape.key, made_at=now_us())
        if not found:
            outcome.row, outcome.counts = row, "skipped"
            return outcome
        if known is not None and not due.again and (known.source, known.shape) == (key, row.shape):
            if known.code is not None:
                return outcome
            digest, mime = known.digest, known.mime
            if digest and mime:
                there: bool = await asyncio.to_thread(self._shelf.has, digest, mime)
                if there:
                    return outcome
        await self._make(pool, outcome, row, found)
        return outcome

    async def _make(
        self, pool: ParserPool, outcome: _Outcome, row: CoverRow, found: Sequence[CoverSource]
    ) -> None:
        """Try one source after the other."""
        for source in found:
            root = self._roots.get(source.root_id)
            if root is None:
                outcome.later, outcome.counts = True, "skipped"
                return
            path = root.rstrip(b"/") + b"/" + source.relative
            want = (SIDECAR if source.is_picture else MEDIA) | FRONTS[source.front]
            (reading,) = await pool.read([FileRef(path, source.relative, want)])
            stamp = reading.stamp
            if reading.code in _LATER or (
                stamp is not None and (stamp.size, stamp.mtime_ns) != (source.size, source.mtime_ns)
            ):
                outcome.later, outcome.counts = True, "skipped"
                return
            self._at = source.relative.decode("utf-8", "replace")
            if reading.code is None:
                made = msgspec.msgpack.decode(reading.item, type=Made)
                outcome.row = row._replace(mime=made.mime, width=made.width, height=made.height)
                outcome.made, outcome.counts = made, "added"
                return
            text = line_of(reading.code, reading.detail or "")
            outcome.lines.append(LogLine("warning", f"no small picture: {text}", path))
            outcome.row = row._replace(code=str(reading.code), detail=reading.detail)
            outcome.counts = "failed"

    # Writing down

    async def _settle(self, outcomes: Sequence[_Outcome]) -> None:
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

    def _kept(self, outcomes: Sequence[_Outcome]) -> tuple[list[CoverRow], set[str]]:
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

    def _pool(self) -> ParserPool:
        more = {"shape": asdict(self._shape), "follow_links": self._library.options.follow_symlinks}
        return ParserPool(
            self._parts.reference,
            self._sizes.processes,
            file_timeout_s=self._sizes.file_timeout_s,
            memory_limit=self._sizes.memory_limit,
            frame_limit=FRAME_LIMIT,
            role=ROLE,
            more=more,
        )


@dataclass(frozen=True, slots=True)
class _Noting:
    """Notes some items of a library, in a transaction."""

    library_id: int
    kind: ItemKind
    ids: Sequence[int]
    again: bool

    async def __call__(self, connection: Any) -> None:
        some = {"releases" if self.kind is ItemKind.RELEASE else "books": self.ids}
        await cover_due.note(connection, self.library_id, again=self.again, **some)


def _unwritable(shelf: Shelf, error: OSError) -> TaskFailed:
    why = error.strerror or str(error)
    return TaskFailed(
        Reason.EXCEPTION,
        f"small pictures cannot be written to {shelf.folder}: {why}. What was made so far is kept; "
        "once there is room, the next scan has the others made",
    )


async def clear(database: Database, shelf: Shelf, digests: Collection[str]) -> int:
    """Remove those of some small pictures that nothing in the catalogue refers to; gives how many went."""
    with contextlib.ExitStack() as lock:
        await asyncio.to_thread(lock.enter_context, shelf.clearing())
        async with database.read() as connection:
            used = await covers.in_use(connection, digests)
        return await asyncio.to_thread(shelf.drop, set(digests) - used)


async def clear_all(database: Database, shelf: Shelf) -> int:
    """The same for every file there is: what dead jobs and removed libraries left."""
    gone = 0
    for part in await asyncio.to_thread(shelf.parts):
        digests = await asyncio.to_thread(shelf.digests_in, part)
        if digests:
            gone += await clear(database, shelf, digests)
    return gone
