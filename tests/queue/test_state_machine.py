"""Long random walks of everything that can be done to the queue, on both databases (test plan, layer C).

Hypothesis chooses requests of a small tree, workers that forget what they have, late writers, lost jobs,
jumps of the clock and deleted history; after every step the rows must be as `reference_model` says, and keep
the invariants. At the end of a walk the faults stop: then all that waits must come to its end (I7), and
`queue.verify` must find nothing. The same walks in every run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from typing import Any, ClassVar, TypeVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shelfread.model.job import CancelRequested, Enqueued, Job, JobStatus, LostJob, Reason, Scope
from shelfread.queue.verify import Verification
from shelfread.store.tables import job_events, job_logs, library_scan_jobs
from tests.queue.queue_rows import Snapshots, as_dicts, differences, in_memory
from tests.queue.queue_stand import NOON, SECOND, Stand, a_stand, report, violations
from tests.queue.reference_model import Handle, Model
from tests.queue.reference_model import Scope as ModelScope

T = TypeVar("T")
Held = tuple[Handle, Job]

#: Walks and their steps. Chosen so that a walk of each database takes about ten seconds.
WALKS = {"sqlite": 40, "postgresql": 25}
STEPS = 40
#: So long that no walk comes to a deadline: that is another test's.
TIMEOUT_S = 10**8
MAX_ATTEMPTS = 3

_PARTS = st.sampled_from([b"", b"A", b"A/x", b"A/y", b"A/x/1", b"B", b"\xff"])
_SCOPES = st.lists(st.tuples(st.sampled_from([0, 0, 0, 1]), _PARTS), min_size=1, max_size=3)
_WORKERS = st.sampled_from(["w-1", "w-2", "w-3"])


class QueueMachine(RuleBasedStateMachine):
    """The queue and its model, side by side."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    stand: ClassVar[Stand]
    snapshots: ClassVar[Snapshots]

    #: What workers were given, and may believe to have for ever.
    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(MAX_ATTEMPTS)
        self.ids: dict[int, str] = {}
        self.stand.clock.now = NOON
        self.snapshots.put_back(((), (), ()))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def answer(self, work: Coroutine[Any, Any, Any]) -> str:
        """What a worker hears, in the words of the model."""
        try:
            said = await work
        except LostJob:
            return "lost"
        except CancelRequested:
            return "cancel"
        if isinstance(said, JobStatus):
            return said.value
        return "ok" if said is True else "lost"

    # Asking

    @rule(rescan=st.booleans(), scopes=_SCOPES)
    def enqueue(self, rescan: bool, scopes: list[tuple[int, bytes]]) -> None:
        stand = self.stand
        wanted: frozenset[ModelScope] = frozenset(
            (stand.roots[root], *filter(None, part.split(b"/"))) for root, part in scopes
        )
        number = self.model.enqueue("rescan" if rescan else "scan", wanted)
        request = stand.request(
            *(Scope(stand.roots[root], part) for root, part in scopes),
            rescan=rescan,
            timeout_s=TIMEOUT_S,
            max_attempts=MAX_ATTEMPTS,
        )
        self._same_job(number, self.run(stand.repository.enqueue(request)))

    @precondition(lambda self: self.ids)
    @rule(choice=st.integers(0, 1000))
    def retry(self, choice: int) -> None:
        number = self._chosen(choice)
        expected = self.model.retry(number)
        if expected is None:
            with pytest.raises(ValueError, match="has not ended"):
                self.run(self.stand.repository.retry(self.ids[number], TIMEOUT_S))
            return
        # A retry has as many attempts as any new job.
        if expected not in self.ids:
            self.model.rows[expected].max_attempts = 5
        answer = self.run(self.stand.repository.retry(self.ids[number], TIMEOUT_S))
        assert answer is not None
        self._same_job(expected, answer)

    @precondition(lambda self: self.ids)
    @rule(choice=st.integers(0, 1000))
    def cancel(self, choice: int) -> None:
        number = self._chosen(choice)
        job = self.run(self.stand.repository.cancel(self.ids[number]))
        assert (job and job.status.value) == self.model.cancel(number)

    def _same_job(self, number: int, answer: Enqueued) -> None:
        assert answer.coalesced == (number in self.ids)
        assert self.ids.setdefault(number, answer.job.id) == answer.job.id

    def _chosen(self, choice: int) -> int:
        numbers = sorted(self.ids)
        # New ones more often than old ones.
        return numbers[-1 - choice % min(len(numbers), 4)] if choice % 3 else numbers[choice % len(numbers)]

    # Working

    @rule(target=held, worker=_WORKERS)
    def claim(self, worker: str) -> Held | MultipleResults[Held]:
        handle = self.model.claim(worker)
        job = self.run(self.stand.repository.claim_next(worker))
        if handle is None or job is None:
            assert handle is None
            assert job is None
            return multiple()
        assert (self.ids[handle[0]], handle[1], worker) == (job.id, job.fence, job.worker_id)
        assert job.carried.added == self.model.rows[handle[0]].carried
        return handle, job

    @rule(one=held)
    def batch(self, one: Held) -> None:
        handle, job = one
        carried = job.carried.added
        row = self.model.rows.get(handle[0])
        added = row.added + 1 if row else 1
        batch = report("a line", found=carried + added, added=added, unchanged=carried)
        expected = self.model.write(handle, "batch")

        async def commit() -> bool:
            await self.stand.repository.commit(job, None, batch)
            return True

        assert self.run(self.answer(commit())) == expected

    @rule(one=held, moved=st.booleans())
    def heartbeat(self, one: Held, moved: bool) -> None:
        async def beat() -> bool:
            await self.stand.repository.heartbeat(one[1], moved=moved)
            return True

        assert self.run(self.answer(beat())) == self.model.write(one[0], None)

    @rule(one=held)
    def finish(self, one: Held) -> None:
        answer = self.run(self.answer(self.stand.repository.finish(one[1])))
        assert answer == self.model.write(one[0], "completed")

    @rule(one=held, reason=st.sampled_from(list(Reason)))
    def fail(self, one: Held, reason: Reason) -> None:
        answer = self.run(self.answer(self.stand.repository.fail(one[1], reason, "trouble")))
        assert answer == self.model.end(one[0], "failed", reason.value)

    @rule(one=held)
    def end_cancelled(self, one: Held) -> None:
        answer = self.run(self.answer(self.stand.repository.end_cancelled(one[1])))
        assert answer == self.model.end(one[0], "cancelled")

    @rule(one=held)
    def release(self, one: Held) -> None:
        answer = self.run(self.answer(self.stand.repository.release(one[1])))
        assert answer == self.model.release(one[0])

    @rule(one=held, reason=st.sampled_from([Reason.WORKER_LOST, Reason.STALLED]))
    def lose(self, one: Held, reason: Reason) -> None:
        answer = self.run(self.answer(self.stand.repository.lose(one[1], reason, "gone")))
        assert answer == self.model.lose(one[0], reason.value)

    # Around it

    @rule(seconds=st.sampled_from([1, 4, 5, 6, 10, 31, 300, 100_000]))
    def time_goes_by(self, seconds: int) -> None:
        self._set_clock(self.model.now + seconds)

    @rule(seconds=st.sampled_from([1, 60, 3600, 100_000]))
    def the_clock_is_set_back(self, seconds: int) -> None:
        # Not behind the moment in which something was queued: what becomes of that is another test's.
        self._set_clock(max(self.model.now - seconds, self.model.settled()))

    def _set_clock(self, now: int) -> None:
        self.model.now = now
        self.stand.clock.now = NOON + now * SECOND

    @precondition(lambda self: self.ids)
    @rule(choice=st.integers(0, 1000))
    def delete_an_ended_job(self, choice: int) -> None:
        number = self._chosen(choice)
        ended = self.model.rows[number].status not in ("queued", "running")
        self.model.delete(number)
        if ended:
            job_id = self.ids.pop(number)

            async def work(connection: Any) -> None:
                row = sa.select(library_scan_jobs.c.seq).where(library_scan_jobs.c.id == job_id)
                seq = (await connection.execute(row)).scalar_one()
                for table in (job_logs, job_events):
                    await connection.execute(sa.delete(table).where(table.c.job_seq == seq))
                table = library_scan_jobs
                await connection.execute(sa.delete(table).where(table.c.id == job_id))

            self.run(self.stand.database.write(work))

    # What always holds

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        taken = self.snapshots.take()
        assert differences(taken, self.model) == []
        assert violations(*as_dicts(taken)) == []

    def teardown(self) -> None:
        self.run(self._calm())

    async def _calm(self) -> None:
        """The faults stop: everything comes to its end, and the history can have happened."""
        repository, clock = self.stand.repository, self.stand.clock
        for job in await repository.running():
            await repository.lose(job, Reason.WORKER_LOST, "the last fault")
        waiting = len(await repository.listed(statuses=["queued"], limit=1000))
        clock.turn(200_000)
        for _ in range(waiting):
            claimed = await repository.claim_next("w-calm")
            assert claimed is not None, "I7: a job waits for ever"
            assert await repository.finish(claimed)
        assert await repository.listed(statuses=["queued", "running"]) == []
        verification = Verification(self.stand.database)
        found = [one async for one in verification.violations() if not one.warning]
        assert found == []
        assert verification.skipped == 0


