"""One scan from beginning to end: roots, walk, diff, extract, write, reconcile.

The stages run side by side and are bounded: the walk waits when too many files are between listing and
writing, so memory does not grow with the library. Knows no kind by name and not where the job came from.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from shelfread.media.kind import Kind
from shelfread.model.batch import Batch, BatchReport
from shelfread.model.catalogue import Catalogue
from shelfread.model.job import LogLine, Phase
from shelfread.scan.diff import DiffRules
from shelfread.scan.discover import Discovery, Part
from shelfread.scan.extract import ParserPool
from shelfread.scan.folder import walk_rules
from shelfread.scan.plan import Mode, Outcome, Plan, RootsUnavailable
from shelfread.scan.progress import OnProgress, Progress, silent
from shelfread.scan.reading import Reader
from shelfread.scan.reconcile import Reconciler
from shelfread.scan.roots import RootCheck, check
from shelfread.scan.rootwalk import RootWalk
from shelfread.scan.walk import WalkerPool
from shelfread.scan.write import Writer
from shelfread.store import files, removals
from shelfread.store import roots as root_rows
from shelfread.store.clock import text_of
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks

#: Files in one request to a parser, and in one part of a folder.
CHUNK_FILES = 48
PART_FILES = 500
#: Files between listing and writing; the walk waits above it.
IN_FLIGHT = 3000


class Scan:
    """One scan. Make it, await `run` once."""

    def __init__(
        self,
        database: Database,
        batch: Batch,
        plan: Plan,
        kind: Kind,
        catalogue: Catalogue,
        parsers: ParserPool,
        walkers: WalkerPool,
        *,
        ids: IdBlocks,
        on_progress: OnProgress = silent,
    ) -> None:
        self._database = database
        self._batch = batch
        self._plan = plan
        self._kind = kind
        self._walkers = walkers
        self._ids = ids
        self._on_progress = on_progress
        self.progress = Progress()
        sync = plan.mode is Mode.SYNC
        self._part_files = 1 if sync else PART_FILES
        self._writer = Writer(batch, catalogue, ids, kind.version, plan.mode, self.progress)
        self._reader = Reader(
            parsers,
            kind,
            {root.id: root.path for root in plan.library.roots},
            self.progress,
            self._completed,
            chunk_files=8 if sync else CHUNK_FILES,
        )
        self._reconciler = Reconciler(database, batch, plan, catalogue, self.progress)
        #: Files handed to the reader so far.
        self._listed = 0

    async def run(self) -> Outcome:
        """Scan, and complete the job.

        Raises:
            RootsUnavailable: none of the roots could be believed.
            ScopeIgnored: a part that was to be scanned is none that a scan looks into.
            LostJob: another process took the job over.
            ScanChildFailed: parsers or walkers cannot be started.
        """
        try:
            return await self._run()
        except BaseExceptionGroup as group:
            # The stages fall together; what the first one said is what happened.
            raise _first(group) from group

    async def _run(self) -> Outcome:
        checks = await self._check_roots()
        believed = [found for found in checks if found.reason is None]
        await self._begin(checks)
        if not believed:
            raise RootsUnavailable(
                "; ".join(f"{text_of(found.root.path)} {found.reason}" for found in checks)
            )
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(self._show())
            writer = group.create_task(self._writer.run())
            readers = [group.create_task(self._reader.run()) for _ in range(self._reader.tasks)]
            for found in believed:
                await self._walk_root(found)
            self.progress.phase = Phase.READING
            self.progress.total = self.progress.counters.found
            self._reader.end()
            await asyncio.gather(*readers)
            self._writer.end()
            await writer
            watcher.cancel()
        self.progress.phase = Phase.SETTLING
        self._on_progress(self.progress)
        outcome = await self._reconciler.finish(
            checks, complete=self._is_complete(), version=self._kind.version
        )
        self.progress.phase = Phase.DONE
        self._on_progress(self.progress)
        return outcome

    async def _check_roots(self) -> list[RootCheck]:
        wanted = {scope.root_id for scope in self._plan.scopes}
        return [await check(self._database, root) for root in self._plan.library.roots if root.id in wanted]

    async def _begin(self, checks: Sequence[RootCheck]) -> None:
        """Say in the catalogue what was found of the roots, and make due what must be looked at again."""
        root_ids = [found.root.id for found in checks]
        believed = [found.root.id for found in checks if found.reason is None]
        outdated = self._plan.library.reader_version < self._kind.version
        async with self._database.read() as connection:
            left_over = await removals.any_left(connection, root_ids)
        logs = [
            LogLine("warning", f"this root {found.reason}: nothing under it is touched", found.root.path)
            for found in checks
            if found.reason is not None
        ]

        async def work(connection: Any) -> None:
            if outdated:
                await files.forget_digests_of_outdated(connection, root_ids, self._kind.version)
            if left_over:
                scopes = [scope for scope in self._plan.scopes if scope.root_id in believed]
                await removals.forget(connection, scopes)
            for found in checks:
                await root_rows.note_check(connection, found.root, found.identity, found.reason)

        report = BatchReport(self.progress.counters.copy(), Phase.DISCOVERING, logs=logs)
        await self._batch.commit(work, report)

    async def _walk_root(self, found: RootCheck) -> None:
        options = self._plan.library.options
        ignore_inode = options.ignore_inode or not found.stable_inodes
        rules = DiffRules(
            ignore_ctime=options.ignore_ctime,
            ignore_inode=ignore_inode,
            version=self._kind.version,
            rescan_seq=self._batch.seq if self._plan.rescan else None,
            now_ns=time.time_ns(),
            settle_ns=self._plan.settle_ns,
        )

        async def take(parts: Sequence[Part]) -> None:
            await self._take(parts, rules)

        walk = RootWalk(
            self._database,
            found,
            walk_rules(
                self._kind.suffixes,
                self._kind.picture_suffixes,
                follow_symlinks=options.follow_symlinks,
                ignore_ctime=options.ignore_ctime,
                ignore_inode=ignore_inode,
                patterns=options.ignore,
            ),
            Discovery(self._database, found.root.id, rules, self._part_files),
            self._walkers,
            self._writer,
            self._ids,
            self.progress,
            take,
            lambda: self._reader.hungry,
            self._reconciler.gone,
            trust_digests=not self._plan.rescan,
        )
        for scope in self._plan.scopes:
            if scope.root_id == found.root.id:
                await walk.run(scope)

    async def _take(self, parts: Sequence[Part], rules: DiffRules) -> None:
        """Hand parts on, and wait while too much is on its way."""
        self._listed += sum(part.write.reads for part in parts)
        self._reader.take(parts, rules)
        if self._listed - self._writer.reads_written > IN_FLIGHT:
            # A chunk that is not full yet holds parts that would otherwise wait for this very wait to end.
            self._reader.flush()
            async with self._writer.written:
                await self._writer.written.wait_for(
                    lambda: self._listed - self._writer.reads_written <= IN_FLIGHT
                )

    def _completed(self, part: Part) -> None:
        """All of a part is read: settle what it says of its folder, and hand it to the writer."""
        state, write = part.state, part.write
        state.outstanding -= 1
        write.continued = state.continued
        state.continued = True
        write.last = state.outstanding == 0
        if write.last and not state.due:
            if state.settles_later:
                self._reconciler.settle_later(write.folder_id, state.digest)
            else:
                write.digest = state.digest
        self._writer.put(write)

    async def _show(self) -> None:
        """Tell whoever looks, ten times a second."""
        while True:
            self._on_progress(self.progress)
            await asyncio.sleep(0.1)

    def _is_complete(self) -> bool:
        """Whether this scan covers every root of the library whole."""
        whole = {scope.root_id for scope in self._plan.scopes if not scope.relative}
        return {root.id for root in self._plan.library.roots} == whole


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
