"""Every order of claims, batches, heartbeats, rescues, cancels and ends, on the real SQL (layer B).

Two workers and one or two jobs. Each operation is one transaction, so whatever two processes do at the same
time is some order of these. Orders that lead to the same rows and the same knowledge of the workers go on in
the same way, so each such state is tried once, with everything that can happen next; the rows are put back
between two tries. After each operation its answer and the rows are compared with `reference_model`.

The negative control goes through the very same orders with the fence switched off, and must find violations.
"""

from __future__ import annotations

import copy
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa

from shelfread.model.job import CancelRequested, Job, LostJob, Reason
from shelfread.store import job_writes
from shelfread.store.tables import library_scan_jobs
from tests.queue.queue_rows import Rows, Snapshots, as_dicts, differences, in_memory
from tests.queue.queue_stand import Stand, a_stand, report, violations
from tests.queue.reference_model import Handle, Model

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORKERS = ("w-1", "w-2")
Operation = tuple[str, str | int]


@dataclass
class State:
    """What is in the database, what the model says, and what each worker believes to have."""

    rows: Rows
    model: Model
    handles: dict[str, tuple[Handle, Job]]

    @property
    def key(self) -> Any:
        return self.rows[0], tuple(sorted((name, handle) for name, (handle, _) in self.handles.items()))


@dataclass
class Explored:
    """What came of it."""

    states: int
    #: Operations that were run on the database.
    operations: int
    #: Orders of the full length that these stand for.
    orders: int
    disagreements: list[str]


class Explorer:
    """Tries every operation in every state that so many operations lead to."""

    def __init__(self, stand: Stand, jobs: list[Job], model: Model) -> None:
        self._stand = stand
        #: The model counts jobs from 1, in their order.
        self._ids = {number: job.id for number, job in enumerate(jobs, start=1)}
        self._snapshots = Snapshots(stand)
        self._model = model

    def close(self) -> None:
        self._snapshots.close()

    async def explore(self, depth: int, most: int | None = None) -> Explored:
        """All orders of `depth` operations; stops early after `most` disagreements."""
        start = State(self._snapshots.take(), copy.deepcopy(self._model), {})
        first = self._compare("", start.rows, start.model)
        assert first == [], first
        states = {start.key: 0}
        edges: dict[int, Counter[int]] = {}
        waiting = deque([(start, 0)])
        found = Explored(1, 0, 0, [])
        while waiting:
            state, length = waiting.popleft()
            mine = edges.setdefault(states[state.key], Counter())
            if length == depth:
                continue
            self._snapshots.put_back(state.rows)
            for operation in self._possible(state):
                after = State(state.rows, copy.deepcopy(state.model), dict(state.handles))
                wrong = await self._run(operation, after)
                found.operations += 1
                changed = after.rows != state.rows
                if wrong:
                    found.disagreements += [f"after {length} operations, {operation}: {one}" for one in wrong]
                    if most is not None and len(found.disagreements) >= most:
                        self._snapshots.put_back(start.rows)
                        return found
                else:
                    if after.key not in states:
                        states[after.key] = len(states)
                        waiting.append((after, length + 1))
                    mine[states[after.key]] += 1
                if changed:
                    self._snapshots.put_back(state.rows)
        self._snapshots.put_back(start.rows)
        ways = Counter({0: 1})
        for _ in range(depth):
            following: Counter[int] = Counter()
            for number, count in ways.items():
                for after_number, times in edges[number].items():
                    following[after_number] += count * times
            ways = following
        found.states, found.orders = len(states), ways.total()
        return found

    def _possible(self, state: State) -> Iterator[Operation]:
        for worker in WORKERS:
            held = state.handles.get(worker)
            # A worker that has a job and knows nothing else asks for no other.
            row = state.model.rows[held[0][0]] if held else None
            if held is None or row is None or (row.status, row.fence) != ("running", held[0][1]):
                yield "claim", worker
            if held is not None:
                for name in ("batch", "heartbeat", "finish", "lose"):
                    yield name, worker
        for number in self._ids:
            yield "cancel", number

    async def _run(self, operation: Operation, state: State) -> list[str]:
        """Do it, here and in the model; what they disagree about."""
        name, whose = operation
        if isinstance(whose, int):
            expected, answer = await self._cancel(state, whose)
        elif name == "claim":
            expected, answer = await self._claim(state, whose)
        else:
            expected, answer = await self._work(state, name, whose)
        state.rows = self._snapshots.take()
        wrong = [f"answered {answer!r}, should be {expected!r}"] if answer != expected else []
        return wrong + self._compare(name, state.rows, state.model)

    async def _cancel(self, state: State, number: int) -> tuple[Any, Any]:
        expected = state.model.cancel(number)
        job = await self._stand.repository.cancel(self._ids[number])
        return expected, job and str(job.status)

    async def _claim(self, state: State, worker: str) -> tuple[Any, Any]:
        expected = state.model.claim(worker)
        job = await self._stand.repository.claim_next(worker)
        answer = None
        if job is not None:
            number = next(number for number, job_id in self._ids.items() if job_id == job.id)
            answer = number, job.fence
            state.handles[worker] = answer, job
        return expected, answer

    async def _work(self, state: State, name: str, worker: str) -> tuple[Any, Any]:
        handle, job = state.handles[worker]
        repository = self._stand.repository
        answer: Any
        try:
            if name == "lose":
                expected: Any = state.model.lose(handle, "worker_lost")
                status = await repository.lose(job, Reason.WORKER_LOST, "gone")
                answer = "lost" if status is None else str(status)
            elif name == "finish":
                expected = state.model.write(handle, "completed")
                answer = "ok" if await repository.finish(job) else "lost"
            elif name == "batch":
                carried = job.carried.added
                added = state.model.rows[handle[0]].added + 1
                expected = state.model.write(handle, "batch")
                batch = report("a line", found=carried + added, added=added, unchanged=carried)
                await repository.commit(job, None, batch)
                answer = "ok"
            else:
                expected = state.model.write(handle, None)
                await repository.heartbeat(job)
                answer = "ok"
        except LostJob:
            answer = "lost"
        except CancelRequested:
            answer = "cancel"
        return expected, answer

    def _compare(self, name: str, taken: Rows, model: Model) -> list[str]:
        wrong = [f"{name}: {one}" for one in differences(taken, model)]
        return wrong + violations(*as_dicts(taken))


