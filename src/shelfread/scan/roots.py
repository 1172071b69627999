"""Whether a root may be believed: the first question of every scan (DESIGN rule 1).

A disk that is away must look like trouble, never like an empty shelf. Looks at the root and a sample of
known files; decides, and leaves the writing to the scan.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import NamedTuple

from shelfread.model.library import Root
from shelfread.scan.mounts import filesystem_identity, filesystem_type, inodes_are_stable
from shelfread.store import files
from shelfread.store.database import Database

#: Known files looked for when a root's identity differs, and the share of them that must be there.
SAMPLE = 200
ENOUGH = 0.9


#: How the reasons of a root begin: it cannot even be listed, it has nothing in it, or it is another disk in
#: the place of the one that was there.
UNLISTED = "cannot be listed"
EMPTY = "is empty"
OTHER_DISK = "is another filesystem than before"


class RootCheck(NamedTuple):
    """What was found at a root. `reason` is None when it may be believed, else one line for people."""

    root: Root
    identity: str | None
    reason: str | None
    stable_inodes: bool
    #: It is empty, and may be: what was in it is gone, however much it was.
    emptied: bool = False
    #: It looks wrong, and is believed because a person said so.
    by_word: bool = False


class _Look(NamedTuple):
    identity: str
    fs_type: str
    empty: bool


async def check(database: Database, root: Root) -> RootCheck:
    """Look at a root.

    Available is one that can be listed, is not empty while present items are known in it, and is the
    filesystem it was, or holds at least nine tenths of a sample of what is known there, with name and
    size. One that may be empty is believed when it is, as long as it is the filesystem it was. A root that a
    person confirmed is believed as the filesystem that was there at that word, empty or not as it was then.
    """
    try:
        look = await asyncio.to_thread(_look_at, root.path)
    except OSError as error:
        return RootCheck(root, None, f"{UNLISTED}: {error.strerror or error}", stable_inodes=False)
    stable = inodes_are_stable(look.fs_type)
    if look.empty and root.empty_ok and root.identity == look.identity:
        # The same filesystem as ever: a disk that is away leaves another one at its mount point.
        return RootCheck(root, look.identity, None, stable, emptied=True)
    reason: str | None = None
    async with database.read() as connection:
        known = await files.sample(connection, root.id, SAMPLE) if _is_odd(root, look) else []
    if known and look.empty:
        reason = f"{EMPTY}, but the catalogue knows files in it"
    elif known:
        present = await asyncio.to_thread(count_present, root.path, known)
        if present < ENOUGH * len(known):
            reason = f"{OTHER_DISK}, and only {present} of {len(known)} known files looked for are there"
    if reason is not None and _is_meant(root, look):
        return RootCheck(root, look.identity, None, stable, by_word=True)
    return RootCheck(root, look.identity, reason, stable)


def _is_meant(root: Root, look: _Look) -> bool:
    """Whether somebody said of what is there that it is right: of this filesystem, and empty or not."""
    noted = EMPTY if look.empty else OTHER_DISK
    return root.confirmed and root.confirmed_as == look.identity and (root.reason or "").startswith(noted)


def is_same_trouble(noted: str | None, found: str | None) -> bool:
    """Whether a root that was noted as wrong is so still: empty, or another disk.

    What could not even be listed can turn out to be anything: nobody can say beforehand that it is right.
    """
    return any(str(noted).startswith(way) and str(found).startswith(way) for way in (EMPTY, OTHER_DISK))


def _is_odd(root: Root, look: _Look) -> bool:
    return look.empty or (root.identity is not None and root.identity != look.identity)


def _look_at(path: bytes) -> _Look:
    with os.scandir(path) as entries:
        empty = next(iter(entries), None) is None
    return _Look(filesystem_identity(path), filesystem_type(path), empty)


def count_present(root: bytes, known: Sequence[tuple[bytes, int]]) -> int:
    """How many of some known files (path below the root, size) are there with that size. Blocking."""
    present = 0
    for relative, size in known:
        try:
            present += os.stat(os.path.join(root, relative)).st_size == size
        except OSError:
            continue
    return present
