"""Whether the history of one job can have happened: the invariants of a job, checked on what was stored.

Pure: a job's row, its events in order and the facts of its log go in, violations come out. `verify` reads a
database and feeds this; tests and the chaos harness feed their own. Knows no database and no clock.

    I1  the fence only rises
    I2  nothing is written under an older fence than that of the latest claim, or after the end
    I3  an ended job has exactly one event that ends it, others have none
    I4  the path through the states is a legal one, and leads to where the row is
    I6  counters never fall within an attempt, and a completed job shows those of all attempts
    I8  numbers of events and log lines start at 1 and have no gap

I5 and I7 are in `overlaps`. A log line has no fence: of I2 only a line after the end is seen there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, NamedTuple

from shelfread.model.change import Counters
from shelfread.model.job import Event, EventKind, Job, JobStatus, Origin, StoredLine
from shelfread.store.job_trail import LOG_LINES

#: Violations that are told of one job and one invariant; the first ones say what happened.
TOLD = 5
#: How much later than the end of its job a log line may be dated: they are written together.
LATE_US = 1_000_000

_COUNTS = tuple(item.name for item in fields(Counters))
_CARRIED = ("added", "updated", "moved", "restored", "failed", "removed")
_Q, _R = JobStatus.QUEUED, JobStatus.RUNNING
#: Kind: the states it may happen in, and the state after it. None is before the job.
_STEPS: dict[str, tuple[tuple[JobStatus | None, ...], JobStatus]] = {
    EventKind.QUEUED: ((None,), _Q),
    EventKind.WIDENED: ((_Q,), _Q),
    EventKind.CLAIMED: ((_Q,), _R),
    EventKind.BATCH: ((_R,), _R),
    EventKind.CANCEL_REQUESTED: ((_R,), _R),
    EventKind.RELEASED: ((_R,), _Q),
    EventKind.REQUEUED: ((_R,), _Q),
    EventKind.COMPLETED: ((_R,), JobStatus.COMPLETED),
    EventKind.FAILED: ((_R,), JobStatus.FAILED),
    EventKind.CANCELLED: ((_Q, _R), JobStatus.CANCELLED),
}
#: These may take a job from its worker: the fence rises by one, and no worker has written them.
_TAKING = frozenset({EventKind.REQUEUED, EventKind.FAILED, EventKind.CANCELLED})
#: These are written by the worker that has the job.
_OWN = frozenset({EventKind.BATCH, EventKind.RELEASED, EventKind.COMPLETED})


class Violation(NamedTuple):
    """Something that cannot have happened, or (a warning) that should not last."""

    invariant: str
    job_id: str
    job_seq: int
    what: str
    warning: bool = False


class LogFacts(NamedTuple):
    """What there is of a job's log: `log_seq` of its row, and the lines that are kept."""

    log_seq: int
    lines: int = 0
    first: int = 0
    last: int = 0
    newest_at: int = 0

    @classmethod
    def of(cls, row: Job, lines: Iterable[StoredLine]) -> LogFacts:
        """The facts of lines that are at hand."""
        kept = list(lines)
        numbers = [line.seq for line in kept] or [0]
        newest = max((line.at for line in kept), default=0)
        return cls(row.log_seq, len(set(numbers)) if kept else 0, min(numbers), max(numbers), newest)


class Run(NamedTuple):
    """One attempt: from its claim to whatever ended it, or to its last sign of life."""

    start: int
    end: int
    job_seq: int


