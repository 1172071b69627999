"""How a root is watched: its state in words that the store, the API and the command share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WatchState(StrEnum):
    """What comes of a change under a root."""

    #: Watches are being set; a change is found by the scan that follows.
    STARTING = "starting"
    #: It is scanned within seconds.
    WATCHING = "watching"
    #: So it is in most folders; of some nothing is heard, and the root is also scanned now and then.
    PARTIAL = "partial"
    #: Nothing is heard: the root is scanned now and then. The reason says why.
    SWEEPING = "sweeping"


@dataclass(frozen=True, slots=True)
class RootWatch:
    """How one root is watched. Times are microseconds since the epoch, UTC."""

    root_id: int
    state: WatchState
    #: Why not everything is heard, for people; None while it is.
    reason: str | None
    #: Since when state and reason are these.
    since: int
    #: When the root was last scanned because nothing is heard of it; None for never.
    swept_at: int | None = None
