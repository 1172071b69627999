"""What answers about processes that run jobs look like: for /openapi.json. Knows no route."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from shelfread.api.shapes import JobId, Time


class ProcessShape(BaseModel):
    """A process that runs jobs. What is not known of it is null."""

    id: str
    kind: str = Field(
        examples=["managed"], description="`managed` (beside HTTP), `standalone`, or `cli`: one scan."
    )
    host: str | None = Field(description="For administrators only; null for others.")
    pid: int | None = Field(description="For administrators only; null for others.")
    version: str
    started_at: Time
    heartbeat_at: Time = Field(description="The last sign of life of its jobs; null while it runs none.")
    state: Literal["idle", "busy", "draining", "stopping", "lost"] = Field(
        description="`lost`: it is gone, and its jobs are taken over soon."
    )
    capacity: int | None = Field(description="Jobs that it can run side by side; only of this server.")
    busy: list[JobId] = Field(description="The jobs that it runs.")
    memory_bytes: int | None = Field(
        description="Of this server's own process, without those that read files; null of others."
    )
    managed: bool = Field(description="By the server that answers.")


class WorkerList(BaseModel):
    """Processes that run jobs, or could."""

    items: list[ProcessShape]
    next: None = None
