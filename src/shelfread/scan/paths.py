"""`scan_paths`: everything from the walk to the reading, as one stream of what must be written.

The walk, the comparison and the parsers run side by side behind it and are bounded by how fast the stream
is taken. It reads the catalogue and writes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Sequence

from shelfread.media.kind import Kind
from shelfread.model.catalogue import FolderWrite
from shelfread.model.job import Phase
from shelfread.scan.diff import DiffRules
from shelfread.scan.discover import Discovery, Part
from shelfread.scan.extract import MEDIA, PROGRAMS, ParserPool
from shelfread.scan.findings import Findings
from shelfread.scan.folder import library_rules
from shelfread.scan.plan import Mode, Plan
from shelfread.scan.progress import Progress
from shelfread.scan.reading import Reader
from shelfread.scan.roots import RootCheck
from shelfread.scan.rootwalk import RootWalk
from shelfread.scan.walk import WalkerPool
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks

#: Files in one request to a parser, and in one part of a folder.
CHUNK_FILES = 48
PART_FILES = 500
#: Files between listing and the taking of their part; the walk waits above it.
IN_FLIGHT = 2000


async def scan_paths(
    database: Database,
    plan: Plan,
    checks: Sequence[RootCheck],
    kind: Kind,
    parsers: ParserPool,
    walkers: WalkerPool,
    *,
    ids: IdBlocks,
    job_seq: int,
    progress: Progress,
    findings: Findings,
) -> AsyncGenerator[FolderWrite]:
    """Walk the believed roots of a plan, and give what changed, a folder (or part of a large one) at a time.

    Every supported file that is new, changed or must be read again is exactly one record in the `files` of
    exactly one of them, also when it could not be read (PROMISES A3). Files that are as the catalogue
    remembers them are counted in `progress` and give no record.

    Raises:
        ScopeIgnored: a part that was to be scanned is none that a scan looks into.
        ScanChildFailed: parsers or walkers cannot be started.
    """
    stream = _Stream(database, plan, kind, parsers, walkers, ids, job_seq, progress, findings)
    producing = asyncio.create_task(stream.produce(checks))
    try:
        while (part := await stream.take()) is not None:
            yield part
        await producing
    finally:
        producing.cancel()
        with contextlib.suppress(BaseException):
            await producing


class _Stream:
    """The stages behind `scan_paths`."""

    def __init__(
        self,
        database: Database,
        plan: Plan,
        kind: Kind,
        parsers: ParserPool,
        walkers: WalkerPool,
        ids: IdBlocks,
        job_seq: int,
        progress: Progress,
        findings: Findings,
    ) -> None:
        self._database = database
        self._plan = plan
        self._kind = kind
        self._walkers = walkers
        self._ids = ids
        self._job_seq = job_seq
        self._progress = progress
        self._findings = findings
        sync = plan.mode is Mode.SYNC
        self._part_files = 1 if sync else PART_FILES
        self._reader = Reader(
            parsers,
            kind,
            {root.id: root.path for root in plan.library.roots},
            progress,
            self._completed,
            chunk_files=8 if sync else CHUNK_FILES,
        )
        self._out: asyncio.Queue[FolderWrite | None] = asyncio.Queue()
        #: Files handed to the reader and not taken from the stream yet.
        self._in_flight = 0
        self._taken = asyncio.Event()

    async def take(self) -> FolderWrite | None:
        """The next part; None at the end."""
        part = await self._out.get()
        if part is not None:
            self._in_flight -= part.reads
            self._taken.set()
        return part

    async def produce(self, checks: Sequence[RootCheck]) -> None:
        """Fill the stream, and end it whatever happens."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._reader.tasks):
                    group.create_task(self._reader.run())
                for found in checks:
                    if found.reason is None:
                        await self._walk_root(found)
                self._progress.phase = Phase.READING
                self._progress.total = self._progress.counters.found
                self._reader.end()
        finally:
            self._out.put_nowait(None)

    async def _walk_root(self, found: RootCheck) -> None:
        options = self._plan.library.options
        ignore_inode = options.ignore_inode or not found.stable_inodes
        rules = DiffRules(
            ignore_ctime=options.ignore_ctime,
            ignore_inode=ignore_inode,
            version=self._kind.version,
            rescan_seq=self._job_seq if self._plan.rescan else None,
            now_ns=time.time_ns(),
            settle_ns=self._plan.settle_ns,
        )

        async def take(parts: Sequence[Part]) -> None:
            await self._read(parts, rules)

        walk_rules = library_rules(self._kind, options, ignore_inode=ignore_inode)
        self._findings.rules[found.root.id] = walk_rules
        walk = RootWalk(
            self._database,
            found,
            walk_rules,
            Discovery(
                self._database,
                found.root.id,
                rules,
                self._part_files,
                self._findings,
                self._kind.fact_suffixes,
                MEDIA | PROGRAMS if options.ffprobe else MEDIA,
            ),
            self._walkers,
            self._ids,
            self._progress,
            self._findings,
            take,
            lambda: self._reader.hungry,
            trust_digests=not self._plan.rescan,
            hinted=self._plan.hinted,
        )
        for scope in self._plan.scopes:
            if scope.root_id == found.root.id:
                await walk.run(scope)

    async def _read(self, parts: Sequence[Part], rules: DiffRules) -> None:
        """Hand parts to the reader, and wait while too much is on its way."""
        self._in_flight += sum(part.write.reads for part in parts)
        self._reader.take(parts, rules)
        while self._in_flight > IN_FLIGHT:
            # A chunk that is not full yet holds files that would otherwise wait for this very wait to end.
            self._reader.flush()
            self._taken.clear()
            await self._taken.wait()

    def _completed(self, part: Part) -> None:
        """All of a part is read: settle what it says of its folder, and let it be taken."""
        state, write = part.state, part.write
        state.outstanding -= 1
        write.continued = state.continued
        state.continued = True
        write.last = state.outstanding == 0
        state.sidecars += write.sidecars
        write.sidecars = state.sidecars if write.last else []
        write.lost_sidecars = state.lost_sidecars if write.last else []
        if write.last and not state.due:
            if state.settles_later:
                self._findings.later[write.folder_id] = state.digest
            else:
                write.digest = state.digest
        self._out.put_nowait(write)
