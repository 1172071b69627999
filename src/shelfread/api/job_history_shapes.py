"""What answers that look back over jobs are like, for /openapi.json too. Knows no route."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shelfread.api.shapes import JobId, Time


class JobCounts(BaseModel):
    """How many jobs there are in each state."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"queued": 2, "running": 1, "completed": 841, "failed": 3, "cancelled": 12}]
        }
    )

    queued: int
    running: int
    completed: int
    failed: int = Field(description="Also those whose state this version does not know.")
    cancelled: int


class EventShape(BaseModel):
    """One thing that happened to a job. Texts are without paths for those who may not see them."""

    seq: int
    at: Time
    kind: str = Field(
        description="queued, widened, claimed, batch, cancel_requested, released, requeued, completed, "
        "failed, cancelled.",
        examples=["requeued"],
    )
    fence: int
    worker_id: str | None
    detail: dict[str, Any] = Field(
        examples=[{"reason": "worker_lost", "error": "its process is gone", "losses": 1}]
    )


class TrailShape(BaseModel):
    """What happened to a job, in order."""

    items: list[EventShape]
    more: bool = Field(description="There were more before these.")


class FolderShape(BaseModel):
    """A folder that a job covers."""

    path: str = Field(examples=["/srv/music/A-M"])
    path_b64: str | None = None


class JobFolders(BaseModel):
    """The folders that a job covers: the first thousand by name, and how many there are."""

    items: list[FolderShape]
    count: int


class EndedJob(BaseModel):
    """A job that has ended, to be compared with others. Counters that are not known are null."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "8b1f4c9e-2f5d-4a39-9d0f-0d1c1f6f7a10",
                    "type": "scan",
                    "origin": "schedule",
                    "status": "completed",
                    "queued_at": "2026-01-31T08:15:30.123456Z",
                    "started_at": "2026-01-31T08:15:30.223456Z",
                    "completed_at": "2026-01-31T08:15:41.723456Z",
                    "duration_s": 11.5,
                    "items_found": 9122,
                    "items_added": 14,
                    "items_updated": 2,
                    "items_moved": 0,
                    "items_restored": 0,
                    "items_unchanged": 9106,
                    "items_removed": 1,
                    "items_failed": 0,
                    "items_skipped": 0,
                }
            ]
        }
    )

    id: JobId
    type: str
    origin: str
    status: Literal["completed", "failed", "cancelled"]
    queued_at: Time
    started_at: Time
    completed_at: Time
    duration_s: float | None = Field(description="From its start to its end; null when it never began.")
    items_found: int | None
    items_added: int | None
    items_updated: int | None
    items_moved: int | None
    items_restored: int | None
    items_unchanged: int | None
    items_removed: int | None
    items_failed: int | None
    items_skipped: int | None


class Siblings(BaseModel):
    """Ended jobs of the same library and sort, newest first."""

    items: list[EndedJob]


class ChangedFileShape(BaseModel):
    """A file that a scan changed, and what it is a file of."""

    file_id: int
    item_kind: Literal["track", "book", "movie", "episode", "video"] | None
    item_id: int | None
    title: str | None = Field(examples=["Jóga"])
    change: Literal["added", "updated", "missing", "moved", "restored", "failed"]
    path: str | None = Field(default=None, description="For administrators only.")
    path_b64: str | None = None


class ChangesPage(BaseModel):
    """Changed files. `next` is the cursor of the page behind this one, null on the last."""

    items: list[ChangedFileShape]
    next: str | None
    complete: bool | None = Field(
        description="false: the job changed more than the list has, for later jobs changed those files, or "
        "they were forgotten; null: it is no scan."
    )
