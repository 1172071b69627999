"""One scan from beginning to end: roots, walk, diff, extract, write, reconcile.

Says in which order the stages run and what each gets; `scan_paths` is the first three of them, `write` and
`reconcile` the others. Knows no kind by name and not where the job came from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from shelfread.media.kind import Kind
from shelfread.model.batch import Batch, BatchReport
from shelfread.model.catalogue import Catalogue
from shelfread.model.job import LogLine, Phase
from shelfread.model.problem import ProblemCode, line_of
from shelfread.scan.between import CatalogueOf
from shelfread.scan.extract import ParserPool
from shelfread.scan.findings import Findings
from shelfread.scan.paths import scan_paths
from shelfread.scan.plan import Outcome, Plan, RootsUnavailable
from shelfread.scan.progress import OnProgress, Progress, silent
from shelfread.scan.reconcile import Reconciler
from shelfread.scan.roots import RootCheck, check
from shelfread.scan.walk import WalkerPool
from shelfread.scan.write import Writer
from shelfread.store import files, jobs, removals
from shelfread.store import roots as root_rows
from shelfread.store.clock import SteadyClock, text_of
from shelfread.store.database import Database
from shelfread.store.ids import IdBlocks

#: Whoever looks at the progress is told so often.
SHOW_S = 0.1


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
        catalogue_of: CatalogueOf,
        on_progress: OnProgress = silent,
    ) -> None:
        self._database = database
        self._batch = batch
        self._plan = plan
        self._kind = kind
        self._parsers = parsers
        self._walkers = walkers
        self._ids = ids
        self._on_progress = on_progress
        self.progress = Progress()
        self._findings = Findings()
        roots = {root.id: root.path for root in plan.library.roots}
        self._clock = SteadyClock()
        self._writer = Writer(
            batch,
            catalogue,
            ids,
            kind,
            plan.mode,
            self.progress,
            self._findings,
            roots,
            self._clock,
            database=database,
        )
        self._reconciler = Reconciler(
            database, batch, plan, catalogue, self.progress, self._findings, self._clock, catalogue_of
        )

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
        wanted = {scope.root_id for scope in self._plan.scopes}
        roots = [root for root in self._plan.library.roots if root.id in wanted]
        checks = [await check(self._database, root) for root in roots]
        await self._begin(checks)
        if all(found.reason is not None for found in checks):
            raise RootsUnavailable(
                "; ".join(f"{text_of(found.root.path)} {found.reason}" for found in checks)
            )
        async with asyncio.TaskGroup() as group:
            showing = group.create_task(self._show())
            writing = group.create_task(self._writer.run())
            stream = scan_paths(
                self._database,
                self._plan,
                checks,
                self._kind,
                self._parsers,
                self._walkers,
                ids=self._ids,
                job_seq=self._batch.seq,
                progress=self.progress,
                findings=self._findings,
            )
            async with aclosing(stream):
                async for part in stream:
                    await self._writer.put(part)
            self._writer.end()
            await writing
            showing.cancel()
        self._enter(Phase.SETTLING)
        outcome = await self._reconciler.finish(
            checks, complete=self._is_complete(), version=self._kind.version
        )
        self._enter(Phase.DONE)
        return outcome

    async def _begin(self, checks: Sequence[RootCheck]) -> None:
        """Say in the catalogue what was found of the roots, and make due what must be looked at again."""
        root_ids = [found.root.id for found in checks]
        believed = [found.root.id for found in checks if found.reason is None]
        outdated = self._plan.library.reader_version < self._kind.version
        async with self._database.read() as connection:
            left_over = await removals.any_left(connection, root_ids)
            # After every scan of any part: the next scan of that part will believe its time.
            self._clock.begin_after(await jobs.last_completed(connection, self._plan.library.id, ()))
        logs = [
            LogLine(
                "warning",
                line_of(
                    ProblemCode.ROOT_UNAVAILABLE,
                    f"this root {found.reason}: nothing under it is touched",
                ),
                found.root.path,
            )
            for found in checks
            if found.reason is not None
        ]

        async def work(connection: Any) -> None:
            if outdated:
                await files.forget_digests_of_outdated(connection, root_ids, self._kind.version)
            if left_over:
                await removals.forget_noted(connection, self._batch.seq)
                scopes = [scope for scope in self._plan.scopes if scope.root_id in believed]
                await removals.forget(connection, scopes)
            for found in checks:
                # What somebody said of a root counts until a scan of it has ended.
                if not found.by_word:
                    await root_rows.note_check(connection, found.root, found.identity, found.reason)

        report = BatchReport(self.progress.counters.copy(), Phase.DISCOVERING, logs=logs)
        await self._batch.commit(work, report)

    async def _show(self) -> None:
        while True:
            self._on_progress(self.progress)
            await asyncio.sleep(SHOW_S)

    def _enter(self, phase: Phase) -> None:
        self.progress.phase = phase
        self._on_progress(self.progress)

    def _is_complete(self) -> bool:
        """Whether this scan covers every root of the library whole."""
        whole = {scope.root_id for scope in self._plan.scopes if not scope.relative}
        return {root.id for root in self._plan.library.roots} == whole


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
