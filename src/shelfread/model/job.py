"""A job: one run of a task, as a row in `library_scan_jobs`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shelfread.model.change import Counters


class JobStatus(StrEnum):
    """Where a job is in its life (PROMISES D9)."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobType(StrEnum):
    """The kinds of work."""

    SCAN = "scan"
    RESCAN = "rescan"


class Phase(StrEnum):
    """What a scan is busy with."""

    DISCOVERING = "discovering"
    READING = "reading"
    SETTLING = "settling"
    DONE = "done"


class Reason(StrEnum):
    """Why a job failed, from a closed list."""

    EXCEPTION = "exception"
    WORKER_LOST = "worker_lost"
    ROOT_UNAVAILABLE = "root_unavailable"


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


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the history shows it. Times are microseconds since the epoch, UTC, or None."""

    id: str
    seq: int
    library_id: int
    type: JobType
    status: JobStatus
    scopes: tuple[Scope, ...]
    fence: int
    worker_id: str | None
    phase: Phase | None
    counters: Counters
    items_total: int | None
    current_path: str | None
    error: str | None
    reason: str | None
    queued_at: int | None
    started_at: int | None
    completed_at: int | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a job's log. Level is info, warning or error."""

    level: str
    message: str
    path: bytes | None = None


class LostJob(Exception):
    """Another process has taken this job over, or it was ended: nothing more may be written for it."""


class AlreadyRunning(Exception):
    """A scan that covers some of the same files is running now."""
