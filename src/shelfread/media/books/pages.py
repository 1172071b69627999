"""Which entries of an archive are pages, in which order, and which of them is the cover.

Pure rules over names; nothing is opened here. Facts about what tools leave in archives: macOS adds `__MACOSX`
and `._` files, scan groups a picture of their own at the end, which is a page like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shelfread.media.books.archives.base import ArchiveEntry
from shelfread.model.natural import natural_key

#: What readers show as a page.
PAGE_SUFFIXES = frozenset({
    ".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".gif", ".webp", ".avif", ".jxl", ".bmp", ".tif", ".tiff",
    ".heic", ".heif", ".ico",
})  # fmt: skip
#: A picture that says by its name that it is the front.
_FRONT = re.compile(r"(?:front[ _-]?)?cover(?:$|[ _.-]?(?:front|0*1|a)?$)|folder$|front$", re.IGNORECASE)
_BACK = re.compile(r"back|rear|spine|variant", re.IGNORECASE)


def pages_of(entries: Sequence[ArchiveEntry]) -> list[ArchiveEntry]:
    """The pages in reading order: by folder, files before folders, each in natural order."""
    return sorted((entry for entry in entries if is_page(entry.name)), key=lambda one: _order(one.name))


def is_page(name: str) -> bool:
    """Whether an entry is a picture that somebody reads."""
    folder, _, base = name.rpartition("/")
    dot = base.rfind(".")
    return (
        dot > 0
        and base[dot:].lower() in PAGE_SUFFIXES
        and base[0] != "."
        and not any(part == "__MACOSX" or part[:1] == "." for part in folder.split("/"))
    )


def _order(name: str) -> tuple[tuple[int, str, str], ...]:
    *folders, base = name.split("/")
    # Natural keys may be equal where names are not: "1" and "01".
    # Without its suffix: "page" comes before "page 2".
    stem = base[: base.rfind(".")]
    return (*((1, natural_key(part), part) for part in folders), (0, natural_key(stem), base))


def front_of(pages: Sequence[ArchiveEntry], stated: int | None) -> int:
    """The number of the page that is the cover.

    Args:
        pages: as `pages_of` gives them; at least one.
        stated: what the metadata says, or None.

    A picture of the first folder that is named as the cover, else what the metadata says, else the first.
    """
    folder = pages[0].name.rpartition("/")[0]
    for number, page in enumerate(pages):
        where, _, base = page.name.rpartition("/")
        stem = base[: base.rfind(".")]
        if where == folder and _FRONT.match(stem) and not _BACK.search(stem):
            return number
    return stated if stated is not None and 0 <= stated < len(pages) else 0
