"""What things are called: the new file, the entries in it, and what is temporary.

Pure. An entry's name in the new file is safe to unpack with any program: relative, without "..", without a
drive, without control characters. No two entries get the same one, and none is left out.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

#: Suffixes of files that may be converted, lower case. What a file is its content says.
SUFFIXES = (b".cbr", b".rar", b".cb7", b".7z", b".cbt", b".tar")
TARGET_SUFFIX = b".cbz"
#: What may be converted, by content.
CONTAINERS = ("rar", "7z", "tar")
#: Entries that are worth deflating; pages are not.
TEXT_SUFFIXES = (".xml", ".json", ".txt", ".opf", ".nfo", ".html", ".xhtml", ".css", ".csv", ".md")

#: The walk passes over names with a dot, and over this suffix.
_TEMPORARY = re.compile(rb"\.shelfread-[0-9a-f]{16}\.part")
_DRIVE = re.compile(r"[A-Za-z]:")
#: The longest part of a name in bytes, so that it can be unpacked on any filesystem.
_PART_LENGTH = 240


def target_of(name: bytes) -> bytes | None:
    """The name of the new file, in the same folder; None for a name that is not to be converted."""
    stem, dot, suffix = name.rpartition(b".")
    return stem + TARGET_SUFFIX if stem and dot + suffix.lower() in SUFFIXES else None


def temporary_name() -> bytes:
    """A new name that no walk takes for a book."""
    return b".shelfread-%s.part" % secrets.token_hex(8).encode()


def is_temporary(name: bytes) -> bool:
    """Whether a file of this name can only be what a conversion left."""
    return _TEMPORARY.fullmatch(name) is not None


def deflated(name: str) -> bool:
    """Whether an entry is text, which gets smaller; pages are compressed already."""
    return name.lower().endswith(TEXT_SUFFIXES)


def safe_names(names: Iterable[str]) -> list[str]:
    """The names of the entries in the new file, in the same order, each once."""
    taken: set[str] = set()
    given: list[str] = []
    # How often a name was asked for already: a thousand entries of one name are told apart at once.
    counts: dict[str, int] = {}
    for name in names:
        safe = unique = safe_name(name)
        while unique in taken:
            counts[safe] = counts.get(safe, 1) + 1
            unique = _numbered(safe, counts[safe])
        taken.add(unique)
        given.append(unique)
    return given


def safe_name(name: str) -> str:
    """One name that leads nowhere else: below the folder it is unpacked in, on any system."""
    clean = "".join("_" if ord(letter) < 32 or ord(letter) == 127 else letter for letter in name)
    parts = [part for part in clean.replace("\\", "/").split("/") if part.strip() not in ("", ".", "..")]
    while parts and _DRIVE.match(parts[0]):
        rest = parts[0][2:]
        parts[0:1] = [rest] if rest.strip() not in ("", ".", "..") else []
    return "/".join(_short(part) for part in parts) or "unnamed"


def _numbered(name: str, number: int) -> str:
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    if not stem:
        return f"{name} ({number})"
    return f"{folder}{slash}{stem} ({number}){dot}{suffix}"


def _short(part: str) -> str:
    if len(part.encode("utf-8", "replace")) <= _PART_LENGTH:
        return part.encode("utf-8", "replace").decode()
    stem, dot, suffix = part.rpartition(".")
    if not stem or len(suffix) > 10:
        stem, dot, suffix = part, "", ""
    room = _PART_LENGTH - len((dot + suffix).encode("utf-8", "replace"))
    return stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + dot + suffix
