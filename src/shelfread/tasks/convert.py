"""The task of type `convert`: books of a library that are in other archives become cbz, one by one.

First what a dead process left is settled, then each book: read in a confined child, written beside itself
under a temporary name, read again and compared, noted in the journal, renamed, and only then is the book's
row that of the new file. Between any two steps the process may die. A book that is refused stays as it is.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from shelfread.convert.draft import Draft
from shelfread.convert.names import CONTAINERS, target_of
from shelfread.convert.place import Place, refusal, taken
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.conversion import (
    Candidate,
    ConversionCode,
    ConversionState,
    Prepared,
    Refused,
)
from shelfread.model.entry import Stamp, stamp_of
from shelfread.model.job import LogLine, Phase, Scope
from shelfread.model.library import Library
from shelfread.model.problem import ProblemCode, line_of
from shelfread.queue.running import RunningJob
from shelfread.scan.folder import joined
from shelfread.store import converting
from shelfread.store.clock import now_us, text_of
from shelfread.store.database import Database, to_its_end
from shelfread.tasks.library_scan import Pools
from shelfread.tasks.settling import At, Settler, nowhere
from shelfread.tasks.unpacking import Unpacker

#: Books asked for at a time.
PAGE = 100
#: A reader that says nothing for so long is given up, in seconds; and what it may take of memory, in bytes.
SILENT_S = 60.0
MEMORY = 512 << 20

#: What is wrong with a folder is said once, and its other books are passed over.
_OF_THE_FOLDER = {ConversionCode.READ_ONLY, ConversionCode.OUTSIDE_ROOT}


@dataclass(slots=True)
class Converted:
    """How a conversion job ended, when it did not fail."""

    counters: Counters
    #: How many books were left as they are, by code.
    refused: Counter[str] = field(default_factory=Counter)
    #: Originals that went to the trash.
    removed: int = 0
    #: Books that earlier attempts of the same job converted.
    earlier: int = 0

    def to_json(self) -> dict[str, Any]:
        """What the job's report says of it, beside the counters."""
        return {
            "converted": self.counters.updated + self.earlier,
            "refused": dict(sorted(self.refused.items())),
            "originals_removed": self.removed,
        }


async def convert_library_job(
    database: Database,
    job: RunningJob,
    library: Library,
    scopes: Sequence[Scope],
    pools: Pools,
    *,
    at: At = nowhere,
    memory_limit: int = MEMORY,
) -> Converted:
    """Convert what may be converted, in a job that this process holds, and complete it (PROMISES C4, C16).

    Args:
        database: the catalogue.
        job: the running job.
        library: whose books.
        scopes: the parts of it.
        pools: warm parsers of its kind.
        at: told of each step; tests stop the process there.
        memory_limit: bytes that the reader of archives may take.

    Raises what ended it: LostJob, CancelRequested, CancelledError. What was converted stays.
    """
    unpacker = Unpacker(memory_limit, SILENT_S)
    converting_job = _Job(database, job, library, scopes, pools, unpacker, at)
    job.live = converting_job.report
    try:
        return await job.run(converting_job.run())
    finally:
        await unpacker.close()


