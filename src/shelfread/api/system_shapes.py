"""What the answer about a server looks like: for /openapi.json. Knows no route."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from shelfread.api.shapes import Time


class DatabaseShape(BaseModel):
    """The database of the catalogue."""

    kind: Literal["sqlite", "postgresql"]
    version: str = Field(examples=["3.51.3"])
    size_bytes: int
    schema_: str | None = Field(alias="schema", examples=["0012"], description="The revision of its tables.")


class OwnFolder(BaseModel):
    """The data folder, and its disk."""

    path: str = Field(examples=["/var/lib/shelfread"])
    free_bytes: int | None
    total_bytes: int | None


class Queue(BaseModel):
    """The jobs that wait and run now."""

    queued: int
    running: int
    oldest_queued_at: Time = Field(description="Since when the job waits that waits longest.")


class Version(BaseModel):
    """A program of others that this one is built on."""

    name: str = Field(examples=["mutagen"])
    version: str = Field(examples=["1.48.0"])


class SettingShape(BaseModel):
    """A setting as it counts now."""

    name: str = Field(examples=["SHELFREAD_SETTLE_SECONDS"])
    value: bool | int | float | str | list[str] | None = Field(
        examples=[10.0], description="Null where there is none, and of a secret."
    )
    origin: Literal["default", "environment", "file", "database", "command"]
    secret: bool


class System(BaseModel):
    """What a server is and stands on."""

    version: str
    python: str = Field(examples=["3.11.9"])
    started_at: Time
    uptime_s: float
    database: DatabaseShape
    data: OwnFolder
    libraries: int
    queue: Queue
    libraries_of_others: list[Version]
    ffprobe: str | None = Field(description="Where FFmpeg's program is; null where it is not.")
    settings: list[SettingShape]
