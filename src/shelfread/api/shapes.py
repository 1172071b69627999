"""What requests and answers about libraries, scans and jobs look like: for validation and /openapi.json.

Paths are only for those who may see them (PROMISES D12): for others they are null or absent. Knows no route.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from shelfread.model.library import BOUNDS

_TIME = "2026-01-31T08:15:30.123456Z"
_JOB_ID = "8b1f4c9e-2f5d-4a39-9d0f-0d1c1f6f7a10"
#: What a path may be long, in characters.
PATH_LENGTH = 4096
#: How many paths a request may name.
MOST_PATHS = 1000

Time = Annotated[str | None, Field(examples=[_TIME])]
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


PatternWord = Literal["series", "collection"]
FormatWord = Literal["webp", "jpeg", "png", "avif"]


def _within(name: str) -> Any:
    least, most = BOUNDS[name]
    return Field(ge=least, le=most)


Quality = Annotated[StrictInt, _within("thumbnail_quality")]
Edge = Annotated[StrictInt, _within("thumbnail_width")]
Scale = Annotated[float, Field(strict=True), _within("thumbnail_scale")]
Days = Annotated[StrictInt, _within("trash_days")]


class Options(BaseModel):
    """What belongs to a library and holds for everything in it."""

    model_config = ConfigDict(extra="forbid")

    follow_symlinks: StrictBool = False
    ignore_ctime: StrictBool = False
    ignore_inode: StrictBool = False
    ignore: list[str] = Field(default_factory=list, max_length=1000, examples=[["extras/"]])
    pattern: PatternWord = Field(default="series", description="What makes a series of books.")
    thumbnails: StrictBool = True
    thumbnail_format: FormatWord = "webp"
    thumbnail_quality: Quality = 80
    thumbnail_width: Edge = 400
    thumbnail_height: Edge = 600
    thumbnail_scale: Scale | None = Field(default=None, description="Instead of width and height.")
    convert: StrictBool = Field(default=False, description="Have books in other archives become cbz.")
    remove_originals: StrictBool = Field(default=False, description="What was converted goes to the trash.")
    trash_days: Days = 30


class OptionsChange(BaseModel):
    """Options to change; what is absent stays."""

    model_config = ConfigDict(extra="forbid")

    follow_symlinks: StrictBool | None = None
    ignore_ctime: StrictBool | None = None
    ignore_inode: StrictBool | None = None
    ignore: list[str] | None = Field(default=None, max_length=1000)
    pattern: PatternWord | None = None
    thumbnails: StrictBool | None = None
    thumbnail_format: FormatWord | None = None
    thumbnail_quality: Quality | None = None
    thumbnail_width: Edge | None = None
    thumbnail_height: Edge | None = None
    thumbnail_scale: Scale | None = Field(default=None, description="null: by width and height again.")
    convert: StrictBool | None = None
    remove_originals: StrictBool | None = None
    trash_days: Days | None = None


Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Music"])]
Cron = Annotated[str, Field(max_length=200, examples=["0 3 * * *"])]


class LibraryNew(BaseModel):
    """A library to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    kind: str = Field(max_length=16, examples=["music"])
    paths: list[PathIn] = Field(min_length=1, max_length=MOST_PATHS)
    options: Options = Field(default_factory=Options)
    schedule: Cron | None = Field(default=None, description="Five fields, as cron has them.")


class LibraryChange(BaseModel):
    """What is to change; what is absent stays. The kind stays in any case."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    options: OptionsChange | None = None
    add_paths: list[PathIn] = Field(default_factory=list, max_length=MOST_PATHS)
    remove_root_ids: list[StrictInt] = Field(default_factory=list, max_length=MOST_PATHS)
    schedule: Cron | None = Field(default=None, description="null takes it away.")


class RootShape(BaseModel):
    """A folder that a library covers."""

    id: int
    state: Literal["new", "available", "unavailable"]
    reason: str | None
    confirmed: bool
    path: str | None = Field(default=None, description="For administrators only.")
    path_b64: str | None = None


class ScheduleShape(BaseModel):
    """When a library is scanned by itself."""

    cron: str
    zone: str = Field(examples=["Europe/Berlin"])
    next_run: Time
    last_run: Time
    problem: str | None


class Counts(BaseModel):
    """How many items a library holds: `ready`, `missing` and `error` count its tracks, or its books."""

    ready: int
    missing: int
    error: int
    artists: int
    releases: int
    genres: int
    series: int
    held: int


class LibraryShape(BaseModel):
    """A library."""

    id: int
    name: str
    kind: str = Field(examples=["music"])
    options: Options
    roots: list[RootShape]
    schedule: ScheduleShape | None
    items: Counts


class LibraryList(BaseModel):
    """Every library, by name."""

    items: list[LibraryShape]
    next: None = None


class StoredSettings(BaseModel):
    """Settings kept in the catalogue; null: none is stored (PROMISES A9)."""

    analyzer_scan_job_timeout: int | None = Field(examples=[7200])
