"""A job: one run of a task, as a row in `library_scan_jobs`; and what is asked of the queue."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shelfread.model.change import Counters

#: How long a job may run when nobody says otherwise (PROMISES A7).
DEFAULT_TIMEOUT_S = 21_600
#: How often a job may be lost without any progress before it is given up.
DEFAULT_ATTEMPTS = 5


class JobStatus(StrEnum):
    """Where a job is in its life (PROMISES D9)."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class JobType(StrEnum):
    """The kinds of work."""

    SCAN = "scan"
    RESCAN = "rescan"
    COVERS = "covers"
    CONVERT = "convert"
    PRUNE = "prune"


#: Types that do their work in one library; a row of them without a library cannot run (PROMISES D20).
NEEDS_LIBRARY = frozenset({JobType.SCAN, JobType.RESCAN, JobType.COVERS, JobType.CONVERT})
SCANS = frozenset({JobType.SCAN, JobType.RESCAN})
#: Higher goes first, scans with 0; within one priority the oldest does (PROMISES D7).
PRIORITIES: dict[str, int] = {JobType.COVERS: -5, JobType.CONVERT: -8, JobType.PRUNE: -10}


class Phase(StrEnum):
    """What a scan is busy with."""

    DISCOVERING = "discovering"
    READING = "reading"
    SETTLING = "settling"
    DONE = "done"


class Reason(StrEnum):
    """Why a job did not complete, or was started again; from a closed list."""

    EXCEPTION = "exception"
    #: Its process is gone, or said nothing for a whole lease.
    WORKER_LOST = "worker_lost"
    #: Its process lives and nothing moves.
    STALLED = "stalled"
    #: It ran longer than it may (PROMISES A12).
    DEADLINE = "deadline"
    ROOT_UNAVAILABLE = "root_unavailable"
    #: What it was to scan lies outside of what workers may (`SHELFREAD_ALLOWED_ROOTS`).
    PATH_REFUSED = "path_refused"
    #: Its row cannot be run by anybody (PROMISES D20).
    INVALID_ROW = "invalid_row"
    #: Another queued job does its work too.
    ABSORBED = "absorbed"


class Origin(StrEnum):
    """Where a job came from."""

    REQUEST = "request"
    #: A scan from the command line: run by the process that asked, never queued.
    CLI = "cli"
    SCHEDULE = "schedule"
    RETRY = "retry"
    #: A scan that has ended asked for it.
    FOLLOW_UP = "follow_up"
    #: Something changed in the folders of a watched library.
    WATCH = "watch"


