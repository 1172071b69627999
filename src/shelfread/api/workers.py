"""The processes that run jobs, over HTTP: this server's workers, and those of others on the same catalogue.

Stands on `app.roster`. Where a process runs is for administrators only.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, ProcessCollector

from shelfread.api.health import Workers
from shelfread.api.jobs import Reader, sees_paths
from shelfread.api.routes import ApiRoutes
from shelfread.api.worker_shapes import WorkerList
from shelfread.app import App, roster
from shelfread.app.roster import Present
from shelfread.model.account import Principal
from shelfread.model.job_json import iso_us

_LEAVING = ("draining", "stopping")


def worker_routes(app: App, workers: Workers) -> APIRouter:
    """The route.

    Args:
        app: whose catalogue it is.
        workers: those of this process.
    """
    routes = ApiRoutes(prefix="/api/v1", tags=["jobs"])
    own = ProcessCollector(registry=CollectorRegistry())

    @routes.get("/workers", response_model=WorkerList, operation_id="list_workers")
    async def list_workers(who: Reader) -> dict[str, Any]:
        """Processes that run jobs, or could, the newest first; and those that went and left jobs behind."""
        found = await roster.present(app.database)
        return {"items": [_told(one, workers, own, who) for one in found], "next": None}

    return routes


def _told(one: Present, workers: Workers, own: ProcessCollector, who: Principal) -> dict[str, Any]:
    managed, seen = one.row.id == workers.worker_id, sees_paths(who)
    return {
        "id": one.row.id,
        "kind": one.row.kind,
        "host": one.row.host if seen else None,
        "pid": one.row.pid if seen else None,
        "version": one.row.version,
        "started_at": iso_us(one.row.started_at),
        "heartbeat_at": iso_us(one.heartbeat_at),
        "state": _state(one, workers if managed else None),
        "capacity": workers.present if managed else None,
        "busy": one.jobs,
        "memory_bytes": memory(own) if managed else None,
        "managed": managed,
    }


def _state(one: Present, workers: Workers | None) -> str:
    if not one.there:
        return "lost"
    if workers is not None and workers.state in _LEAVING:
        return workers.state
    return "busy" if one.jobs else "idle"


def memory(own: ProcessCollector) -> int | None:
    """Bytes of memory that this process has; None where the system does not say."""
    for metric in own.collect():
        for sample in metric.samples:
            if sample.name == "process_resident_memory_bytes":
                return int(sample.value)
    return None
