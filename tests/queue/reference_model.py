"""The queue as it should be, in plain Python: no SQL, no time but a number, nothing of the code it judges.

A scope is (root, folder, folder, ...). Operations of a worker take what `claim` gave: (number of the job,
fence). They answer "ok", "lost" (LostJob or False) or "cancel" (CancelRequested); `lose`
answers as the job is then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Scope = tuple[int | bytes, ...]
Handle = tuple[int, int]
#: Events that say that a job has ended.
ENDS = ("completed", "failed", "cancelled")


def covers(some: Iterable[Scope], others: Iterable[Scope]) -> bool:
    """Whether every file of the others is one of some."""
    mine = list(some)
    return all(any(other[: len(one)] == one for one in mine) for other in others)


def overlap(some: frozenset[Scope], others: frozenset[Scope]) -> bool:
    return any(covers([one], [other]) or covers([other], [one]) for one in some for other in others)


def least(*sets: frozenset[Scope]) -> frozenset[Scope]:
    """The union, without what lies inside another part of it."""
    every = frozenset[Scope]().union(*sets)
    return frozenset(
        one for one in every if not any(one != other and covers([other], [one]) for other in every)
    )


@dataclass
class Row:
    """A job."""

    type: str
    scopes: frozenset[Scope]
    max_attempts: int
    status: str = "queued"
    fence: int = 0
    attempt: int = 0
    losses: int = 0
    run_at: int = 0
    worker: str | None = None
    reason: str | None = None
    #: When it came into the queue last.
    since: int = 0
    #: Batches of this attempt (of all, when it is completed), and those of earlier ones.
    added: int = 0
    carried: int = 0
    moved: bool = False
    cancelling: bool = False
    #: The kinds of its events.
    events: list[str] = field(default_factory=lambda: ["queued"])

    def end(self, status: str, reason: str | None = None) -> None:
        self.status, self.reason = status, reason
        self.events.append(status)

    def back(self, how: str, now: int, wait: int = 0) -> None:
        self.status, self.since, self.run_at, self.worker = "queued", now, now + wait, None
        self.events.append(how)


class Model:
    """The jobs of one library."""

    def __init__(self, max_attempts: int = 5) -> None:
        self.now = 0
        self.max_attempts = max_attempts
        self.rows: dict[int, Row] = {}
        self._last = 0

    def settled(self) -> int:
        """Since when nothing came into the queue that waits there now."""
        return max([row.since for row in self.rows.values() if row.status == "queued"], default=0)

    def enqueue(self, job_type: str, scopes: frozenset[Scope]) -> int:
        """The number of the job that will do it (PROMISES decision 6)."""
        wanted = least(scopes)
        waiting = [(number, row) for number, row in sorted(self.rows.items()) if row.status == "queued"]
        for number, row in waiting:
            # A begun job has read some files already: it does for a scan, not for a rescan.
            does_it = row.type in (job_type, "rescan") and (row.fence == 0 or job_type == "scan")
            if does_it and covers(row.scopes, wanted):
                return number
        fresh = [(number, row) for number, row in waiting if not row.fence and overlap(row.scopes, wanted)]
        if not fresh:
            self._last += 1
            self.rows[self._last] = Row(job_type, wanted, self.max_attempts, since=self.now)
            return self._last
        number, taken = fresh[0]
        taken.scopes = least(taken.scopes, wanted)
        taken.type = "rescan" if "rescan" in (taken.type, job_type) else "scan"
        taken.events.append("widened")
        for _, row in fresh[1:]:
            # What a rescan was asked for is not done by a scan.
            if covers(taken.scopes, row.scopes) and taken.type in (row.type, "rescan"):
                row.end("cancelled", "absorbed")
        return number

    def claim(self, worker: str) -> Handle | None:
        running = [row.scopes for row in self.rows.values() if row.status == "running"]
        for number, row in sorted(self.rows.items()):
            due = row.status == "queued" and row.run_at <= self.now
            if due and not any(overlap(row.scopes, other) for other in running):
                row.status, row.worker, row.moved = "running", worker, False
                row.fence, row.attempt = row.fence + 1, row.attempt + 1
                row.carried, row.added = row.carried + row.added, 0
                row.events.append("claimed")
                return number, row.fence
        return None

    def _mine(self, handle: Handle) -> Row | None:
        row = self.rows.get(handle[0])
        return row if row and row.status == "running" and row.fence == handle[1] else None

    def write(self, handle: Handle, kind: str | None) -> str:
        """A batch that adds one file, a heartbeat (None), or "completed"."""
        row = self._mine(handle)
        if row is None:
            done = self.rows.get(handle[0])
            again = done is not None and (kind, done.status, done.fence) == ("completed", kind, handle[1])
            return "ok" if again else "lost"
        if row.cancelling:
            return "cancel"
        if kind == "batch":
            row.added, row.moved = row.added + 1, True
            row.events.append("batch")
        elif kind == "completed":
            # An attempt that counted nothing leaves the counters unknown.
            row.added += row.carried if row.added else 0
            row.end("completed")
        return "ok"

    def end(self, handle: Handle, status: str, reason: str | None = None) -> str:
        """Failed or cancelled by its own worker."""
        row = self._mine(handle)
        if row is None:
            return "lost"
        row.end(status, reason)
        return "ok"

    def release(self, handle: Handle) -> str:
        row = self._mine(handle)
        if row is None:
            return "lost"
        if row.cancelling:
            row.end("cancelled")
        else:
            row.attempt -= 1
            row.back("released", self.now)
        return "ok"

    def lose(self, handle: Handle, reason: str) -> str:
        """Taken from its worker."""
        row = self._mine(handle)
        if row is None:
            return "lost"
        row.fence, row.losses = row.fence + 1, 0 if row.moved else row.losses + 1
        if row.cancelling:
            row.end("cancelled")
        elif row.losses >= row.max_attempts:
            row.end("failed", reason)
        else:
            wait = 0 if row.losses < 2 else min(300, 5 * 2 ** (row.losses - 2))
            row.back("requeued", self.now, wait)
        return row.status

    def cancel(self, number: int) -> str | None:
        row = self.rows.get(number)
        if row is None:
            return None
        if row.status == "queued":
            row.end("cancelled")
        elif row.status == "running" and not row.cancelling:
            row.cancelling = True
            row.events.append("cancel_requested")
        return row.status

    def retry(self, number: int) -> int | None:
        row = self.rows.get(number)
        return self.enqueue(row.type, row.scopes) if row and row.status in ENDS else None

    def delete(self, number: int) -> None:
        """What the prune job does to old ended jobs."""
        if self.rows[number].status in ENDS:
            del self.rows[number]
