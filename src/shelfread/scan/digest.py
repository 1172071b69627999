"""The digest of a folder: sixteen bytes that differ when anything in it does.

Part of the walk: `listing` computes it from what it has just seen and compares it with the one the
catalogue remembers. It covers names and stamps, salted with everything else that decides what a listing
holds: the walker's version, the options and the ignore rules in force. It knows no database and no disk.

`marshal` in version 2 writes plain values without references: the same values give the same bytes, each
value with its length, and integers have no limit. xxh3 is not a cryptographic hash: whoever can forge a
collision can already write into the folder.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from xxhash import xxh3_128_digest

from shelfread.model.library import Pattern

#: To be raised whenever the same disk should give another listing than before.
WALKER_VERSION = 1

_MARSHAL = 2

#: What stands for one name in the digest: numbers of its stamp, or the code and text of its trouble.
Facts = tuple[int, ...] | tuple[bytes, bytes]


def options_salt(
    media_suffixes: Iterable[bytes],
    sidecar_suffixes: Iterable[bytes],
    *,
    follow_symlinks: bool,
    ignore_ctime: bool,
    ignore_inode: bool,
    patterns: tuple[str, ...],
    pattern: str = Pattern.SERIES,
) -> bytes:
    """What all digests of one root share: the walker's version and the options of the library."""
    facts: tuple[Any, ...] = (
        WALKER_VERSION,
        sorted(media_suffixes),
        sorted(sidecar_suffixes),
        (int(follow_symlinks), int(ignore_ctime), int(ignore_inode)),
        [pattern.encode("utf-8", "surrogatepass") for pattern in patterns],
    )
    if pattern != Pattern.SERIES:
        facts = (*facts, str(pattern))
    return xxh3_128_digest(marshal.dumps(facts, _MARSHAL))


def rules_salt(salt: bytes, context: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The salt of a folder with ignore files in force: `context` holds their paths and text digests."""
    return xxh3_128_digest(marshal.dumps((salt, [tuple(source) for source in context]), _MARSHAL))


def text_digest(text: bytes) -> bytes:
    """Sixteen bytes that stand for the text of an ignore file."""
    return xxh3_128_digest(text)


def folder_digest(salt: bytes, files: dict[bytes, Facts], folders: list[bytes]) -> bytes:
    """The digest of one folder.

    Args:
        salt: from `options_salt` or `rules_salt`.
        files: the facts of each name, in any order.
        folders: the names of sub-folders, in any order.

    Returns:
        Sixteen bytes.
    """
    return xxh3_128_digest(marshal.dumps((salt, sorted(files.items()), sorted(folders)), _MARSHAL))


def facts_getter(*, ignore_ctime: bool, ignore_inode: bool) -> Callable[[os.stat_result], Any]:
    """The part of a stat result that the digest covers, as a function that runs in C.

    The device number is never part: it changes at a reboot.
    """
    names = ["st_size", "st_mtime_ns"]
    if not ignore_ctime:
        names.append("st_ctime_ns")
    if not ignore_inode:
        names.append("st_ino")
    return attrgetter(*names)
