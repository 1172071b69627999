"""A library: a name, a kind, one or more roots, options."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RootState(StrEnum):
    """Whether a root may be believed. Nothing under an unavailable root is touched."""

    #: Never scanned.
    NEW = "new"
    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class LibraryOptions:
    """What belongs to the library and holds for everything in it (PROMISES C13)."""

    #: Follow symbolic links to files and folders below a root (a root itself may always be a link).
    follow_symlinks: bool = False
    #: Do not compare ctime: for filesystems that invent it.
    ignore_ctime: bool = False
    #: Do not compare the inode: for filesystems that renumber them.
    ignore_inode: bool = False
    #: Ignore rules in the syntax of an ignore file, for all roots.
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that a library covers, with what was last known of the filesystem under it."""

    id: int
    library_id: int
    #: Absolute, as on disk.
    path: bytes
    state: RootState = RootState.NEW
    #: Filesystem identity when it was last believed; None before the first scan.
    identity: str | None = None
    #: Why it is unavailable, for people.
    reason: str | None = None
    #: A person said: believe what the next scan finds here.
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Library:
    """A library and its roots, sorted by path."""

    id: int
    name: str
    kind: str
    options: LibraryOptions
    roots: tuple[Root, ...]
    #: All of its files were read by this version of the kind's reader or a later one.
    reader_version: int = 0
