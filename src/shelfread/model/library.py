"""A library: a name, a kind, one or more roots, options."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class RootState(StrEnum):
    """Whether a root may be believed. Nothing under an unavailable root is touched."""

    #: Never scanned.
    NEW = "new"
    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"


class Pattern(StrEnum):
    """What makes a series of books."""

    #: Every folder that directly holds books, at any depth.
    SERIES = "series"
    #: Every direct child of a root, with all below it; books in the root itself are one more.
    COLLECTION = "collection"


class ThumbnailFormat(StrEnum):
    """How small pictures are encoded."""

    WEBP = "webp"
    JPEG = "jpeg"
    PNG = "png"
    AVIF = "avif"


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
    #: How books are gathered in series (PROMISES C21): `Pattern`.
    pattern: str = Pattern.SERIES
    #: Small pictures of covers are made (PROMISES C14), like this (C15): they fit inside so many pixels, or
    #: have the size of the source times `thumbnail_scale`.
    thumbnails: bool = True
    thumbnail_format: str = ThumbnailFormat.WEBP
    #: 1 to 100; a lossless format has none.
    thumbnail_quality: int = 80
    thumbnail_width: int = 400
    thumbnail_height: int = 600
    thumbnail_scale: float | None = None
    #: Books in other archives become cbz (PROMISES C16), and what they were made from goes to the trash
    #: (C17), where it is kept for so many days.
    convert: bool = False
    remove_originals: bool = False
    trash_days: int = 30
    #: Files that are missing for so many days are forgotten by the daily prune; None: never.
    prune_days: int | None = None
    #: What a video's container leaves open is asked of FFmpeg's ffprobe, where the machine has it.
    ffprobe: bool = False
    #: `serve` scans at once what changes in its folders.
    watch: bool = False


#: Least and most of the options that are numbers.
BOUNDS: dict[str, tuple[float, float]] = {
    "thumbnail_quality": (1, 100),
    "thumbnail_width": (16, 4096),
    "thumbnail_height": (16, 4096),
    "thumbnail_scale": (0.01, 1),
    "trash_days": (0, 36_500),
    "prune_days": (1, 36_500),
}


def options_json(options: LibraryOptions) -> dict[str, Any]:
    """The options as they are stored and shown: a JSON object."""
    return {name: list(value) if name == "ignore" else value for name, value in asdict(options).items()}


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
    #: A person said that it is right as it is: the filesystem `confirmed_as`, empty or not as `reason` says.
    confirmed: bool = False
    #: It may be empty though files are known in it: an inbox that is emptied.
    empty_ok: bool = False
    #: Filesystem identity; None where nobody said so.
    confirmed_as: str | None = None


class OddRoot(NamedTuple):
    """A root that looks wrong, and is right as a person says."""

    id: int
    #: What the last scan noted of it.
    noted: str
    #: The filesystem that is there.
    identity: str | None


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
