"""A job, an event and a log line as JSON has them: the same words for commands, HTTP and event streams.

Plain dictionaries of what `json.dumps` takes. Knows the model only; who may see paths is the caller's to say.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from shelfread.model.change import Counters
from shelfread.model.job import Event, Job, StoredLine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PATHS_OF_REPORTS = ("path", "file", "rule")
_COUNTS = tuple(item.name for item in fields(Counters))
#: Where a path begins in a text: behind a space, a quote, a bracket, or what leads up to it.
_PATH = re.compile(r"(?:^|(?<=[\s'\"`(\[<{:=,]))/(?=\S)")


def without_paths(text: str) -> str:
    """A text for those who may not see paths: it ends where the first path begins, for names hold spaces."""
    found = _PATH.search(text)
    return text if found is None else text[: found.start()].rstrip(" '\"`([<{:=,/") + " …"


def iso_us(microseconds: int | None) -> str | None:
    """A time of the store: ISO 8601, UTC, always with microseconds, so that texts sort as times do."""
    if microseconds is None:
        return None
    try:
        moment = _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        # No clock that works says so; a page must show the row all the same.
        return None
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def job_json(job: Job, worker: Mapping[str, Any] | None = None, *, paths: bool = True) -> dict[str, Any]:
    """A job's row.

    Args:
        job: the row.
        worker: the row of the process that runs or ran it, with `host` and `pid`; None when it is unknown.
        paths: whether the reader may see paths (PROMISES D12).
    """
    return {
        "id": job.id,
        "seq": job.seq,
        "library_id": job.library_id,
        "type": str(job.type),
        "status": job.status.value,
        "origin": str(job.origin),
        "request_id": job.request_id,
        **counts_json(job),
        "items_total": job.items_total,
        "phase": job.phase.value if job.phase else None,
        "current_path": job.current_path if paths else None,
        "error": job.error if paths or job.error is None else without_paths(job.error),
        "reason": job.reason,
        "attempt": job.attempt,
        "losses": job.losses,
        "queued_at": iso_us(job.queued_at),
        "started_at": iso_us(job.started_at),
        "completed_at": iso_us(job.completed_at),
        "heartbeat_at": iso_us(job.heartbeat_at),
        # 0 is what rows have from before there was such a thing.
        "run_at": iso_us(job.run_at or None),
        "cancel_requested_at": iso_us(job.cancel_requested_at),
        "timeout_s": job.timeout_s,
        "worker": worker_json(job.worker_id, worker),
        "report": job.report if paths else _report_without_paths(job.report),
    }


def _report_without_paths(value: Any) -> Any:
    """A report for those who may not see paths; what rules say names folders too."""
    if isinstance(value, Mapping):
        return {
            key: None if key in _PATHS_OF_REPORTS else _report_without_paths(part)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_report_without_paths(part) for part in value]
    return without_paths(value) if isinstance(value, str) else value


def counts_json(job: Job) -> dict[str, int | None]:
    """The counters of a job; null before anything was counted (PROMISES D13)."""
    known = job.counted
    return {f"items_{name}": getattr(job.counters, name) if known else None for name in _COUNTS}


def worker_json(worker_id: str | None, worker: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Where a job runs or ran; host and pid are null when that process's row is gone."""
    if worker_id is None:
        return None
    known = worker or {}
    return {"id": worker_id, "host": known.get("host"), "pid": known.get("pid")}


def event_json(event: Event, *, paths: bool = True) -> dict[str, Any]:
    """One thing that happened to a job."""
    detail = event.detail
    if not paths:
        detail = {
            name: without_paths(value) if isinstance(value, str) else value for name, value in detail.items()
        }
    return {
        "seq": event.seq,
        "at": iso_us(event.at),
        "kind": str(event.kind),
        "fence": event.fence,
        "worker_id": event.worker_id,
        "detail": detail,
    }


def line_json(line: StoredLine, *, paths: bool = True) -> dict[str, Any]:
    """One line of a job's log; `path` only where it has one, and `path_b64` when that is not UTF-8."""
    found: dict[str, Any] = {
        "seq": line.seq,
        "at": iso_us(line.at),
        "level": line.level,
        "message": line.message if paths else without_paths(line.message),
    }
    if line.path is not None and paths:
        found |= path_json(line.path)
    return found


def path_json(path: bytes) -> dict[str, str]:
    """A name from disk: `path`, and `path_b64` when it is not UTF-8."""
    text = path.decode("utf-8", "replace")
    found = {"path": text}
    if text.encode("utf-8", "replace") != path:
        found["path_b64"] = base64.b64encode(path).decode("ascii")
    return found
