"""What a scan decides over files that were not where the catalogue has them: moved, missing, or held.

The thinking half of `reconcile`, which writes what is decided here. Looks at the disk once more, and writes
nothing but second looks.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from shelfread.model.batch import Batch, BatchReport
from shelfread.model.hidden import HiddenBy
from shelfread.model.job import Phase, Scope
from shelfread.model.library import Library, RootState
from shelfread.model.likeness import Why
from shelfread.model.problem import ProblemCode
from shelfread.scan.findings import Findings
from shelfread.scan.gone import look_again
from shelfread.scan.hidden import Reasons
from shelfread.scan.plan import Plan
from shelfread.scan.progress import Progress
from shelfread.scan.roots import RootCheck, check
from shelfread.scan.twins import Handover, Known, Moved, moved
from shelfread.store import between, jobs, removals, replaced, twins
from shelfread.store import moves as move_rows
from shelfread.store.clock import SteadyClock, now_us
from shelfread.store.database import Database
from shelfread.store.libraries import LibraryRepository
from shelfread.store.likenesses import Likeness
from shelfread.store.problems import places_in_trouble

#: A scope may lose so many items, or this share of them, before a person is asked (DESIGN rule 1).
REMOVALS_AT_ONCE = 20
REMOVAL_SHARE = 0.2
_PAGE = 2000
_DAY_US = 86_400_000_000


class Verdict(NamedTuple):
    """What is to be done about the files that were not found."""

    believed: list[RootCheck]
    #: (new row, old row) of files that moved.
    moves: list[tuple[int, int]]
    #: (root id, path) of folders of old rows that are gone since an earlier scan.
    left_folders: list[tuple[int, bytes]]
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
    #: Of what is marked, what is there and left out by a rule: how many by which, and the files.
    hidden: list[HiddenBy]
    left_out: Collection[int] = ()
    #: Files of which a person is asked whether they are the same.
    likenesses: Sequence[Likeness] = ()
    #: Questions that were asked before this time are old; microseconds.
    horizon: int = 0
    #: Files that went to another library, or came from one.
    handed: Sequence[Handover] = ()
    #: The other libraries of the kind, by id.
    others: Mapping[int, Library] = MappingProxyType({})


class Judge:
    """Decides at the end of a scan; made when the scan begins."""

    def __init__(
        self,
        database: Database,
        batch: Batch,
        plan: Plan,
        progress: Progress,
        findings: Findings,
        clock: SteadyClock,
    ) -> None:
        self._database = database
        self._batch = batch
        self._plan = plan
        self._progress = progress
        self._findings = findings
        self._clock = clock
        # The system's own time: it is compared with times of files.
        self._started = now_us()
        self._horizon = self._started - plan.move_days * _DAY_US
        #: The other libraries of the kind, by id; known when it is decided over time.
        self._others: dict[int, Library] = {}

    async def over(self, believed: list[RootCheck]) -> Verdict:
        """Decide over every file that was not where the catalogue has it; writes nothing but second looks."""
        lost = await self._check_again(believed)
        reasons = Reasons({found.root.id: found.root.path for found in believed}, self._findings.rules)
        due, passed_over = await self._look_again(reasons)
        stable = [found.root.id for found in believed if found.stable_inodes]
        async with self._database.read() as connection:
            left = await removals.left(connection, self._batch.seq)
            moves: list[tuple[int, int]] = []
            since = await jobs.last_completed(connection, self._plan.library.id, self._plan.scopes)
            if left:
                ends = await twins.scan_ends(connection, self._plan.library.id)
                found_moves = await move_rows.found(
                    connection, self._batch.seq, since, stable_roots=stable, ends=ends
                )
                moves = [(new, old) for new, old in found_moves if old not in passed_over]
        over_time = await self._over_time(moves, passed_over, since, believed, lost)
        moves = sorted(moves + over_time.pairs, key=lambda pair: pair[1])
        handed, waiting = await self._at_rest(over_time.handed)
        asked = await self._asked(moves, handed, over_time.unsure + waiting, passed_over, since)
        async with self._database.read() as connection:
            moved_on = [old for _, old in moves] + [one.old for one in handed]
            for root_id, count in (await removals.roots_of(connection, moved_on)).items():
                left[root_id] -= count
            # From one item more than this on it is a share that may go: the rest need not be counted.
            enough = {
                root_id: math.ceil(count / REMOVAL_SHARE) + 1
                for root_id, count in left.items()
                if count > REMOVALS_AT_ONCE
            }
            present = await removals.present(connection, self._plan.scopes, enough, self._clock.started)
            holding = {
                found.root.id
                for found in believed
                if await places_in_trouble(connection, found.root.id, [ProblemCode.MASS_REMOVAL_HELD])
            }
        # What is there and was passed over is no disk that is away: no person need be asked.
        known_there = Counter(passed_over.values())
        confirmed = {found.root.id for found in believed if found.by_word or found.emptied}
        held = {
            root_id: count
            for root_id, count in left.items()
            if root_id not in confirmed
            and count - known_there[root_id] > max(REMOVALS_AT_ONCE, REMOVAL_SHARE * present.get(root_id, 0))
        }
        hidden = reasons.of(root_id for root_id in left if root_id not in held)
        return Verdict(
            believed,
            moves,
            over_time.folders,
            left,
            present,
            held,
            holding,
            due,
            lost,
            hidden,
            passed_over.keys(),
            asked,
            self._horizon,
            handed,
            self._others,
        )

    async def _at_rest(self, handed: Sequence[Handover]) -> tuple[list[Handover], list[tuple[int, int]]]:
        """What may go from library to library now; and (new, old) of what waits for another scan to end."""
        others = {one for each in handed for one in (each.new_library, each.old_library)}
        async with self._database.read() as connection:
            busy = {one for one in others - {self._plan.library.id} if await between.is_busy(connection, one)}
        waits = [each for each in handed if busy.intersection((each.new_library, each.old_library))]
        return [each for each in handed if each not in waits], [each[:2] for each in waits]

    async def _asked(
        self,
        moves: Sequence[tuple[int, int]],
        handed: Sequence[Handover],
        unsure: Sequence[tuple[int, int]],
        passed_over: Collection[int],
        since: int,
    ) -> list[Likeness]:
        """What only a person can tell to be the same: equal content, and other formats of what went."""
        settled = [*moves, *unsure, *(one[:2] for one in handed)]
        taken = {row for pair in settled for row in pair}.union(passed_over)
        async with self._database.read() as connection:
            found = await replaced.replaced(
                connection,
                self._plan.library.id,
                self._plan.library.kind,
                self._batch.seq,
                since=since,
                horizon=self._horizon,
                taken=taken,
            )
        return [Likeness(new, old, Why.CONTENT) for new, old in unsure] + found

    async def _over_time(
        self,
        moves: Sequence[tuple[int, int]],
        passed_over: Collection[int],
        since: int,
        believed: Sequence[RootCheck],
        lost: Sequence[RootCheck],
    ) -> Moved:
        """What moved over more than one scan; writes nothing."""
        there = {found.root.id: found.root.path for found in believed}
        away = {found.root.id for found in lost}
        # A file that an earlier scan missed may have been in a root that this one does not look at.
        for root in self._plan.library.roots:
            if root.id not in there and (await check(self._database, root)).reason is None:
                there[root.id] = root.path
        own = self._plan.library
        self._others = {
            one.id: one
            for one in await LibraryRepository(self._database).all()
            if one.kind == own.kind and one.id != own.id
        }
        known = Known(
            self._plan.library.id,
            self._batch.seq,
            since,
            self._horizon,
            {new for new, _ in moves}.union(passed_over),
            {old for _, old in moves},
            {root_id: path for root_id, path in there.items() if root_id not in away},
            list(self._others.values()),
        )
        return await moved(self._database, known)

    async def _check_again(self, believed: Sequence[RootCheck]) -> list[RootCheck]:
        """The roots that are not to be believed any more; nothing of them stays a candidate.

        A disk may have gone since the first look at its root, also one of which nothing was found gone: what
        cannot be looked at is not noted.
        """
        async with self._database.read() as connection:
            left = await removals.left(connection, self._batch.seq)
        # As this scan wrote it when it began; somebody's word goes on for what it was given for.
        now = [
            replace(
                found.root,
                identity=found.identity,
                state=RootState.AVAILABLE,
                reason=found.root.reason if found.by_word else None,
            )
            for found in believed
        ]
        again = [await check(self._database, root) for root in now]
        lost = [found for found in again if found.reason is not None]
        if any(found.root.id in left for found in lost):

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
