"""Imported by a warm child only: its pools are idle after a moment there."""

from __future__ import annotations

from shelfread.tasks import child
from tests.tasks.slow_music import KINDS

child.IDLE_S = 0.3

__all__ = ["KINDS"]
