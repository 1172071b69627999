"""The role of a walker: a group of folders comes in, their listings go out, in one frame.

Runs in a child process (`child`), on behalf of `walk`. Imports no event loop: a walker only looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from shelfread.scan.child import Answer
from shelfread.scan.folder import FolderListing, FolderTask, WalkRules
from shelfread.scan.ignore import RuleBook
from shelfread.scan.listing import list_folder


def walker(_init: Any) -> Answer:
    """The role of a walker: a group of folders in, their listings out, in one frame."""
    book = RuleBook()

    def answer(request: Any) -> Iterator[list[FolderListing]]:
        rules, tasks = msgspec.convert(
            request, tuple[WalkRules, list[FolderTask]], builtin_types=(bytes,), strict=False
        )
        yield [list_folder(task, rules, book=book) for task in tasks]

    return answer