class Trail:
    """One job's events as they come. Holds no event: a job may have a million of them."""

    def __init__(self, row: Job) -> None:
        self.row = row
        self.runs: list[Run] = []
        #: How far time fell from one event to a later one, in microseconds.
        self.clock_fell = 0
        self._found: list[Violation] = []
        self._told: dict[str, int] = {}
        self._seq = 0
        self._at = 0
        #: The latest time that any event has; when clocks jump it is not that of the last one.
        self._newest = 0
        self._fence = 0
        self._state: JobStatus | None = None
        #: An event is missing: the next one is taken as it is.
        self._torn = False
        #: Its batches are missing, as a prune leaves it.
        self._pruned = False
        #: The claim of this attempt was seen, so its worker and what it carries on are known.
        self._sure = False
        self._ends = 0
        self._worker: str | None = None
        self._carried = Counters()
        self._last: Counters | None = None
        #: Number and time of the last batch.
        self._batch = (0, 0)
        self._claimed_at: int | None = None

    def add(self, event: Event) -> None:
        """The next event."""
        if event.seq != self._seq + 1:
            # All batches of an old job may have been pruned; some of them may not.
            pruned = self.row.status.ended and event.seq > self._seq and not self._batch[0] and self._seq > 1
            if not pruned or event.kind == EventKind.BATCH:
                self._tell("I8", f"event {self._seq + 1} is missing: {event.seq} follows {self._seq}")
            self._pruned = self._pruned or pruned
            self._torn, self._sure = True, False
        elif event.kind == EventKind.BATCH and self._pruned:
            self._tell("I8", f"event {event.seq} is a batch, and those before it are missing")
        elif event.seq == 1 and event.kind != EventKind.QUEUED and self._from_before():
            self._torn = True
        self._seq = event.seq
        if self._at and event.at < self._at:
            self.clock_fell = max(self.clock_fell, self._at - event.at)
        self._at = event.at
        self._newest = max(self._newest, event.at)
        if event.kind not in _STEPS:
            self._tell("I4", f"event {event.seq} is of an unknown kind, {event.kind}")
            return
        self._check_fence(event)
        self._step(event)
        self._count(event)
        self._torn = False

    def end(self, log: LogFacts | None = None) -> list[Violation]:
        """There are no more events: compare with the row, and give all that was found."""
        row = self.row
        if self._seq != row.event_seq:
            self._tell("I8", f"the row counts {row.event_seq} events, the last one stored is {self._seq}")
        if self._fence != row.fence and self._seq == row.event_seq:
            self._tell("I1", f"the row's fence is {row.fence}, that of its last event {self._fence}")
        expected = 1 if row.status.ended else 0
        if self._ends != expected:
            self._tell("I3", f"the job is {row.status} and has {self._ends} events that end it")
        if self._state is not row.status and self._seq == row.event_seq:
            state = self._state.value if self._state else "nowhere"
            self._tell("I4", f"the row is {row.status}, its events lead to {state}")
        if self._claimed_at is not None:
            self.runs.append(Run(self._claimed_at, max(self._at, row.heartbeat_at or 0), row.seq))
            self._claimed_at = None
        if log is not None:
            self._check_log(log)
        for invariant, count in self._told.items():
            if count > TOLD:
                more = f"and {count - TOLD} more like these"
                self._found.append(Violation(invariant, row.id, row.seq, more))
        return self._found

    def _from_before(self) -> bool:
        """Whether it is the row of a scan that began before jobs had events."""
        return self.row.origin == Origin.CLI and self.row.run_at == 0

    def _check_fence(self, event: Event) -> None:
        before, self._fence = self._fence, max(self._fence, event.fence)
        claims = event.kind == EventKind.CLAIMED
        what = f"event {event.seq} ({event.kind})"
        if event.fence < before:
            self._tell("I1" if claims else "I2", f"{what} has fence {event.fence} after fence {before}")
        elif claims and event.fence == before:
            self._tell("I1", f"{what} did not raise the fence, {before}")
        elif not claims and event.fence > before and not self._torn:
            taken = event.kind in _TAKING and event.worker_id is None and event.fence == before + 1
            if not taken:
                self._tell("I1", f"{what} raised the fence from {before} to {event.fence}")
        if claims:
            self._worker, self._sure = event.worker_id, True
        elif event.kind in _OWN and self._sure and event.worker_id != self._worker:
            self._tell("I2", f"{what} is by worker {event.worker_id}, the claim by {self._worker}")

    def _step(self, event: Event) -> None:
        allowed, after = _STEPS[event.kind]
        if self._state not in allowed and not self._torn:
            state = self._state.value if self._state else "not there yet"
            self._tell("I4", f"event {event.seq} ({event.kind}) happened to a job that was {state}")
        elif event.kind == EventKind.WIDENED and self._fence:
            self._tell("I4", f"event {event.seq} widened a job that had begun")
        if after.ended:
            self._ends += 1
        if self._claimed_at is not None and (after is not _R or event.kind == EventKind.CLAIMED):
            self.runs.append(Run(self._claimed_at, event.at, self.row.seq))
            self._claimed_at = None
        if event.kind == EventKind.CLAIMED:
            self._claimed_at = event.at
        self._state = after

    def _count(self, event: Event) -> None:
        if event.kind == EventKind.CLAIMED:
            self._begin(event)
        elif event.kind == EventKind.BATCH:
            self._grow(event)
        elif event.kind == EventKind.COMPLETED:
            self._complete(event)

    def _begin(self, event: Event) -> None:
        carried = _counters(event.detail.get("carried"))
        if carried is None:
            self._tell("I6", f"event {event.seq} (claimed) does not say what it carries on")
            carried = Counters()
        elif not self._torn:
            last = self._last or Counters()
            # A heartbeat may have counted on behind the last batch, so it can be more; never less.
            short = {
                name: (getattr(carried, name), getattr(self._carried, name) + getattr(last, name))
                for name in _CARRIED
                if getattr(carried, name) < getattr(self._carried, name) + getattr(last, name)
            }
            if short:
                self._tell("I6", f"event {event.seq} (claimed) lost counts on the way: {_words(short)}")
        self._carried, self._last = carried, None

    def _grow(self, event: Event) -> None:
        counters = _counters(event.detail)
        if counters is None:
            self._tell("I6", f"event {event.seq} (batch) does not say its counters")
            return
        before = self._last
        self._last, self._batch = counters, (event.seq, event.at)
        if before is None or self._torn:
            return
        # The last batch settles: what seemed added may turn out to have moved. Sums stay.
        names = ("found", "processed", "removed") if event.detail.get("phase") == "done" else _COUNTS
        if fell := _less(counters, before, names):
            self._tell("I6", f"event {event.seq} (batch) counts less than the one before: {_words(fell)}")

    def _complete(self, event: Event) -> None:
        final = _counters(event.detail.get("counters"))
        if final is None:
            self._tell("I6", f"event {event.seq} (completed) does not say its counters")
            return
        if self.row.status is JobStatus.COMPLETED and final != self.row.counters:
            wrong = _unequal(self.row.counters, final)
            self._tell("I6", f"the row's counters are not those of its completed event: {_words(wrong)}")
        if self._last is None or not self._sure:
            return
        whole = self._last.after(self._carried)
        if self._batch == (event.seq - 1, event.at):
            # The last batch is of the same transaction: nothing was counted between the two.
            wrong = _unequal(final, whole)
        else:
            wrong = _less(final, whole, ("found", "processed", "removed"))
        if wrong:
            self._tell("I6", f"the job completed with other counters than its attempts: {_words(wrong)}")

    def _check_log(self, log: LogFacts) -> None:
        kept = min(log.log_seq, LOG_LINES)
        # All lines of an old job may have been pruned; some of them may not.
        pruned = self.row.status.ended and log.lines == 0
        if not pruned and (log.lines, log.last) != (kept, kept):
            self._tell(
                "I8", f"{kept} log lines should be kept: there are {log.lines}, the last is {log.last}"
            )
        elif log.lines and log.first != 1:
            self._tell("I8", f"its log begins at line {log.first}")
        ended = self.row.completed_at
        if self.row.status.ended and ended is not None and log.newest_at > max(ended, self._newest) + LATE_US:
            late = (log.newest_at - ended) / 1e6
            self._tell("I2", f"a log line was written {late:.1f} s after the job's end")

    def _tell(self, invariant: str, what: str) -> None:
        self._told[invariant] = self._told.get(invariant, 0) + 1
        if self._told[invariant] <= TOLD:
            self._found.append(Violation(invariant, self.row.id, self.row.seq, what))


def check_job(row: Job, events: Iterable[Event], log: LogFacts | None = None) -> list[Violation]:
    """Check one job. `events` are all of it, in order; `log` is not looked at when it is None."""
    trail = Trail(row)
    for event in events:
        trail.add(event)
    return trail.end(log)


def _counters(stored: Any) -> Counters | None:
    """Counters as events have them; None when they are not all there."""
    if not isinstance(stored, dict) or not all(isinstance(stored.get(name), int) for name in _COUNTS):
        return None
    return Counters(**{name: stored[name] for name in _COUNTS})


def _less(some: Counters, others: Counters, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    pairs = {name: (getattr(some, name), getattr(others, name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] < pair[1]}


def _unequal(some: Counters, others: Counters) -> dict[str, tuple[int, int]]:
    pairs = {name: (getattr(some, name), getattr(others, name)) for name in _COUNTS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _words(wrong: dict[str, tuple[int, int]]) -> str:
    return ", ".join(f"{name} {is_now} and not {was}" for name, (is_now, was) in wrong.items())
