"""What each setting is about, in a line for people, and how its value is said. Knows no page."""

from __future__ import annotations

from typing import Any

from shelfread.web.words import counted

#: By name without SHELFREAD_; docs/settings.md says more.
MEANINGS: dict[str, str] = {
    "DATABASE_URL": "where the catalogue is",
    "DATA_DIR": "the data folder",
    "HOST": "the address that the server listens on",
    "PORT": "its port",
    "ALLOWED_HOSTS": "more names that the server goes by",
    "TRUSTED_PROXIES": "proxies whose word counts for where somebody comes from",
    "ALLOWED_ROOTS": "the only folders that may be scanned from here",
    "TIMEZONE": "the time zone of schedules",
    "SETTLE_SECONDS": "files younger than this are looked at again by the next scan",
    "MOVE_DAYS": "for so long a file that went is found again elsewhere",
    "WATCH_QUIET_SECONDS": "watched folders are scanned after so much quiet",
    "WATCH_CAP_SECONDS": "and at the latest after this",
    "WATCH_SWEEP_SECONDS": "folders that cannot be watched are scanned this often",
    "PARSERS": "processes that read files",
    "WALKERS": "processes that list folders",
    "PARSER_TIMEOUT_SECONDS": "how long reading one file may take",
    "PARSER_MEMORY_MB": "memory that a process which reads files may take, in MiB",
    "ANALYZER_SCAN_JOB_TIMEOUT": "how long a job may run in all",
    "ANALYZER_PATHS": "what a request without paths scans",
    "JOB_RETENTION_DAYS": "how long jobs that ended are kept",
    "LOG_RETENTION_DAYS": "how long their logs are kept",
    "LOG_FORMAT": "how the log is written",
    "DEBUG": "errors say where they came from",
    "WORKER_ENABLED": "this server works off the queue itself",
    "WORKER_COUNT": "jobs side by side",
    "WORKER_POLL_SECONDS": "how often workers look for new jobs by themselves",
    "WORKER_LEASE_SECONDS": "a worker that is silent for so long counts as lost",
    "WORKER_STALL_SECONDS": "a job without progress for so long is started again",
}
#: Where a value is from.
ORIGINS = {
    "default": "default",
    "environment": "environment",
    "command": "command line",
    "file": "shelfread.env",
    "database": "set here",
}
#: What 0 means, where it is no number.
_ZERO = {
    "PARSERS": "one for each processor",
    "WALKERS": "one for each processor, at most four",
    "PORT": "any that is free",
    "MOVE_DAYS": "from one scan to the next",
    "JOB_RETENTION_DAYS": "for ever",
    "LOG_RETENTION_DAYS": "for ever",
}


def setting_told(setting: dict[str, Any]) -> dict[str, Any]:
    """A setting of the API with words for its value, its meaning and where it is from."""
    short = setting["name"].removeprefix("SHELFREAD_")
    return setting | {
        "meaning": MEANINGS.get(short, ""),
        "from": ORIGINS.get(setting["origin"], setting["origin"]),
        "told": _told(short, setting),
    }


def _told(short: str, setting: dict[str, Any]) -> list[str]:
    """A value in lines."""
    value = setting["value"]
    if setting["secret"]:
        return ["not set" if setting["origin"] == "default" else "set, and not shown"]
    if value is None or value == []:
        return ["not set"]
    if isinstance(value, list):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return ["on" if value else "off"]
    if value == 0 and short in _ZERO:
        return [_ZERO[short]]
    if isinstance(value, int | float) and short.endswith(("_SECONDS", "_TIMEOUT")):
        return [f"{value:g} s" if value < 120 or value % 60 else _span(int(value))]
    if isinstance(value, int) and short.endswith("_DAYS"):
        return [counted(value, "day", "days")]
    return [str(value)]


def _span(seconds: int) -> str:
    """Whole minutes as people say them."""
    hours, minutes = divmod(seconds // 60, 60)
    parts = [counted(hours, "hour", "hours")] if hours else []
    return " ".join(parts + ([f"{minutes} min"] if minutes else []))
