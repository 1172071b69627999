"""What a server is and stands on: versions, database, data folder, queue, settings. Never a secret.

For those who look after it. Knows no HTTP, and nothing of how the server is run.
"""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

from shelfread import __version__
from shelfread.app import stored_settings
from shelfread.media.video.probing import program
from shelfread.model.job_json import iso_us
from shelfread.settings import in_use
from shelfread.store import job_news, measuring, metering
from shelfread.store.clock import now_us

if TYPE_CHECKING:
    from shelfread.app import App

_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Room(NamedTuple):
    """A disk; None where it does not say."""

    free_bytes: int | None
    total_bytes: int | None


async def look(app: App, room: Room) -> dict[str, Any]:
    """Everything but how long the server runs, as JSON has it.

    Args:
        app: the open catalogue.
        room: of the data folder, which may lie on a disk that does not answer.
    """
    async with app.database.read() as connection:
        found = await measuring.measure(connection)
        standing, _, _ = await job_news.look(connection)
        since = await metering.waiting_since(connection, now_us())
    running = sum(one.running for one in standing)
    return {
        "version": __version__,
        "python": platform.python_version(),
        "database": {
            "kind": found.kind,
            "version": found.version,
            "size_bytes": found.size_bytes,
            "schema": found.schema,
        },
        "data": {"path": str(app.settings.data_dir.expanduser().absolute()), **room._asdict()},
        "libraries": found.libraries,
        "queue": {"queued": len(standing) - running, "running": running, "oldest_queued_at": iso_us(since)},
        "libraries_of_others": _versions(),
        "ffprobe": program(),
        "settings": await _settings(app),
    }


def room_of(app: App) -> Room:
    """How much room the disk of the data folder has. Blocking."""
    folder = app.settings.data_dir.expanduser().absolute()
    try:
        # One that is not made yet will be on the disk of the folder above.
        found = shutil.disk_usage(next(one for one in (folder, *folder.parents) if one.is_dir()))
    except OSError:
        return Room(None, None)
    return Room(found.free, found.total)


async def _settings(app: App) -> list[dict[str, Any]]:
    stored = await stored_settings.read(app.database)
    told = []
    for one in in_use(app.settings):
        kept = stored.get(one.name.removeprefix("SHELFREAD_").lower())
        # What the catalogue keeps goes before the environment.
        said = one if kept is None else one._replace(value=kept, origin="database")
        if one.name in app.typed:
            said = one._replace(value=app.typed[one.name], origin="command")
        told.append(said._asdict())
    return told


def _versions() -> list[dict[str, Any]]:
    """The packages that this one asks for by name, as they are installed."""
    found = []
    for line in importlib.metadata.requires("shelfread") or ():
        name = _NAME.match(line)
        if name is not None and "extra ==" not in line:
            try:
                found.append({"name": name[0], "version": importlib.metadata.version(name[0])})
            except importlib.metadata.PackageNotFoundError:
                continue
    return sorted(found, key=lambda one: one["name"])