@contextmanager
def _machine(url: str) -> Iterator[type[QueueMachine]]:
    with ExitStack() as stack:
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        inner = AsyncExitStack()
        stack.callback(lambda: loop.run_until_complete(inner.aclose()))
        stand = loop.run_until_complete(inner.enter_async_context(a_stand(url)))
        snapshots = Snapshots(stand)
        stack.callback(snapshots.close)
        yield type("Walk", (QueueMachine,), {"loop": loop, "stand": stand, "snapshots": snapshots})


def walk(url: str, walks: int) -> None:
    """The walks of one catalogue; raises what the first wrong one raised."""
    with _machine(url) as machine:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=walks,
                stateful_step_count=STEPS,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_c_random_walks_are_as_the_model_says(database_url: str, database_kind: str) -> None:
    if database_kind == "sqlite":
        with in_memory(database_url) as url:
            walk(url, WALKS[database_kind])
    else:
        walk(database_url, WALKS[database_kind])


def test_f_without_the_fence_the_very_same_walks_find_a_violation(
    database_url: str, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_kind != "sqlite":
        pytest.skip("the control needs one database")
    from tests.queue.test_interleavings import without_fence

    without_fence(monkeypatch)
    with in_memory(database_url) as url, pytest.raises(AssertionError):
        walk(url, WALKS[database_kind])
