"""A walker that hangs at every folder named "hang", as one does on a network drive whose server is gone."""

from __future__ import annotations

import signal
from typing import Any

from shelfread.scan import listing
from shelfread.scan import walker as real
from shelfread.scan.child import Answer
from shelfread.scan.folder import FolderListing, FolderTask, WalkRules


def walker(limit: int) -> Answer:
    def list_folder(task: FolderTask, rules: WalkRules, **more: Any) -> FolderListing:
        while task.path.endswith(b"/hang"):
            signal.pause()
        return listing.list_folder(task, rules, **more)

    vars(real)["list_folder"] = list_folder
    return real.walker(limit)
