"""The one place that reads the environment. Every setting has a default that works.

Variables are `SHELFREAD_*`. An invalid value is an error that names its variable, before anything starts.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsProblem(Exception):
    """A setting has a value that cannot be used; the message names the variable."""


class Settings(BaseSettings):
    """What the person who runs Shelfread may choose."""

    model_config = SettingsConfigDict(env_prefix="SHELFREAD_", extra="ignore", env_ignore_empty=True)

    #: Where the catalogue is; unset, an SQLite file in the data folder.
    database_url: str | None = None
    #: The data folder.
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("shelfread", False)))
    #: Files younger than this many seconds are looked at again by the next scan.
    settle_seconds: float = Field(default=10.0, ge=0, le=86_400)
    #: Parser processes; 0 means one for each processor.
    parsers: int = Field(default=0, ge=0, le=64)
    #: Walker processes; 0 means one for each processor, at most four.
    walkers: int = Field(default=0, ge=0, le=64)
    #: Seconds that reading one file may take.
    parser_timeout_seconds: float = Field(default=30.0, gt=0, le=3600)
    #: Mebibytes that a parser may take above what it starts with.
    parser_memory_mb: int = Field(default=512, ge=64, le=65_536)
    #: Show where an error came from, not only what it is.
    debug: bool = False


def debugging() -> bool:
    """Whether `SHELFREAD_DEBUG` is on. Asked when something went wrong: perhaps the settings themselves."""
    return os.environ.get("SHELFREAD_DEBUG", "").strip().lower() in ("1", "true", "yes", "on", "t", "y")


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsProblem: a variable has an unusable value.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "SHELFREAD_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsProblem(f"{name}: {first['msg']} (it is {first['input']!r})") from None
