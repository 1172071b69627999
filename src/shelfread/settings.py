"""The one place that reads the environment. Every setting has a default that works.

Variables are `SHELFREAD_*`. They may also stand in a file `shelfread.env` in the data folder, so that a
running program can be told something new; the environment wins over the file, the file over the defaults.
An unusable value is an error that names its variable, before anything starts. Two sorts are more forgiving:
those of the analyzer (a warning, and the default) and those of the workers (a warning, and no worker). Knows
nothing of what is stored in the catalogue.
"""

from __future__ import annotations

import functools
import io
import ipaddress
import json
import logging
import os
import re
import stat
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Literal, NamedTuple

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from shelfread.model.job import DEFAULT_TIMEOUT_S

#: The file beside the catalogue that may hold variables too.
SETTINGS_FILE = "shelfread.env"
#: Seconds that a job may be given: the least and the most (PROMISES A8).
LEAST_TIMEOUT_S, MOST_TIMEOUT_S = 60, 31 * 86_400

_FILE_LIMIT = 1 << 20
#: Fields that may hold a password.
_SECRET = ("database_url",)
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[?[0-9a-f:.]*:[0-9a-f:.]+\]?")
_PREFIX, _WORKER_PREFIX, _ALIAS_PREFIX = "SHELFREAD_", "SHELFREAD_WORKER_", "SCROBBLER_"
_log = logging.getLogger(__name__)


class SettingsProblem(Exception):
    """A setting has a value that cannot be used; the message names the variable, or the file."""


def zone_of(name: str) -> tzinfo:
    """The time zone of an IANA name.

    Raises:
        ValueError: there is no such zone on this system; the text is for people.
    """
    if name == "UTC":
        return UTC  # also where the system has no list of zones
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; names look like Europe/Berlin, or UTC") from None


def _local_zone() -> str:
    import tzlocal

    try:
        name = tzlocal.get_localzone_name() or "UTC"
        zone_of(name)
    except (KeyError, ValueError, OSError, Warning):
        return "UTC"  # a system that does not say where it is, or says so in no name
    return str(name)