class EventKind(StrEnum):
    """What happened to a job. Each event is written in the transaction that made it happen."""

    QUEUED = "queued"
    #: A queued job took in another request (PROMISES decision 6).
    WIDENED = "widened"
    CLAIMED = "claimed"
    BATCH = "batch"
    CANCEL_REQUESTED = "cancel_requested"
    #: Back in the queue because its worker was stopped in order; the attempt does not count.
    RELEASED = "released"
    #: Back in the queue because it was taken from a worker; the reason says why.
    REQUEUED = "requeued"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a root that a scan covers: `relative` is b"" for all of it."""

    root_id: int
    relative: bytes

    def overlaps(self, other: Scope) -> bool:
        """Whether the two cover any file in common."""
        if self.root_id != other.root_id:
            return False
        short, long = sorted((self.relative, other.relative), key=len)
        return not short or short == long or long.startswith(short + b"/")

    def covers(self, other: Scope) -> bool:
        """Whether every file of the other is one of this."""
        return self.overlaps(other) and len(self.relative) <= len(other.relative)


def overlapping(some: tuple[Scope, ...], others: tuple[Scope, ...]) -> bool:
    """Whether two sets of scopes cover any file in common."""
    return any(one.overlaps(other) for one in some for other in others)


def united(*sets: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """The least scopes that cover all of these: without those that lie inside another, in order."""
    kept: list[Scope] = []
    every = {scope for scopes in sets for scope in scopes}
    for scope in sorted(every, key=lambda scope: (scope.root_id, len(scope.relative), scope.relative)):
        if not any(other.covers(scope) for other in kept):
            kept.append(scope)
    return tuple(sorted(kept, key=lambda scope: (scope.root_id, scope.relative)))


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What is asked of the queue."""

    type: JobType
    library_id: int | None = None
    #: What it covers; empty only for types that need no library.
    scopes: tuple[Scope, ...] = ()
    origin: Origin = Origin.REQUEST
    #: Common to the jobs of one request (PROMISES A15).
    request_id: str | None = None
    #: Running time it may take in all its attempts, in seconds (PROMISES A10, A20).
    timeout_s: int = DEFAULT_TIMEOUT_S
    max_attempts: int = DEFAULT_ATTEMPTS


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its row says. Times are microseconds since the epoch, UTC, or None."""

    id: str
    seq: int
    #: None for types that need none, and in rows that nobody can run.
    library_id: int | None
    #: A JobType, or the name of one that this version does not know.
    type: str
    status: JobStatus
    scopes: tuple[Scope, ...]
    #: Rises with every claim and whenever the job is taken from its worker.
    fence: int
    worker_id: str | None
    phase: Phase | None
    #: What this attempt has counted; when the job has ended well, all attempts together.
    counters: Counters
    items_total: int | None
    current_path: str | None
    error: str | None
    reason: str | None
    queued_at: int | None
    started_at: int | None
    completed_at: int | None
    origin: str = Origin.REQUEST
    request_id: str | None = None
    priority: int = 0
    #: Which claim this is; 0 before the first. A released attempt is taken back.
    attempt: int = 0
    #: Attempts lost one after the other without progress.
    losses: int = 0
    max_attempts: int = DEFAULT_ATTEMPTS
    #: Not before.
    run_at: int = 0
    claimed_at: int | None = None
    heartbeat_at: int | None = None
    #: When something moved last: what a stall is told by.
    progress_at: int | None = None
    timeout_s: int = DEFAULT_TIMEOUT_S
    #: Running time so far, in microseconds, by its heartbeats.
    used_us: int = 0
    cancel_requested_at: int | None = None
    event_seq: int = 0
    log_seq: int = 0
    #: Outcomes of earlier attempts: their files count as unchanged in this one.
    carried: Counters = field(default_factory=Counters)
    #: Said at the end; None before.
    report: dict[str, Any] | None = None
    #: Why nobody can run this row; None when it is sound.
    broken: str | None = None
    #: Columns of the row that hold what cannot be, with what they hold; the fields say something harmless.
    damaged: dict[str, Any] = field(default_factory=dict)
    #: Whether anything was counted yet: before that the counters are unknown, not zero (PROMISES D13).
    counted: bool = False

    @property
    def left_us(self) -> int:
        """Running time that it has left in the attempt that was claimed last."""
        return max(0, self.timeout_s * 1_000_000 - self.used_us)


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The answer to a request: the job that will do it."""

    job: Job
    #: It was there already (PROMISES decision 6).
    coalesced: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a job. Sequence numbers of a job start at 1 and have no gap."""

    job_seq: int
    seq: int
    at: int
    fence: int
    kind: str
    worker_id: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a job's log. Level is info, warning or error."""

    level: str
    message: str
    path: bytes | None = None


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line of a job's log with its number and time. Numbers of a job start at 1 and have no gap."""

    seq: int
    at: int
    level: str
    message: str
    path: bytes | None


class LostJob(Exception):
    """Another process has taken this job over, or it was ended: nothing more may be written for it."""


class CancelRequested(Exception):
    """Somebody wants this job to stop: nothing more may be written for it but its end."""


class AlreadyRunning(Exception):
    """A scan that covers some of the same files is running now: `job`, where it is known."""

    def __init__(self, text: str, job: Job | None = None) -> None:
        super().__init__(text)
        self.job = job


class UnknownLibrary(Exception):
    """The library of a request is not there."""


class Stopped(Exception):
    """A task ended early because its worker asked it to; what was committed stays."""


class TaskFailed(Exception):
    """A task could not do its work; the text is for people, the reason for the history."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class TaskLost(Exception):
    """The process that did the work is gone; the job goes back into the queue."""

    def __init__(self, text: str, reason: Reason = Reason.WORKER_LOST) -> None:
        super().__init__(text)
        self.reason = reason
