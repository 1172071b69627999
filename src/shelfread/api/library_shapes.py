"""What requests and answers about libraries look like: for validation and /openapi.json.

Paths are only for those who may see them (PROMISES D12): for others they are null or absent. Knows no route.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from shelfread.api.shapes import MOST_PATHS, PathIn, Time
from shelfread.model.library import BOUNDS

PatternWord = Literal["series", "collection"]
FormatWord = Literal["webp", "jpeg", "png", "avif"]


def _within(name: str) -> Any:
    least, most = BOUNDS[name]
    return Field(ge=least, le=most)


Quality = Annotated[StrictInt, _within("thumbnail_quality")]
Edge = Annotated[StrictInt, _within("thumbnail_width")]
Scale = Annotated[float, Field(strict=True), _within("thumbnail_scale")]
Days = Annotated[StrictInt, _within("trash_days")]
PruneDays = Annotated[StrictInt, _within("prune_days")]


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
    prune_days: PruneDays | None = Field(
        default=None, description="Forget files that are missing for so many days; null: never."
    )
    ffprobe: StrictBool = Field(default=False, description="Ask ffprobe what a video leaves open.")
    watch: StrictBool = Field(default=False, description="Scan at once what changes in its folders.")


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
    prune_days: PruneDays | None = Field(default=None, description="null: never.")
    ffprobe: StrictBool | None = None
    watch: StrictBool | None = None


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


class RootChange(BaseModel):
    """What is to change of a root."""

    model_config = ConfigDict(extra="forbid")

    id: StrictInt
    empty_ok: StrictBool = Field(description="It may be empty though files are known in it.")


class LibraryChange(BaseModel):
    """What is to change; what is absent stays. The kind stays in any case."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    options: OptionsChange | None = None
    add_paths: list[PathIn] = Field(default_factory=list, max_length=MOST_PATHS)
    remove_root_ids: list[StrictInt] = Field(default_factory=list, max_length=MOST_PATHS)
    roots: list[RootChange] = Field(default_factory=list, max_length=MOST_PATHS)
    schedule: Cron | None = Field(default=None, description="null takes it away.")


class WatchShape(BaseModel):
    """How the root of a watched library is watched."""

    state: Literal["starting", "watching", "partial", "sweeping"] = Field(
        description="partial: some folders tell of no changes, and sweeping: none does; the root is scanned "
        "now and then."
    )
    reason: str | None = Field(description="Why not everything is heard.")
    since: Time
    swept: Time = Field(description="When it was last scanned because it does not tell of changes.")


class RootShape(BaseModel):
    """A folder that a library covers."""

    id: int
    state: Literal["new", "available", "unavailable"]
    reason: str | None
    confirmed: bool
    empty_ok: bool
    watch: WatchShape | None = Field(description="null while no server watches it.")
    path: str | None = Field(default=None, description="For administrators only.")
    path_b64: str | None = None


class ScheduleShape(BaseModel):
    """When a library is scanned by itself."""

    cron: str
    words: str = Field(examples=["every day at 03:00"], description="The same for people, without the zone.")
    zone: str = Field(examples=["Europe/Berlin"])
    next_run: Time
    last_run: Time
    last_job_id: str | None
    last_status: str | None = Field(description="Of that job; null when it is forgotten.")
    paused_since: Time
    problem: str | None


class ScheduleGiven(BaseModel):
    """A schedule to be set."""

    model_config = ConfigDict(extra="forbid")

    cron: Cron
    zone: Annotated[str, Field(max_length=100, examples=["Europe/Berlin"])] | None = Field(
        default=None, description="An IANA name; without it the time zone of the server's settings."
    )


class ScheduleAnswer(BaseModel):
    """The schedule of a library; null when it has none."""

    schedule: ScheduleShape | None


class Counts(BaseModel):
    """How many items a library holds: `ready`, `missing` and `error` count its files."""

    ready: int
    missing: int
    error: int
    artists: int
    releases: int
    genres: int
    series: int
    movies: int
    shows: int
    episodes: int
    held: int


class LibraryShape(BaseModel):
    """A library."""

    id: int
    name: str
    kind: str = Field(examples=["music"])
    options: Options
    roots: list[RootShape]
    schedule: ScheduleShape | None
    items: Counts | None = Field(description="Null where the list was asked for without counts.")


class LibraryList(BaseModel):
    """Every library, by name."""

    items: list[LibraryShape]
    next: None = None