class Settings(BaseModel):
    """What the person who runs Shelfread may choose. Reads nothing by itself: `read_settings` does."""

    # Paths are bytes and may be no UTF-8.
    model_config = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    #: Where the catalogue is; unset, an SQLite file in the data folder.
    database_url: str | None = None
    #: The data folder.
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("shelfread", False)))
    #: Where `shelfread serve` listens.
    host: str = Field(default="127.0.0.1", pattern=r"^[A-Za-z0-9._:%-]+$")
    #: 0 lets the system choose.
    port: int = Field(default=4848, ge=0, le=65_535)
    #: The IANA name of the zone that schedules are meant in.
    timezone: str = Field(default_factory=_local_zone)
    #: Files younger than this many seconds are looked at again by the next scan.
    settle_seconds: float = Field(default=10.0, ge=0, le=86_400)
    #: Days that a file which is gone is looked for among those found before and after; 0 means one scan only.
    move_days: int = Field(default=30, ge=0, le=3650)
    #: What changes in a watched folder is scanned when nothing happened for so many seconds,
    watch_quiet_seconds: float = Field(default=2.0, ge=0.1, le=3600)
    #: but no more than so many after it began.
    watch_cap_seconds: float = Field(default=30.0, ge=0.1, le=86_400)
    #: Watched roots that do not tell of changes are scanned every so many seconds.
    watch_sweep_seconds: float = Field(default=3600.0, ge=10, le=31 * 86_400)
    #: Parser processes; 0 means one for each processor.
    parsers: int = Field(default=0, ge=0, le=64)
    #: Walker processes; 0 means one for each processor, at most four.
    walkers: int = Field(default=0, ge=0, le=64)
    #: Seconds that reading one file may take.
    parser_timeout_seconds: float = Field(default=30.0, gt=0, le=3600)
    #: Mebibytes that a parser may take above what it starts with.
    parser_memory_mb: int = Field(default=512, ge=64, le=65_536)
    #: Seconds that a job may run in all, unless the catalogue says otherwise (PROMISES A7-A11).
    analyzer_scan_job_timeout: int = Field(default=DEFAULT_TIMEOUT_S, ge=LEAST_TIMEOUT_S, le=MOST_TIMEOUT_S)
    #: What a request without paths scans (PROMISES A16): absolute paths.
    analyzer_paths: tuple[bytes, ...] = ()
    #: What may be scanned at the wish of others, over HTTP: these folders and all below; none means any.
    allowed_roots: tuple[bytes, ...] = ()
    #: Days that ended jobs are kept; 0 means for ever.
    job_retention_days: int = Field(default=90, ge=0, le=36_500)
    #: Days that the logs of ended jobs are kept; 0 means for ever.
    log_retention_days: int = Field(default=30, ge=0, le=36_500)
    #: Names that the server also goes by: `media.example.org`, `*.example.org` for all below it, `*` for any.
    allowed_hosts: tuple[str, ...] = ()
    #: Proxies whose word counts for where a request comes from: addresses, or networks like 10.0.0.0/8.
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    #: How a program that stays writes its log; auto is text on a terminal, JSON elsewhere.
    log_format: Literal["auto", "text", "json"] = "auto"
    #: Show where an error came from, not only what it is.
    debug: bool = False

    @field_validator("allowed_roots", mode="before")
    @classmethod
    def _roots_are_paths(cls, value: Any) -> Any:
        # Unlike the analyzer's: what is to confine must not be ignored for a slip of the pen.
        if not isinstance(value, str):
            return value
        if not (found := _paths(value)):
            raise ValueError("it names no folder; unset means anywhere")
        return found

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        zone_of(name)
        return name

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _proxies_are_networks(cls, value: Any) -> Any:
        # A name is none: it would have to be looked up, and what it leads to may change.
        return tuple(map(ipaddress.ip_network, _listed(value))) if isinstance(value, str) else value

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _hosts_are_names(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        tidy = tuple(name.lower().rstrip(".") for name in _listed(value))
        for name in tidy:
            if not _HOST.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a host; ports do not belong here")
        return tidy


class WorkerSettings(BaseModel):
    """How this machine works off the queue (PROMISES D25); the same for both ways to run workers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: Whether `shelfread serve` runs workers.
    enabled: bool = True
    #: How many jobs run side by side.
    count: int = Field(default=1, ge=1, le=64)
    #: Seconds between two looks at the queue when nobody rings.
    poll_seconds: float = Field(default=5.0, ge=0.1, le=3600, allow_inf_nan=False)
    #: Seconds of silence after which a worker counts as dead.
    lease_seconds: float = Field(default=30.0, ge=2, le=3600, allow_inf_nan=False)
    #: Seconds without any progress after which a job is taken from its worker.
    stall_seconds: float = Field(default=900.0, ge=10, le=86_400, allow_inf_nan=False)


class Said(NamedTuple):
    """A variable as it counts now."""

    name: str
    #: None where there is none, and of a secret.
    value: str | int | float | bool | list[str] | None
    #: environment, file or default.
    origin: str
    #: It may hold a password.
    secret: bool


def debugging() -> bool:
    """Whether `SHELFREAD_DEBUG` is on. Asked when something went wrong: perhaps the settings themselves."""
    try:
        text = (_from_file() | _said(os.environ)).get("SHELFREAD_DEBUG", "")
    except SettingsProblem:
        text = os.environ.get("SHELFREAD_DEBUG", "")
    return text.strip().lower() in ("1", "true", "yes", "on", "t", "y")


def read_settings() -> Settings:
    """The settings of this process, read again at every call.

    Raises:
        SettingsProblem: a variable has an unusable value, or the file cannot be read.
    """
    environment = _said(os.environ)
    try:
        return Settings(**(_values(_from_file()) | _values(environment)))
    except ValidationError as error:
        raise SettingsProblem(_first(error, _PREFIX, environment)) from None


def read_worker_settings() -> tuple[WorkerSettings | None, str | None]:
    """The settings of the workers; where one is unusable, None and a line that says which. Never raises."""
    environment = _said(os.environ)
    try:
        said = _from_file() | environment
        return WorkerSettings.model_validate(_of(WorkerSettings, _WORKER_PREFIX, said)), None
    except ValidationError as error:
        trouble = _first(error, _WORKER_PREFIX, environment)
    except SettingsProblem as problem:
        trouble = str(problem)
    return None, f"{trouble}; no worker starts with that"


def in_use(settings: Settings) -> list[Said]:
    """Every variable with the value that counts now, and where it is from."""
    environment = _said(os.environ)
    try:
        file = _from_file()
    except SettingsProblem:
        file = {}  # what was read of it before is in use, and looks like a default
    found: list[Said] = []
    of_workers = read_worker_settings()[0] or WorkerSettings()
    for model, prefix in ((settings, _PREFIX), (of_workers, _WORKER_PREFIX)):
        for field in type(model).model_fields:
            names = {prefix + field.upper()}
            if field in _FORGIVING:
                names.add(_ALIAS_PREFIX + field.upper())
            origin = "default"
            if names & environment.keys():
                origin = "environment"
            elif names & file.keys():
                origin = "file"
            secret = field in _SECRET
            value = None if secret else _plain(getattr(model, field))
            found.append(Said(prefix + field.upper(), value, origin, secret))
    return found


def _plain(value: Any) -> str | int | float | bool | list[str] | None:
    if isinstance(value, tuple):
        return [part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def settings_file() -> Path:
    """Where the file of variables is, or would be.

    Raises:
        SettingsProblem: the data folder is that of a person whom the system does not know.
    """
    text = _said(os.environ).get("SHELFREAD_DATA_DIR")
    folder = Path(text) if text else Path(platformdirs.user_data_dir("shelfread", False))
    try:
        return folder.expanduser().absolute() / SETTINGS_FILE
    except RuntimeError:
        raise SettingsProblem(f"SHELFREAD_DATA_DIR: there is nobody whose home {text!r} names") from None


def _said(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that say something, by their names in capitals."""
    return {name.upper(): text for name, text in variables.items() if text}


def _of(model: type[BaseModel], prefix: str, said: Mapping[str, str]) -> dict[str, str]:
    """The texts of a model's fields."""
    return {name: said[prefix + name.upper()] for name in model.model_fields if prefix + name.upper() in said}


def _values(said: Mapping[str, str]) -> dict[str, Any]:
    """Values for `Settings`; those of the analyzer are read already."""
    values: dict[str, Any] = dict(_of(Settings, _PREFIX, said))
    for name, (read, default, words) in _FORGIVING.items():
        variables = (_PREFIX + name.upper(), _ALIAS_PREFIX + name.upper())
        if variable := next((variable for variable in variables if variable in said), ""):
            try:
                values[name] = read(said[variable])
            except ValueError as error:
                _warn(f"{variable}: {error} (it is {said[variable][:200]!r}); {words}")
                values[name] = default
    return values


@functools.lru_cache(maxsize=256)
def _warn(line: str) -> None:
    _log.warning("%s", line)  # remembered, so each is said once (PROMISES A8)


def _timeout(text: str) -> int:
    # `int` would take digits of any script, and 1_000.
    digits = text.strip().lstrip("0") or "0"
    if not re.fullmatch("[0-9]{1,9}", digits) or not LEAST_TIMEOUT_S <= int(digits) <= MOST_TIMEOUT_S:
        raise ValueError(f"a whole number of seconds, {LEAST_TIMEOUT_S} to {MOST_TIMEOUT_S}, was expected")
    return int(digits)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _paths(text: str) -> tuple[bytes, ...]:
    """Absolute paths from a JSON array or a list with commas (PROMISES A16)."""
    text = text.strip()
    if text.startswith("["):
        try:
            parts = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("it begins like a JSON array and is none") from None
    else:
        parts = _listed(text)
    found: dict[bytes, None] = {}
    for part in parts:
        if not isinstance(part, str) or not part or "\0" in part:
            raise ValueError("every path must be a text")
        path = os.path.expanduser(part)
        if not os.path.isabs(path):
            raise ValueError(f"{part!r} is no absolute path")
        found[os.path.abspath(_encoded(path))] = None
    return tuple(found)


def _encoded(path: str) -> bytes:
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:
        raise ValueError(f"{path!r} cannot be the name of a file") from None


#: Settings whose unusable values are ignored with a warning: how to read them, and what counts instead.
_FORGIVING: dict[str, tuple[Callable[[str], Any], Any, str]] = {
    "analyzer_scan_job_timeout": (_timeout, DEFAULT_TIMEOUT_S, f"{DEFAULT_TIMEOUT_S} counts instead"),
    "analyzer_paths": (_paths, (), "it is ignored"),
}


def _first(error: ValidationError, prefix: str, environment: Mapping[str, str]) -> str:
    first = error.errors()[0]
    name = prefix + "_".join(str(part) for part in first["loc"]).upper()
    where = "" if name in environment else f", in {settings_file()}"
    return f"{name}: {first['msg'].removeprefix('Value error, ')} (it is {first['input']!r}{where})"


def _from_file() -> dict[str, str]:
    """The variables of the file in the data folder; none when there is no such file.

    Raises:
        SettingsProblem: it cannot be read or understood.
    """
    path = settings_file()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SettingsProblem(f"{path} is no file that settings can be read from")
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingsProblem(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > _FILE_LIMIT:
        raise SettingsProblem(f"{path} is too long for a file of settings")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsProblem(f"{path}, line {line}: this is no UTF-8") from None
    return _said(_parsed(path, text))


def _parsed(path: Path, text: str) -> dict[str, str]:
    from dotenv.parser import parse_stream

    found: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        source = binding.original.string
        if (name := source.strip().split("=")[0].strip().upper()).startswith(_WORKER_PREFIX) and (
            binding.error or binding.value is None
        ):
            # A broken setting of the workers stops the workers, and nothing else (PROMISES D27).
            found[name.split()[0]] = "(no value)"
            continue
        if binding.error or (binding.key is not None and binding.value is None) or "\0" in source:
            line = binding.original.line + source[: len(source) - len(source.lstrip())].count("\n")
            raise SettingsProblem(f"{path}, line {line}: a line says NAME=value, or is a # comment")
        if binding.key is not None and binding.value is not None:
            found[binding.key] = binding.value
    if "SHELFREAD_DATA_DIR" in _said(found):
        raise SettingsProblem(
            f"{path}: SHELFREAD_DATA_DIR cannot be set here, since this file is in that folder"
        )
    return found
