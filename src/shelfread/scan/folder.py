"""The words of the walk: what a walker process is asked about a folder, and what it answers.

Plain values only (bytes, numbers, tuples), so that any wire format can carry them. `listing` does the
looking; the orchestration makes a task for each sub-folder with `subtask`. Nothing here touches the disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shelfread.media.kind import Kind
from shelfread.model.entry import Entry
from shelfread.model.library import LibraryOptions, Pattern
from shelfread.scan.digest import options_salt
from shelfread.scan.ignore import INCLUDED, IgnoreSource


class WalkRules(NamedTuple):
    """What is the same for all folders of one root in one scan. Made by `walk_rules`."""

    media_suffixes: frozenset[bytes]
    sidecar_suffixes: frozenset[bytes]
    follow_symlinks: bool
    ignore_ctime: bool
    ignore_inode: bool
    patterns: tuple[str, ...]
    salt: bytes


class FolderTask(NamedTuple):
    """One folder to look at. `root_task` makes the first, `subtask` those below."""

    path: bytes
    relative: bytes
    context: tuple[IgnoreSource, ...] = ()
    #: `INCLUDED`, or the rank of the rule that excludes the folder, which is walked all the same since a
    #: negation may bring something back.
    excluded_by: int = INCLUDED
    known_digest: bytes | None = None
    #: (device, inode) of the folders above; empty unless links are followed.
    ancestors: tuple[tuple[int, int], ...] = ()
    #: The device of the folder above, 0 for the root.
    parent_device: int = 0


class SubFolder(NamedTuple):
    """A folder to look at next."""

    name: bytes
    is_link: bool
    excluded_by: int


class FolderListing(NamedTuple):
    """What a folder holds. `entries` and `sidecars` are filled, and sorted, only when it changed."""

    relative: bytes
    #: Sixteen bytes; empty when the folder could not be listed.
    digest: bytes = b""
    unchanged: bool = False
    #: (code, detail) when the folder could not be listed: all below it stays as it was known.
    problem: tuple[str, str] | None = None
    device: int = 0
    inode: int = 0
    #: Whether the folder is on another device than the one above: a mount point (or a link to one).
    is_mount: bool = False
    #: Media files seen.
    files: int = 0
    subfolders: tuple[SubFolder, ...] = ()
    #: The ignore files in force below.
    context: tuple[IgnoreSource, ...] = ()
    entries: tuple[Entry, ...] = ()
    sidecars: tuple[Entry, ...] = ()
    #: (name, code, detail) for single names. They are part of the digest: equal digest, equal problems.
    problems: tuple[tuple[bytes, str, str], ...] = ()
    #: Links that lead nowhere and have no media name, when links are followed. If the catalogue knows a
    #: folder of that name, its disk is away: nothing below may be judged missing.
    dangling: tuple[bytes, ...] = ()
    #: A name vanished between listing and stat: the digest must not be remembered.
    raced: bool = False
    #: Names that are there and were passed over, by a rule, by their name or by what they are. Only when it
    #: changed: should the catalogue know one of them, it is not a disk that is away.
    passed: tuple[bytes, ...] = ()


def walk_rules(
    media_suffixes: Iterable[bytes],
    sidecar_suffixes: Iterable[bytes],
    *,
    follow_symlinks: bool = False,
    ignore_ctime: bool = False,
    ignore_inode: bool = False,
    patterns: tuple[str, ...] = (),
    pattern: str = Pattern.SERIES,
) -> WalkRules:
    """The rules of a root with their salt; another `pattern` has every folder looked at again.

    `ignore_inode` also where the filesystem's inodes are unstable.
    """
    media, sidecars = frozenset(media_suffixes), frozenset(sidecar_suffixes)
    salt = options_salt(
        media,
        sidecars,
        follow_symlinks=follow_symlinks,
        ignore_ctime=ignore_ctime,
        ignore_inode=ignore_inode,
        patterns=patterns,
        pattern=pattern,
    )
    return WalkRules(media, sidecars, follow_symlinks, ignore_ctime, ignore_inode, patterns, salt)


def library_rules(kind: Kind, options: LibraryOptions, *, ignore_inode: bool = False) -> WalkRules:
    """The rules of a root, of a library of this kind with these options; `ignore_inode` as above."""
    return walk_rules(
        kind.suffixes,
        kind.sidecar_suffixes,
        follow_symlinks=options.follow_symlinks,
        ignore_ctime=options.ignore_ctime,
        ignore_inode=options.ignore_inode or ignore_inode,
        patterns=options.ignore,
        pattern=options.pattern,
    )


def root_task(root: bytes, known_digest: bytes | None = None) -> FolderTask:
    """The task that begins a walk. The root itself may be a link."""
    return FolderTask(root, b"", known_digest=known_digest)


def subtask(
    rules: WalkRules,
    task: FolderTask,
    listing: FolderListing,
    sub: SubFolder,
    known_digest: bytes | None = None,
) -> FolderTask:
    """The task for a sub-folder of a folder that was listed."""
    return FolderTask(
        joined(task.path, sub.name),
        joined(task.relative, sub.name),
        listing.context,
        sub.excluded_by,
        known_digest,
        (*task.ancestors, (listing.device, listing.inode)) if rules.follow_symlinks else (),
        listing.device,
    )


def joined(folder: bytes, name: bytes) -> bytes:
    """The path of a name in a folder; a name alone below the root."""
    return folder + b"/" + name if folder else name
