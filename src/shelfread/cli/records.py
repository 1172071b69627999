"""Libraries and past scans as JSON has them."""

from __future__ import annotations

from typing import Any

from shelfread.cli.texts import iso_time, path_fields
from shelfread.model.job import Job
from shelfread.model.library import Library, options_json


def library_fields(library: Library) -> dict[str, Any]:
    """A library in JSON."""
    return {
        "id": library.id,
        "name": library.name,
        "kind": library.kind,
        "options": options_json(library.options),
        "roots": [
            {
                "id": root.id,
                **path_fields(root.path),
                "state": root.state.value,
                "reason": root.reason,
                "confirmed": root.confirmed,
            }
            for root in library.roots
        ],
    }


def job_fields(job: Job) -> dict[str, Any]:
    """A scan of the past in JSON."""
    counters = job.counters
    return {
        "job_id": job.id,
        "type": job.type,
        "status": job.status.value,
        "items_found": counters.found,
        "items_added": counters.added,
        "items_updated": counters.updated,
        "items_removed": counters.removed,
        "items_failed": counters.failed,
        "started_at": iso_time(job.started_at),
        "completed_at": iso_time(job.completed_at),
        "error": job.error,
        "reason": job.reason,
    }
