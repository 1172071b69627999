"""What `serve` and `worker` both say of their settings, and how they take them again while they run."""

from __future__ import annotations

import logging

from shelfread.cli.logs import log_to_stderr
from shelfread.settings import Settings, SettingsProblem, read_settings
from shelfread.store.database import Database

#: What a running program cannot change any more.
_FIXED = ("database_url", "data_dir", "host", "port")

_log = logging.getLogger(__name__)


def database_words(database: Database) -> str:
    """Which database it is, for people; without its password."""
    if database.path is not None:
        return f"SQLite, {database.path}"
    url = database.url
    where = url.host or url.query.get("host") or "this machine"
    return f"PostgreSQL, {url.database} on {where}"


def taken_again(settings: Settings) -> Settings:
    """The settings as they are now; those given when they cannot be used.

    Where the catalogue is and where HTTP listens stays as it was until the next start.
    """
    try:
        found = read_settings()
    except SettingsProblem as problem:
        _log.warning("%s; the settings stay as they are", problem)
        return settings
    fixed = {name: getattr(settings, name) for name in _FIXED}
    if changed := [name for name in _FIXED if getattr(found, name) != fixed[name]]:
        names = ", ".join(f"SHELFREAD_{name.upper()}" for name in changed)
        _log.warning("%s: changed, and counts from the next start", names)
    log_to_stderr(found.debug, found.log_format)
    return found.model_copy(update=fixed)
