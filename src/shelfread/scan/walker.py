"""The role of a walker: a group of folders comes in, their listings go out, a few in each frame.

Runs in a child process (`child`), on behalf of `walk`. Imports no event loop: a walker only looks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec

from shelfread.model.problem import ProblemCode
from shelfread.scan.child import Answer
from shelfread.scan.folder import FolderListing, FolderTask, WalkRules
from shelfread.scan.ignore import RuleBook
from shelfread.scan.listing import list_folder

#: A frame goes out when it has so many folders, or names in them, or so many seconds have passed: whoever
#: waits for it must be able to tell a walker that is slow from one that hangs.
FRAME_FOLDERS = 16
FRAME_NAMES = 1000
FRAME_S = 0.5

#: What a name costs in a frame besides its own bytes, at most; a problem has a text of its own.
_NAME_BYTES = 64
_PROBLEM_BYTES = 300
#: A listing with fewer names is not measured: it fits whatever they are.
_SURELY_FITS = 10_000


def walker(limit: int) -> Answer:
    """The role of a walker: a group of folders in, their listings out in order, in frames of some.

    Args:
        limit: No frame is longer. A folder that would be is one that cannot be listed.
    """
    book = RuleBook()

    def answer(request: Any) -> Iterator[list[FolderListing]]:
        rules, tasks, singly = msgspec.convert(
            request, tuple[WalkRules, list[FolderTask], bool], builtin_types=(bytes,), strict=False
        )
        frame: list[FolderListing] = []
        names, since = 0, time.monotonic()
        for task in tasks:
            listing = list_folder(task, rules, book=book)
            count = _names(listing)
            if count > _SURELY_FITS and _size(listing) > limit // 2:
                listing = FolderListing(
                    listing.relative,
                    problem=(ProblemCode.FOLDER_UNREADABLE.value, f"there are {count} names in it"),
                )
                count = 0
            frame.append(listing)
            names += count
            if (
                singly
                or len(frame) >= FRAME_FOLDERS
                or names >= FRAME_NAMES
                or time.monotonic() - since >= FRAME_S
            ):
                yield frame
                frame, names, since = [], 0, time.monotonic()
        if frame:
            yield frame

    return answer


def _names(listing: FolderListing) -> int:
    return (
        len(listing.entries)
        + len(listing.sidecars)
        + len(listing.subfolders)
        + len(listing.problems)
        + len(listing.dangling)
    )


def _size(listing: FolderListing) -> int:
    """How long a listing is in a frame, at most."""
    size = sum(len(entry.name) + _NAME_BYTES for entry in (*listing.entries, *listing.sidecars))
    size += sum(len(sub.name) + _NAME_BYTES for sub in listing.subfolders)
    size += sum(len(name) + _PROBLEM_BYTES for name, _, _ in listing.problems)
    return size + sum(len(name) + _NAME_BYTES for name in listing.dangling)
