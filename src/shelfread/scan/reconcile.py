"""What moved, what is missing, what must wait for a person: the last stage of a scan.

Runs once, when everything that could be listed was listed and everything that changed is written. Decides
over files that were not where the catalogue has them, and writes it in the job's finishing transaction.
Nothing is ever deleted here but rows that a move made redundant and parents that nothing refers to.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from shelfread.model.batch import Batch, BatchReport
from shelfread.model.catalogue import Catalogue
from shelfread.model.change import Counters
from shelfread.model.hidden import HiddenBy
from shelfread.model.job import LogLine, Phase, Scope
from shelfread.model.problem import ProblemCode, line_of
from shelfread.scan.findings import Findings
from shelfread.scan.gone import look_again
from shelfread.scan.hidden import Reasons, hidden_json, hidden_lines
from shelfread.scan.plan import Outcome, Plan
from shelfread.scan.progress import Progress
from shelfread.scan.roots import RootCheck, check
from shelfread.store import files, jobs, removals
from shelfread.store import moves as move_rows
from shelfread.store import roots as root_rows
from shelfread.store.clock import SteadyClock, now_us, text_of
from shelfread.store.database import Database
from shelfread.store.problems import clear_place, note_place, places_in_trouble

#: A scope may lose so many items, or this share of them, before a person is asked (DESIGN rule 1).
REMOVALS_AT_ONCE = 20
REMOVAL_SHARE = 0.2
_PAGE = 2000


class _Verdict(NamedTuple):
    """What is to be done about the files that were not found."""

    believed: list[RootCheck]
    #: (new row, old row) of files that moved.
    moves: list[tuple[int, int]]
    #: By root: files that are gone and did not move; present items in scope; of `left`, what is held.
    left: dict[int, int]
    present: dict[int, int]
    held: dict[int, int]
    #: Roots of which something was held before this scan.
    holding: set[int]
    #: Folders to look at again in the next scan.
    due: set[int]
    #: Roots that were believed at first and are not any more: nothing under them is marked.
    lost: list[RootCheck]
    #: Of what is marked, what is there and left out by a rule.
    hidden: list[HiddenBy]


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
    ) -> None:
        self._database = database
        self._batch = batch
        self._plan = plan
        self._catalogue = catalogue
        self._progress = progress
        self._findings = findings
        self._clock = clock
        # The system's own time: it is compared with times of files.
        self._started = now_us()

    async def finish(self, checks: Sequence[RootCheck], *, complete: bool, version: int) -> Outcome:
        """Settle everything, and complete the job.

        Args:
            checks: what was found of the roots of this scan.
            complete: every file of the library was looked at.
            version: the reader's version, which all files then have been read by.
        """
        verdict = await self._judge([found for found in checks if found.reason is None])
        await self._catalogue.reserve_for_merge(len(verdict.moves))
        unavailable = [
            (found.root.path, found.reason) for found in [*checks, *verdict.lost] if found.reason is not None
        ]
        everything_read = complete and not unavailable and self._plan.library.reader_version != version
        before = self._progress.counters
        counters = before.copy()

        async def work(connection: Any) -> None:
            # Counted anew when the transaction has to be run again; the job's row gets these very counts.
            counters.become(before)
            now = self._clock.now()
            if verdict.moves:
                await self._merge(connection, verdict.moves, counters, now)
            await self._remove(connection, verdict, counters, now)
            await self._settle_folders(connection, verdict)
            await root_rows.believe(connection, [found.root.id for found in verdict.believed])
            if everything_read:
                await root_rows.set_reader_version(connection, self._plan.library.id, version)
            await self._catalogue.tidy(connection)

        held = sum(verdict.held.values())
        outcome = {
            "unavailable": [{"path": text_of(path), "reason": reason} for path, reason in unavailable],
            "held": held,
            "left_out": hidden_json(verdict.hidden),
        }
        report = BatchReport(
            counters,
            Phase.DONE,
            self._progress.total,
            logs=[*_held_lines(verdict), *hidden_lines(verdict.hidden)],
            rows_until=self._clock.now(),
            outcome=outcome,
        )
        await self._batch.finish(work, report)
        # Not before: a heartbeat must not tell what may yet be rolled back.
        self._progress.counters = counters
        return Outcome(counters, unavailable, held, verdict.hidden)

    async def _judge(self, believed: list[RootCheck]) -> _Verdict:
        """Decide over every file that was not where the catalogue has it; writes nothing but second looks."""
        lost = await self._check_again(believed)
        reasons = Reasons({found.root.id: found.root.path for found in believed}, self._findings.rules)
        due, passed_over = await self._look_again(reasons)
        stable = [found.root.id for found in believed if found.stable_inodes]
        async with self._database.read() as connection:
            left = await removals.left(connection, self._batch.seq)
            moves: list[tuple[int, int]] = []
            if left:
                since = await jobs.last_completed(connection, self._plan.library.id, self._plan.scopes)
                found_moves = await move_rows.found(connection, self._batch.seq, since, stable_roots=stable)
                moves = [(new, old) for new, old in found_moves if old not in passed_over]
            for root_id, count in (await removals.roots_of(connection, [old for _, old in moves])).items():
                left[root_id] -= count
            many = any(count > REMOVALS_AT_ONCE for count in left.values())
            present = (
                await removals.present(connection, self._plan.scopes, self._clock.started) if many else {}
            )
            holding = {
                found.root.id
                for found in believed
                if await places_in_trouble(connection, found.root.id, [ProblemCode.MASS_REMOVAL_HELD])
            }
        # What is there and was passed over is no disk that is away: no person need be asked.
        known_there = Counter(passed_over.values())
        confirmed = {found.root.id for found in believed if found.root.confirmed}
        held = {
            root_id: count
            for root_id, count in left.items()
            if root_id not in confirmed
            and count - known_there[root_id] > max(REMOVALS_AT_ONCE, REMOVAL_SHARE * present.get(root_id, 0))
        }
        hidden = reasons.of(root_id for root_id in left if root_id not in held)
        return _Verdict(believed, moves, left, present, held, holding, due, lost, hidden)

    async def _merge(
        self, connection: Any, moves: Sequence[tuple[int, int]], counters: Counters, now: int
    ) -> None:
        """Moved files: the old rows take over what the new ones are."""
        left_behind = await move_rows.folders_of(connection, [old for _, old in moves])
        await self._catalogue.merge(connection, moves)
        for merged in await move_rows.merge_rows(connection, moves):
            # It was counted once already, as what it seemed to be; unless it lies outside of this scan.
            seemed = self._counted_as(merged, counters)
            if seemed is not None:
                setattr(counters, seemed, getattr(counters, seemed) - 1)
                counters.moved += 1
        # What stayed in their folders may belong together in another way now.
        await self._catalogue.regroup(connection, left_behind, now)

    def _counted_as(self, merged: move_rows.Merged, counters: Counters) -> str | None:
        """The counter that has a row which a move made redundant."""
        place = Scope(merged.root_id, merged.folder)
        if not any(scope.overlaps(place) for scope in self._plan.scopes):
            return None
        if merged.read_job != self._batch.seq:
            return "unchanged"
        if merged.status == "error":
            return "failed"
        if merged.added_at >= self._clock.started and counters.added:
            return "added"
        # A scan that was killed had added it, perhaps by a clock that was ahead, and this one read it again.
        return "updated" if counters.updated else "unchanged"

    async def _remove(self, connection: Any, verdict: _Verdict, counters: Counters, now: int) -> None:
        """What is gone is marked missing, or held where it is too much at once."""
        for root_id, count in sorted(verdict.left.items()):
            if root_id in verdict.held:
                await removals.hold(connection, self._batch.seq, root_id)
                text = f"{count} items are gone at once; nothing is marked missing until you confirm it"
                await note_place(connection, root_id, b"", ProblemCode.MASS_REMOVAL_HELD, text, now)
            else:
                gone = await removals.mark_missing(connection, self._batch.seq, root_id, now)
                await self._catalogue.lost(connection, gone, now)
                counters.removed += count
        for found in verdict.lost:
            await root_rows.note_check(connection, found.root, found.identity, found.reason)
        for root_id in sorted(verdict.holding - verdict.held.keys()):
            # A scan of one part does not settle what is held of another.
            if await removals.any_held(connection, root_id):
                continue
            await clear_place(connection, root_id, b"", [ProblemCode.MASS_REMOVAL_HELD])

    async def _settle_folders(self, connection: Any, verdict: _Verdict) -> None:
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

    async def _check_again(self, believed: Sequence[RootCheck]) -> list[RootCheck]:
        """The roots that are not to be believed any more; nothing of them stays a candidate.

        A disk may have gone between the first look at its root and the listing of it.
        """
        async with self._database.read() as connection:
            left = await removals.left(connection, self._batch.seq)
        again = [await check(self._database, found.root) for found in believed if found.root.id in left]
        lost = [found for found in again if found.reason is not None]
        if lost:

            async def work(connection: Any) -> None:
                await removals.forget(connection, [Scope(found.root.id, b"") for found in lost])

            await self._batch.commit(work, self._report(Phase.SETTLING))
        return lost

    def _report(self, phase: Phase) -> BatchReport:
        return BatchReport(self._progress.counters.copy(), phase, self._progress.total)

    async def _look_again(self, reasons: Reasons) -> tuple[set[int], dict[int, int]]:
        """Look once more at every file that was not listed.

        One that is there again stays, and its folder is looked at again: its disk may have been away for a
        moment. One that the walk saw and passed over by a rule goes missing, but it did not move.

        Returns:
            The folders to look at again, and the files that are passed over with their roots.
        """
        paths = {root.id: root.path for root in self._plan.library.roots}
        due: set[int] = set()
        passed_over: dict[int, int] = {}
        after = 0
        while True:
            async with self._database.read() as connection:
                page = await removals.candidates(connection, self._batch.seq, after, _PAGE)
            if not page:
                break
            after = page[-1].file_id
            late, there = await asyncio.to_thread(
                look_again, paths, page, self._findings.passed, self._started * 1000
            )
            passed_over.update((candidate.file_id, candidate.root_id) for candidate in there)
            await asyncio.to_thread(reasons.note, there)
            if late:
                due.update(candidate.folder_id for candidate in late)

                async def work(connection: Any, late: Sequence[removals.Candidate] = late) -> None:
                    await removals.drop(connection, [candidate.file_id for candidate in late])

                await self._batch.commit(work, self._report(Phase.SETTLING))
        return due, passed_over


def _held_lines(verdict: _Verdict) -> list[LogLine]:
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
