"""What moved, what is missing, what must wait for a person: the last stage of a scan.

Runs once, when everything that could be listed was listed and everything that changed is written. Decides
over files that were not where the catalogue has them, and writes it in the job's finishing transaction.
Nothing is ever deleted here but rows that a move made redundant and parents that nothing refers to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from shelfread.model.batch import Batch, BatchReport
from shelfread.model.catalogue import Catalogue
from shelfread.model.change import Counters
from shelfread.model.job import LogLine, Phase, Scope
from shelfread.model.likeness import Why
from shelfread.model.problem import ProblemCode, line_of
from shelfread.scan.between import Between, CatalogueOf
from shelfread.scan.findings import Findings
from shelfread.scan.hidden import hidden_json, hidden_lines
from shelfread.scan.judge import Judge, Verdict
from shelfread.scan.plan import Outcome, Plan
from shelfread.scan.progress import Progress
from shelfread.scan.roots import RootCheck
from shelfread.scan.twins import Handover
from shelfread.store import files, likenesses, removals
from shelfread.store import moves as move_rows
from shelfread.store import roots as root_rows
from shelfread.store.clock import SteadyClock, text_of
from shelfread.store.database import Database
from shelfread.store.likenesses import Likeness
from shelfread.store.problems import clear_place, note_place


class Reconciler:
    """Settles what can only be settled at the end of a scan."""

    def __init__(
        self,
        database: Database,
        batch: Batch,
        plan: Plan,
        catalogue: Catalogue,
        progress: Progress,
        findings: Findings,
        clock: SteadyClock,
        catalogue_of: CatalogueOf,
    ) -> None:
        self._database = database
        self._batch = batch
        self._plan = plan
        self._catalogue = catalogue
        self._progress = progress
        self._findings = findings
        self._clock = clock
        self._between = Between(plan.library.id, catalogue, catalogue_of, batch.seq)
        self._judge = Judge(database, batch, plan, progress, findings, clock)

    async def finish(self, checks: Sequence[RootCheck], *, complete: bool, version: int) -> Outcome:
        """Settle everything, and complete the job.

        Args:
            checks: what was found of the roots of this scan.
            complete: every file of the library was looked at.
            version: the reader's version, which all files then have been read by.
        """
        verdict = await self._judge.over([found for found in checks if found.reason is None])
        await self._between.reserve(len(verdict.moves), verdict.handed, verdict.others)
        away = [found for found in checks if found.reason is not None]
        gone_since = [found for found in verdict.lost if found.reason is not None]
        unavailable = [(found.root.path, found.reason or "") for found in [*away, *gone_since]]
        everything_read = complete and not unavailable and self._plan.library.reader_version != version
        before = self._progress.counters
        counters = before.copy()

        async def work(connection: Any) -> None:
            # Counted anew when the transaction has to be run again; the job's row gets these very counts.
            counters.become(before)
            now = self._clock.now()
            handed = await self._between.settled(connection, verdict.handed)
            if verdict.moves or handed:
                await self._merge(connection, verdict.moves, handed, counters, now)
            # What another job began to work on meanwhile waits for the next scan.
            asked = [Likeness(*one[:2], Why.CONTENT) for one in verdict.handed if one not in handed]
            for root_id, path in verdict.left_folders:
                await files.drop_empty_folders(connection, root_id, [path])
            await self._remove(connection, verdict, counters, now)
            await self._settle_folders(connection, verdict)
            await likenesses.ask(connection, self._plan.library.id, [*verdict.likenesses, *asked], now)
            await likenesses.close(connection, self._plan.library.id, verdict.horizon)
            whole = {scope.root_id for scope in self._plan.scopes if not scope.relative}
            whole -= {found.root.id for found in verdict.lost}
            for found in verdict.believed:
                # Somebody's word is used up: the next odd finding needs a new one.
                if found.by_word and found.root.id in whole:
                    await root_rows.note_check(connection, found.root, found.identity, None)
            if everything_read:
                await root_rows.set_reader_version(connection, self._plan.library.id, version)
            await self._between.tidy(connection)
            await self._catalogue.tidy(connection)

        held = sum(verdict.held.values())
        outcome = {
            "unavailable": [
                {"path": text_of(found.root.path), "reason": found.reason, "during_scan": found in gone_since}
                for found in [*away, *gone_since]
            ],
            "held": held,
            "left_out": hidden_json(verdict.hidden),
        }
        report = BatchReport(
            counters,
            Phase.DONE,
            self._progress.total,
            logs=[
                *_held_lines(verdict),
                *hidden_lines(verdict.hidden),
                *_handed_lines(verdict),
                *_lost_lines(verdict),
            ],
            rows_until=self._clock.now(),
            outcome=outcome,
        )
        await self._batch.finish(work, report)
        # Not before: a heartbeat must not tell what may yet be rolled back.
        self._progress.counters = counters
        return Outcome(counters, unavailable, held, verdict.hidden)

    async def _merge(
        self,
        connection: Any,
        moves: Sequence[tuple[int, int]],
        handed: Sequence[Handover],
        counters: Counters,
        now: int,
    ) -> None:
        """Moved files: the old rows take over what the new ones are."""
        for merged in await self._between.merge(connection, moves, handed, now):
            # It was counted once already, as what it seemed to be; unless it lies outside of this scan.
            seemed = self._counted_as(merged, counters)
            if seemed is not None:
                setattr(counters, seemed, getattr(counters, seemed) - 1)
                counters.moved += 1

    def _counted_as(self, merged: move_rows.Merged, counters: Counters) -> str | None:
        """The counter that has a row which a move made redundant."""
        place = Scope(merged.root_id, merged.folder)
        if not any(scope.overlaps(place) for scope in self._plan.scopes):
            return None
        if merged.read_job != self._batch.seq:
            # It may lie where this scan could not look, and was not counted then.
            return "unchanged" if counters.unchanged else None
        if merged.status == "error":
            return "failed"
        if merged.added_at >= self._clock.started and counters.added:
            return "added"
        # A scan that was killed had added it, perhaps by a clock that was ahead, and this one read it again.
        return "updated" if counters.updated else "unchanged"

    async def _remove(self, connection: Any, verdict: Verdict, counters: Counters, now: int) -> None:
        """What is gone is marked missing, or held where it is too much at once."""
        for root_id, count in sorted(verdict.left.items()):
            if root_id in verdict.held:
                await removals.hold(connection, self._batch.seq, root_id)
                text = f"{count} items are gone at once; nothing is marked missing until you confirm it"
                await note_place(connection, root_id, b"", ProblemCode.MASS_REMOVAL_HELD, text, now)
            else:
                gone = await removals.mark_missing(
                    connection,
                    self._batch.seq,
                    root_id,
                    now,
                    gone_folders={path for owner, path in self._findings.gone if owner == root_id},
                    left_out=verdict.left_out,
                )
                await self._catalogue.lost(connection, gone, now)
                counters.removed += len(gone)
        for found in verdict.lost:
            await root_rows.note_check(connection, found.root, found.identity, found.reason)
        for root_id in sorted(verdict.holding - verdict.held.keys()):
            # A scan of one part does not settle what is held of another.
            if await removals.any_held(connection, root_id):
                continue
            await clear_place(connection, root_id, b"", [ProblemCode.MASS_REMOVAL_HELD])

    async def _settle_folders(self, connection: Any, verdict: Verdict) -> None:
        """Digests that had to wait, and rows of folders that are gone."""
        if not verdict.held and not verdict.lost:
            settled = [
                (digest, row) for row, digest in self._findings.later.items() if row not in verdict.due
            ]
            await files.update_folders(connection, settled, [])
            for root_id, path in self._findings.gone:
                spared = [mount for owner, mount in self._findings.spared if owner == root_id]
                await removals.drop_problems_below(connection, root_id, path, spared)
                await files.drop_empty_folders(connection, root_id, [path])
        for root_id, path in self._findings.gone:
            # Should it come back just as it was, its files are missing or elsewhere all the same.
            await files.forget_digests_below(connection, root_id, path)


def _held_lines(verdict: Verdict) -> list[LogLine]:
    return [
        LogLine(
            "warning",
            line_of(
                ProblemCode.MASS_REMOVAL_HELD,
                f"{verdict.held[found.root.id]} of {verdict.present.get(found.root.id, 0)} items are gone at "
                "once: held until you confirm or reject it",
            ),
            found.root.path,
        )
        for found in verdict.believed
        if found.root.id in verdict.held
    ]


def _handed_lines(verdict: Verdict) -> list[LogLine]:
    ways = Counter((one.old_library, one.new_library) for one in verdict.handed)
    lines = []
    for (old, new), count in sorted(ways.items()):
        way = (
            f"came from the library {verdict.others[old].name!r}"
            if old in verdict.others
            else f"went to the library {verdict.others[new].name!r}"
        )
        lines.append(
            LogLine("info", f"{count} {'file' if count == 1 else 'files'} {way}, and kept their ids")
        )
    return lines


def _lost_lines(verdict: Verdict) -> list[LogLine]:
    return [
        LogLine(
            "warning",
            line_of(
                ProblemCode.ROOT_UNAVAILABLE,
                f"went away while it was scanned, and {found.reason}: nothing under it is marked missing",
            ),
            found.root.path,
        )
        for found in verdict.lost
    ]