class _Job:
    def __init__(
        self,
        database: Database,
        job: RunningJob,
        library: Library,
        scopes: Sequence[Scope],
        pools: Pools,
        unpacker: Unpacker,
        at: At,
    ) -> None:
        self._database = database
        self._job = job
        self._scopes = scopes
        self._unpacker = unpacker
        self._at = at
        self._roots = {root.id: root.path for root in library.roots}
        self._ignore_ctime = library.options.ignore_ctime
        # What earlier attempts did is no candidate any more, and counts as in a scan that goes on: unchanged
        # here, and what it was in the end.
        carried = job.job.carried
        before = carried.updated + carried.failed
        self._outcome = Converted(Counters(found=before, unchanged=before), earlier=carried.updated)
        self._total: int | None = None
        self._current: str | None = None
        self._phase = Phase.DISCOVERING
        self._settler = Settler(database, job, library, pools, at, self.report)
        #: Folders in which nothing can be written, and the one that was looked through for leftovers.
        self._closed: set[int] = set()
        self._tidied: int | None = None

    def report(self, logs: Sequence[LogLine] = ()) -> BatchReport:
        """How far it is."""
        counters = self._outcome.counters.copy()
        return BatchReport(counters, self._phase, self._total, self._current, logs=logs)

    async def run(self) -> Converted:
        async with self._database.read() as connection:
            left = await converting.under_way(connection, self._scopes)
        # Books of a dead process; they are none of this one's candidates any more.
        await self._settler.settle_left_over(left)
        async with self._database.read() as connection:
            self._total = await converting.count(connection, self._scopes, CONTAINERS)
        self._total += self._outcome.counters.unchanged
        self._phase = Phase.READING
        after = 0
        while page := await self._page(after):
            for candidate in page:
                after = candidate.file_id
                await self._one(candidate)
        self._phase = Phase.DONE
        self._current = None
        self._outcome.removed = self._settler.removed
        report = self.report([LogLine("info", self._summary())])
        report.outcome = self._outcome.to_json()
        await self._job.finish(self._settler.tidy, report)
        return self._outcome

    async def _page(self, after: int) -> list[Candidate]:
        async with self._database.read() as connection:
            return await converting.candidates(connection, self._scopes, CONTAINERS, after, PAGE)

    async def _one(self, candidate: Candidate) -> None:
        """One book: converted, or left as it is with a line that says why."""
        counters = self._outcome.counters
        counters.found += 1
        path = joined(self._roots[candidate.root_id], joined(candidate.folder, candidate.name))
        self._current = text_of(path)
        if candidate.folder_id in self._closed:
            counters.skipped += 1
            return
        try:
            with await asyncio.to_thread(Place, self._roots[candidate.root_id], candidate.folder) as place:
                if self._tidied != candidate.folder_id:
                    await asyncio.to_thread(place.tidy)
                    self._tidied = candidate.folder_id
                await self._convert(place, candidate, path)
        except Refused as refused:
            await self._refuse(candidate, path, refused)
        except OSError as error:
            await self._refuse(candidate, path, refusal(error, "it cannot be converted now"))

    async def _refuse(self, candidate: Candidate, path: bytes, refused: Refused) -> None:
        self._outcome.refused[refused.code] += 1
        counters = self._outcome.counters
        if refused.lasting:
            counters.failed += 1
        else:
            counters.skipped += 1
        if refused.code in _OF_THE_FOLDER:
            self._closed.add(candidate.folder_id)
            path = path.rpartition(b"/")[0]

        async def remember(connection: Any) -> None:
            if refused.lasting:
                await converting.give_up(connection, candidate, refused, now_us())

        line = LogLine("warning", line_of(refused.code, f"not converted: {refused.detail}"), path)
        await self._settler.write(remember, line)

    async def _convert(self, place: Place, candidate: Candidate, path: bytes) -> None:
        target = target_of(candidate.name)
        if target is None:
            raise Refused(
                ProblemCode.WRONG_FORMAT,
                "its content is that of another archive than its name says; rename it to have it converted",
                lasting=True,
            )
        await self._refuse_taken(place, candidate, target)
        with place.opened(candidate.name) as fd:
            stamp = stamp_of(await asyncio.to_thread(os.fstat, fd))
            if not self._is_scanned(stamp, candidate.stamp):
                raise Refused(
                    ConversionCode.SOURCE_CHANGED, "it is not the file that was scanned; scan first"
                )
            draft = Draft(place, fd)
            try:
                self._at("begun")
                sealed = await self._written(draft, place.path + b"/" + candidate.name)
                await self._compared(draft, place.path + b"/" + draft.name)
                await asyncio.to_thread(draft.check_source)
                prepared = Prepared(
                    candidate.file_id,
                    candidate.root_id,
                    candidate.folder_id,
                    candidate.folder,
                    ConversionState.PREPARED,
                    candidate.name,
                    stamp,
                    target,
                    draft.name,
                    sealed.size,
                    sealed.mtime_ns,
                )
                # From the journal to the book's row: a cancel waits that long.
                await to_its_end(self._exchange(place, draft, prepared))
            finally:
                await asyncio.to_thread(draft.close)

    async def _refuse_taken(self, place: Place, candidate: Candidate, target: bytes) -> None:
        if await asyncio.to_thread(place.stamp, target) is not None:
            raise taken(target)
        async with self._database.read() as connection:
            known = await converting.name_is_known(connection, candidate.folder_id, target)
        if known:
            raise Refused(
                ConversionCode.TARGET_KNOWN,
                f"a book that is missing was called {text_of(target)}: its place is kept for it",
            )

    async def _written(self, draft: Draft, path: bytes) -> Stamp:
        """Everything of the original in the new file."""
        async with aclosing(self._unpacker.frames(path, content=True)) as frames:
            async for frame in frames:
                await asyncio.to_thread(draft.take, frame)
                self._at(type(frame).__name__)
        sealed = await asyncio.to_thread(draft.seal)
        self._at("sealed")
        return sealed

    async def _compared(self, draft: Draft, path: bytes) -> None:
        """The new file, read by a reader of its own, is what was written."""
        comparison = draft.comparison()
        async with aclosing(self._unpacker.frames(path, content=False)) as frames:
            async for frame in frames:
                comparison.take(frame)
        comparison.finish()
        self._at("compared")

    async def _exchange(self, place: Place, draft: Draft, prepared: Prepared) -> None:
        await self._settler.write(lambda connection: converting.prepare(connection, prepared, now_us()))
        self._at("journalled")
        try:
            await asyncio.to_thread(place.rename, prepared.temporary, prepared.target_name)
        except Refused:
            await self._settler.write(lambda connection: converting.discard(connection, prepared.file_id))
            raise
        draft.keep()
        self._at("renamed")
        self._outcome.counters.updated += 1
        await self._settler.settle(place, prepared)

    def _is_scanned(self, stamp: Stamp, known: Stamp) -> bool:
        """Whether an open file is the one that the catalogue knows. Some disks make inodes up."""
        length = 2 if self._ignore_ctime else 3
        return stamp[:length] == known[:length]

    def _summary(self) -> str:
        counters = self._outcome.counters
        return (
            f"converted {counters.updated + self._outcome.earlier} of {counters.found} books, "
            f"{counters.failed} cannot be converted, {counters.skipped} were left for another time"
        )
