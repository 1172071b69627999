"""From what was read to rows: the last stage that every changed file goes through.

Commits the parts of folders that are completely read, a batch of them (`gathering`) as one transaction
together with the counters and log lines of the job. One writer; nothing here waits for a file.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from shelfread.media.kind import Kind
from shelfread.model.batch import Batch, BatchReport
from shelfread.model.catalogue import Catalogue, FolderWrite
from shelfread.model.change import Change
from shelfread.model.job import LogLine, LostJob
from shelfread.model.problem import ProblemCode, line_of
from shelfread.scan.findings import Findings
from shelfread.scan.folder import joined
from shelfread.scan.gathering import Gathering, rows_of
from shelfread.scan.pace import MOST, Pace
from shelfread.scan.plan import Mode
from shelfread.scan.progress import Progress
from shelfread.store import files, problems, removals
from shelfread.store.clock import SteadyClock, text_of
from shelfread.store.database import Database, StatementFailed
from shelfread.store.ids import IdBlocks


class Writer:
    """Takes folder parts in `put`, writes them in `run`, together with what else was found."""

    def __init__(
        self,
        batch: Batch,
        catalogue: Catalogue,
        ids: IdBlocks,
        kind: Kind,
        mode: Mode,
        progress: Progress,
        findings: Findings,
        roots: Mapping[int, bytes],
        clock: SteadyClock,
        *,
        database: Database,
    ) -> None:
        """`database` is asked whether other writers wait, and told how statements run while they do."""
        self._batch = batch
        self._catalogue = catalogue
        self._ids = ids
        self._version = kind.version
        self._unread = kind.unread
        sync = mode is Mode.SYNC
        self._database = database
        self._pace = Pace(1 if sync else MOST, shared=database.is_sqlite and not sync)
        self._progress = progress
        self._gathering = Gathering(self._pace)
        self._findings = findings
        #: The paths of the roots, for log lines.
        self._roots = roots
        self._clock = clock

    async def put(self, part: FolderWrite) -> None:
        """Hand over a part of a folder that is completely read; waits while too many are not written."""
        await self._gathering.put(part)

    def end(self) -> None:
        """Nothing more will come."""
        self._gathering.end()

    async def run(self) -> None:
        """Write until `end`."""
        try:
            while not self._gathering.done:
                parts = await self._gathering.next()
                if parts:
                    await self._write(parts)
            # Also what was found while the last of them was written.
            if self._findings.waiting:
                await self._write([])
        finally:
            self._database.at_once = False

    async def _write(self, parts: list[FolderWrite]) -> None:
        try:
            await self._commit_or_again(parts)
        except LostJob:
            raise
        except StatementFailed:
            # Something in these rows is not accepted. Row by row only the culprit is left out.
            if len(parts) == 1 and len(parts[0].files) <= 1:
                await self._write_without_facts(parts[0])
            else:
                for part in parts:
                    for single in _singly(part):
                        await self._write([single])

    async def _commit_or_again(self, parts: list[FolderWrite]) -> None:
        """Commit, and once more as it was: another job may have deleted what this one refers to."""
        try:
            await self._commit(parts)
        except StatementFailed:
            await self._commit(parts)

    async def _write_without_facts(self, part: FolderWrite) -> None:
        """A file whose facts the database does not accept stands under its name, with a problem.

        Like any file with trouble it is not tried again until it changes or is asked for. Then what is read
        must differ from what is remembered, which is nothing: it is the catalogue that lacks the facts.
        """
        for file in part.files:
            file.item = self._unread(joined(part.path, file.name)) if file.fresh else None
            file.change = Change.FAILED
            file.signature = None
            file.reading_hash = None
            file.code = ProblemCode.DAMAGED
            file.detail = "what was read from this file cannot be stored"
        part.sidecars = []
        try:
            await self._commit([part])
        except StatementFailed:
            # Not even its name as a title: then only the file itself.
            for file in part.files:
                file.item = None
            await self._commit([part])

    async def _commit(self, parts: list[FolderWrite]) -> None:
        fresh = [file for part in parts for file in part.files if file.fresh and not file.id]
        wanted = problems.count_in(parts)
        await self._ids.reserve({"media_files": len(fresh)})
        for file in fresh:
            file.id = self._ids.take("media_files")
        problem_ids = await problems.take_ids(self._ids, wanted)
        await self._catalogue.reserve(parts)
        findings = self._findings
        new_folders, places, logs = list(findings.new_folders), list(findings.places), list(findings.logs)
        mounted, forgotten = list(findings.mounted), list(findings.forgotten)
        troubles = self._troubles(parts)
        new_ids = {folder.id for folder in new_folders}
        settled = {part.folder_id: part.digest for part in parts if part.digest is not None}
        now = self._clock.now()

        took, awaited = 0.0, False

        async def work(connection: Any) -> None:
            nonlocal took, awaited
            began = time.perf_counter()
            await files.insert_folders(connection, new_folders, settled)
            await files.update_folders(
                connection,
                [(digest, folder_id) for folder_id, digest in settled.items() if folder_id not in new_ids]
                + _reopened(parts, settled)
                + [(None, folder_id) for folder_id in forgotten],
                mounted + [(part.mounted, part.folder_id) for part in parts if part.mounted is not None],
            )
            await files.write_files(
                connection, parts, version=self._version, job_seq=self._batch.seq, now=now
            )
            await files.write_sidecars(connection, parts)
            await self._catalogue.save(connection, parts, now)
            await problems.write_problems(connection, parts, problem_ids, now)
            await removals.add(
                connection,
                self._batch.seq,
                [(file_id, part.root_id) for part in parts for file_id in part.gone],
            )
            for part in parts:
                for path, spare in part.gone_folders:
                    await removals.add_below(connection, self._batch.seq, part.root_id, path, spare)
            for place in places:
                if place.detail is None:
                    await problems.clear_place(connection, place.root_id, place.path, [place.code])
                else:
                    await problems.note_place(
                        connection, place.root_id, place.path, place.code, place.detail, now
                    )
            took = time.perf_counter() - began
            awaited = self._database.somebody_waits()

        counters = self._progress.counters.copy()
        for part in parts:
            for file in part.files:
                setattr(counters, file.change.value, getattr(counters, file.change.value) + 1)
        current = text_of(parts[-1].path) if parts else self._progress.current_path
        await self._batch.commit(
            work,
            BatchReport(
                counters=counters,
                phase=self._progress.phase,
                total=self._progress.total,
                current_path=current,
                logs=[*logs, *troubles],
            ),
        )
        self._catalogue.committed()
        self._pace.took(sum(map(rows_of, parts)), took, awaited=awaited)
        self._database.at_once = self._pace.short
        del findings.new_folders[: len(new_folders)]
        del findings.places[: len(places)]
        del findings.mounted[: len(mounted)]
        del findings.forgotten[: len(forgotten)]
        del findings.logs[: len(logs)]
        for part in parts:
            for file in part.files:
                change = file.change.value
                setattr(self._progress.counters, change, getattr(self._progress.counters, change) + 1)
        self._progress.current_path = current

    def _troubles(self, parts: Sequence[FolderWrite]) -> list[LogLine]:
        """A line for each file that was read with trouble."""
        return [
            LogLine(
                "warning",
                line_of(file.code, file.detail or ""),
                joined(self._roots[part.root_id], joined(part.path, file.name)),
            )
            for part in parts
            for file in part.files
            if file.code is not None
        ]


def _reopened(parts: Sequence[FolderWrite], settled: dict[int, bytes]) -> list[tuple[bytes | None, int]]:
    """Known folders whose old digest must go because something in them is not settled."""
    return [(None, part.folder_id) for part in parts if part.known and part.folder_id not in settled]


def _singly(part: FolderWrite) -> list[FolderWrite]:
    """The same folder part as parts of one file each; what is not of a file goes with the first."""
    if len(part.files) <= 1:
        return [part]
    singles = []
    for number, file in enumerate(part.files):
        first, last = number == 0, number == len(part.files) - 1
        singles.append(
            FolderWrite(
                folder_id=part.folder_id,
                root_id=part.root_id,
                path=part.path,
                known=part.known,
                files=[file],
                sidecars=part.sidecars if last else [],
                lost_sidecars=part.lost_sidecars if last else [],
                problems=part.problems if first else [],
                gone=part.gone if first else [],
                gone_folders=part.gone_folders if first else [],
                digest=part.digest if last else None,
                head=part.head and first,
                reads=part.reads if first else 0,
                last=part.last and last,
                continued=part.continued or not first,
                mounted=part.mounted if first else None,
            )
        )
    return singles
