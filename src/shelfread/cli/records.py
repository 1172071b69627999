"""Libraries and past scans as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shelfread.app.watching import watch_json
from shelfread.cli.texts import iso_time, path_fields, shown
from shelfread.model.job import Job
from shelfread.model.library import Library, options_json
from shelfread.model.watching import RootWatch


def library_fields(library: Library, watches: Mapping[int, RootWatch] | None = None) -> dict[str, Any]:
    """A library in JSON, with how its roots are watched, by their ids."""
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
                "empty_ok": root.empty_ok,
                "watch": watch_json((watches or {}).get(root.id)),
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


def watch_words(watch: Mapping[str, Any]) -> str:
    """One line for people on how a root is watched, from its JSON."""
    words = {
        "starting": "the watch begins",
        "watching": "watched: what changes is scanned at once",
        "partial": "watched in part, and scanned now and then",
        "sweeping": "not watched, but scanned now and then",
    }[watch["state"]]
    return f"{words}: {shown(watch['reason'])}" if watch["reason"] else words