# The beginnings


async def _one(stand: Stand, model: Model) -> list[Job]:
    model.enqueue("scan", frozenset({(stand.roots[0], b"A")}))
    return [await stand.queued(b"A")]


async def _two(stand: Stand, model: Model) -> list[Job]:
    """Two jobs of two parts, which may run side by side."""
    return [*await _one(stand, model), *await _second(stand, model, b"B")]


async def _second(stand: Stand, model: Model, part: bytes) -> list[Job]:
    model.enqueue("scan", frozenset({(stand.roots[0], *part.split(b"/"))}))
    return [await stand.queued(part)]


async def _overlapping(stand: Stand, model: Model) -> list[Job]:
    """A job that was begun and came back, and its follow-up: both wait, and they must not run together."""
    (first,) = await _one(stand, model)
    handle = model.claim("w-0")
    claimed = await stand.claim("w-0")
    assert handle is not None
    model.enqueue("rescan", frozenset({(stand.roots[0], b"A", b"x")}))
    second = await stand.queued(b"A/x", rescan=True)
    model.release(handle)
    assert await stand.repository.release(claimed)
    return [first, second]


BEGINNINGS = {"one": _one, "two": _two, "overlapping": _overlapping}


@asynccontextmanager
async def _explorer(url: str, beginning: str) -> AsyncIterator[Explorer]:
    async with a_stand(url) as stand:
        model = Model()
        jobs = await BEGINNINGS[beginning](stand, model)
        with closing(Explorer(stand, jobs, model)) as explorer:
            yield explorer


#: Beginning: how many operations follow one another, and how many orders that is at least.
ON_SQLITE = {"one": (7, 180_000), "two": (5, 9_500), "overlapping": (5, 8_000)}
ON_POSTGRES = {"one": (4, 500), "two": (3, 150), "overlapping": (3, 140)}


@pytest.mark.parametrize("beginning", BEGINNINGS)
async def test_b_every_order_on_sqlite_is_as_the_model_says(new_catalogue: Any, beginning: str) -> None:
    depth, orders = ON_SQLITE[beginning]
    with in_memory(await new_catalogue("sqlite")) as url:
        async with _explorer(url, beginning) as explorer:
            found = await explorer.explore(depth)
    assert found.disagreements == []
    assert found.orders >= orders, found


@pytest.mark.parametrize("beginning", BEGINNINGS)
async def test_b_every_short_order_on_postgresql_is_as_the_model_says(
    new_catalogue: Any, beginning: str
) -> None:
    depth, orders = ON_POSTGRES[beginning]
    async with _explorer(await new_catalogue("postgresql"), beginning) as explorer:
        found = await explorer.explore(depth)
    assert found.disagreements == []
    assert found.orders >= orders, found


# The negative control


def without_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the fence off: a write of a running job matches its id and nothing else."""
    genuine = job_writes.guard

    async def unguarded(
        connection: Any, job: Job, now: int, values: dict[str, Any] | None = None, **more: Any
    ) -> None:
        table = library_scan_jobs
        query = sa.select(table.c.fence, table.c.status).where(table.c.id == job.id)
        row = (await connection.execute(query)).one()
        here = sa.update(table).where(table.c.id == job.id)
        await connection.execute(here.values(status="running"))
        await genuine(connection, replace(job, fence=row.fence), now, values, **more)
        if "status" not in (values or {}):
            await connection.execute(here.values(status=row.status))

    monkeypatch.setattr(job_writes, "guard", unguarded)


@pytest.mark.parametrize("beginning", BEGINNINGS)
async def test_f_without_the_fence_the_very_same_orders_find_violations(
    new_catalogue: Any, beginning: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth, _ = ON_SQLITE[beginning]
    without_fence(monkeypatch)
    with in_memory(await new_catalogue("sqlite")) as url:
        async with _explorer(url, beginning) as explorer:
            found = await explorer.explore(depth, most=200)
    text = "\n".join(found.disagreements)
    assert len(found.disagreements) >= 20, text
    # Writes of an old fence were accepted, batches and ends of every kind.
    for name in ("batch", "heartbeat", "finish"):
        assert any(f"('{name}'" in one and "'ok', should be 'lost'" in one for one in found.disagreements)
    # The check of the rows alone sees it too: more ends than one, or a way that there is not.
    assert "I3" in text
    assert "I4" in text
