"""What requests and answers about scans and jobs look like: for validation and /openapi.json.

Paths are only for those who may see them (PROMISES D12): for others they are null or absent. Knows no route.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

_TIME = "2026-01-31T08:15:30.123456Z"
_JOB_ID = "8b1f4c9e-2f5d-4a39-9d0f-0d1c1f6f7a10"
#: What a path may be long, in characters.
PATH_LENGTH = 4096
#: How many paths a request may name.
MOST_PATHS = 1000

Time = Annotated[str | None, Field(examples=[_TIME])]
#: Why something is missing; of what is made of files, the reason that all of them have.
WhyMissing = Annotated[
    Literal["gone", "folder_gone", "left_out"] | None, Field(description="Null: not missing, or not known.")
]
JobId = Annotated[str, Field(examples=[_JOB_ID])]


class PathBytes(BaseModel):
    """A path whose name is no UTF-8."""

    model_config = ConfigDict(extra="forbid")

    path_b64: str = Field(max_length=2 * PATH_LENGTH, examples=["L211c2ljL/8="])


PathIn = Annotated[str, Field(min_length=1, max_length=PATH_LENGTH, examples=["/srv/music"])] | PathBytes


class WorkerShape(BaseModel):
    """The process that runs or ran a job."""

    id: str
    host: str | None
    pid: int | None


class JobShape(BaseModel):
    """A job: one row of the queue and the history. Counters that are not known are null (PROMISES D13)."""

    id: JobId
    seq: int
    library_id: int | None
    type: str = Field(examples=["scan"])
    status: Literal["queued", "running", "completed", "failed", "cancelled"]
    origin: str = Field(examples=["request"])
    request_id: str | None
    items_found: int | None
    items_added: int | None
    items_updated: int | None
    items_moved: int | None
    items_restored: int | None
    items_unchanged: int | None
    items_removed: int | None
    items_failed: int | None
    items_skipped: int | None
    items_total: int | None
    phase: str | None
    current_path: str | None = Field(description="For administrators only; null for others.")
    error: str | None
    reason: str | None
    attempt: int
    losses: int
    queued_at: Time
    started_at: Time
    completed_at: Time
    heartbeat_at: Time
    run_at: Time
    cancel_requested_at: Time
    timeout_s: int
    worker: WorkerShape | None
    report: dict[str, Any] | None


class JobPage(BaseModel):
    """Jobs, newest first. `next` is the cursor of the page behind this one, null on the last."""

    items: list[JobShape]
    next: str | None


class LineShape(BaseModel):
    """A line of a job's log. Paths are for administrators only, and where there are any."""

    seq: int
    at: Time
    level: str = Field(examples=["info"])
    message: str
    path: str | None = None
    path_b64: str | None = None


class LinePage(BaseModel):
    """Lines of a log in order. `next` is the `after` of the page behind this one, null on the last."""

    items: list[LineShape]
    next: int | None


class JobProblem(BaseModel):
    """Trouble with a file or a folder that is still there."""

    id: int
    library_id: int
    code: str = Field(examples=["truncated"])
    detail: str
    found_at: Time
    ignored_at: Time = Field(description="Since when a person does not want to see it; null: nobody said so.")
    path: str | None = None
    path_b64: str | None = None


class JobProblemPage(BaseModel):
    """Open problems. `next` is the cursor of the page behind this one, null on the last."""

    items: list[JobProblem]
    next: str | None


class Accepted(BaseModel):
    """A job will do it (PROMISES D1)."""

    job_id: JobId
    status: Literal["queued"]
    message: str = Field(examples=["a scan of 'Music' is queued"])
    coalesced: bool = Field(description="The job was queued already, and does this as well.")


class Cancelling(BaseModel):
    """What became of the wish to cancel a job."""

    job_id: JobId
    status: Literal["running", "completed", "failed", "cancelled"]
    message: str


class ScanStatus(BaseModel):
    """The newest job of a library (PROMISES D2)."""

    scan_status: JobShape | None


class ScanHistory(BaseModel):
    """The jobs of a library, newest first (PROMISES D2)."""

    history: list[JobShape]


class ScanRequest(BaseModel):
    """Which part of a library is to be scanned."""

    model_config = ConfigDict(extra="forbid")

    paths: list[PathIn] = Field(
        min_length=1, max_length=MOST_PATHS, description="Folders inside the library, with all below them."
    )


class AnalyzerRequest(BaseModel):
    """What the analyzer is to scan (PROMISES A13)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"paths": ["/srv/music/A-M"], "split_paths": False, "force": False}]},
    )

    paths: list[PathIn] | None = Field(
        default=None, max_length=MOST_PATHS, description="None, or an empty list: the default list."
    )
    split_paths: StrictBool = Field(default=False, description="One job for each path.")
    force: StrictBool = Field(default=False, description="Read every file again.")


class AnalyzerAccepted(BaseModel):
    """The jobs of a request to the analyzer (PROMISES decision 10)."""

    job_ids: list[JobId]
    job_id: JobId | None = Field(default=None, description="Where it is one job.")
    queued: Literal[True]
    coalesced: bool


class StoredSettings(BaseModel):
    """Settings kept in the catalogue; null: none is stored (PROMISES A9)."""

    analyzer_scan_job_timeout: int | None = Field(examples=[7200])
