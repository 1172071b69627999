"""The watch of a catalogue, put together: `serve` runs it, the API and the command show what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shelfread.kinds import KINDS
from shelfread.model.job_json import iso_us
from shelfread.model.watching import RootWatch
from shelfread.watch.watcher import Watcher, watched

if TYPE_CHECKING:
    from shelfread.app import App


def watcher_of(app: App) -> Watcher:
    """The watch of this catalogue; nothing is watched before it runs."""
    kinds = {name: parts.kind for name, parts in KINDS.items()}
    return Watcher(app.jobs, kinds, app.settings)


async def watches_of(app: App) -> dict[int, RootWatch]:
    """How roots are watched now, by their ids: those that no server watches are not in it."""
    return await watched(app.database)


def watch_json(watch: RootWatch | None) -> dict[str, Any] | None:
    """How a root is watched as JSON has it; null while no server watches it."""
    if watch is None:
        return None
    return {
        "state": watch.state.value,
        "reason": watch.reason,
        "since": iso_us(watch.since),
        "swept": iso_us(watch.swept_at),
    }
