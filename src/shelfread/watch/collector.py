"""Hints become scopes: many events in, few folders out, once it is quiet or has been loud for long.

Pure: knows no clock (the caller says what time it is, in seconds of any monotonic clock), no disk, no queue.
"""

from __future__ import annotations

from shelfread.model.job import Scope, united

#: With more folders than this in one root, all of it is scanned: an unchanged folder costs next to nothing.
MOST_FOLDERS = 64


class Collector:
    """The hints of one library that led to no scan yet.

    Both sides of a move are in one answer, also between two roots: only then does one scan see both.

    Args:
        quiet_s: nothing must happen for so long.
        cap_s: what happened first waits no longer than this.
    """

    def __init__(self, quiet_s: float, cap_s: float) -> None:
        self._quiet_s = quiet_s
        self._cap_s = max(cap_s, quiet_s)
        self._folders: dict[int, set[bytes]] = {}
        self._first: float | None = None
        self._last = 0.0

    def note(self, scope: Scope, now: float) -> None:
        """Something changed in a folder, or below it."""
        self._first = now if self._first is None else self._first
        self._last = now
        folders = self._folders.setdefault(scope.root_id, set())
        if b"" in folders or scope.relative in folders:
            return
        folders.add(scope.relative)
        if len(folders) > MOST_FOLDERS:
            kept = {one.relative for one in united(tuple(Scope(scope.root_id, each) for each in folders))}
            self._folders[scope.root_id] = kept if len(kept) <= MOST_FOLDERS else {b""}

    @property
    def due_at(self) -> float | None:
        """When to take; None when there is nothing."""
        if self._first is None:
            return None
        return min(self._last + self._quiet_s, self._first + self._cap_s)

    def take(self, now: float) -> tuple[Scope, ...]:
        """What is to be scanned now, no folder inside another; empty when it is not time yet."""
        if self.due_at is None or now < self.due_at:
            return ()
        taken = united(
            tuple(Scope(root, folder) for root, folders in self._folders.items() for folder in folders)
        )
        self._folders.clear()
        self._first = None
        return taken
