"""The files of movies and episodes, and how they are put together to versions.

For `video_items`. A version is what somebody can choose to see: one file, the parts of one, or a disc. Which
file is of which item is decided when it is catalogued; what is a version is decided here, of what is there.
Paths are bytes; who may see them is decided elsewhere.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.files import sliced
from shelfread.store.items import FILE_COLUMNS, Shown
from shelfread.store.paths import place_of
from shelfread.store.tables import folders, media_files, roots, videos

#: A title of a DVD and its part; part 0 is its menu.
_TITLE_SET = re.compile(rb"VTS_(?P<title>[0-9]{2})_(?P<part>[1-9])\.VOB", re.IGNORECASE)
_NOT_SHOWN = ("file_id", "root_id", "base", "of_key", "facts")
#: By what files are put together.
_NEEDED = ("root_id", "base")
_COLUMNS = tuple(one for one in videos.c if one.name not in _NOT_SHOWN)
#: What a version shows of its first part.
_OF_FIRST = ("version", "edition", "three_d", "disc", "container", "width", "height", "video_codec", "hdr")
_OF_SOUND = ("audio_codec", "channels")
#: From the best to the worst.
_STATUSES = ("ready", "error", "missing")

_Row = TypeVar("_Row")


def file_query(*more: Any) -> Select[Any]:
    """Video files with where they are; `more` columns of `videos`."""
    return (
        select(
            videos.c.file_id.label("id"),
            *_COLUMNS,
            *more,
            *FILE_COLUMNS,
            media_files.c.name.label("file_name"),
            folders.c.path.label("folder"),
            roots.c.path.label("root"),
            roots.c.library_id,
        )
        .join(media_files, media_files.c.id == videos.c.file_id)
        .join(folders, folders.c.id == media_files.c.folder_id)
        .join(roots, roots.c.id == folders.c.root_id)
    )


def shown_file(row: Any) -> Shown:
    """What is shown of a row of `file_query`."""
    one = {name: value for name, value in row.items() if name not in _NEEDED}
    one["path"] = place_of(one.pop("root"), one.pop("folder"), one.pop("file_name"))
    return one | {"version": one["version"] or None, "problems": []}


async def files_of(
    connection: AsyncConnection, column: Any, ids: Sequence[int], *, whole: bool = False
) -> dict[int, list[Any]]:
    """Rows of the files of movies or episodes, by their item; extras are none of them.

    Args:
        connection: reads.
        column: `videos.c.movie_id` or `videos.c.episode_id`.
        ids: of the items.
        whole: also what was read of each, as `facts`.
    """
    found: dict[int, list[Any]] = defaultdict(list)
    more = [videos.c.root_id, videos.c.base, *([videos.c.facts] if whole else [])]
    for part in sliced(ids):
        query = file_query(*more).where(column.in_(part), videos.c.type.in_(("movie", "episode")))
        for row in (await connection.execute(query)).mappings():
            found[row[column.name]].append(row)
    return found


def status_of(statuses: Iterable[str]) -> str:
    """How something is that is made of files: missing when all are, in trouble when one has some."""
    found = set(statuses)
    if "error" in found:
        return "error"
    return "missing" if found == {"missing"} else "ready"


def not_missing(rows: list[_Row], status: Callable[[_Row], str]) -> list[_Row]:
    """What is shown of several: not what is missing, unless nothing is there."""
    return [one for one in rows if status(one) != "missing"] or rows


def versions_of(files: Sequence[Any]) -> list[Shown]:
    """The versions of one item, the best first: what is whole, has most pixels, and is largest.

    Each with its `parts`, which are files in their order: of a disc those of its main title.
    """
    found = [_version(group) for group in _grouped(files)]
    return sorted(not_missing(found, lambda one: str(one["status"])), key=_worth)


def _worth(version: Shown) -> tuple[Any, ...]:
    pixels = (version["width"] or 0) * (version["height"] or 0)
    flat = version["three_d"] is None
    return (_STATUSES.index(version["status"]), not flat, -pixels, -version["size"], version["id"])


def _grouped(files: Sequence[Any]) -> list[list[Any]]:
    """The files of each version: those of a disc, the parts of a film, or one alone."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in sorted(files, key=lambda one: (one["part"] or 0, one["folder"], one["file_name"])):
        place = (row["root_id"], row["base"])
        if row["disc"]:
            groups["disc", *place, _below(row["folder"], row["base"])].append(row)
        elif row["part"] is None:
            groups["file", row["id"]].append(row)
        else:
            suffix = bytes(row["file_name"]).rpartition(b".")[2].lower()
            same = (*place, row["version"], row["edition"], row["three_d"], suffix)
            # Of two that are the first part, each begins a film.
            stack = 0
            while any(one["part"] == row["part"] for one in groups["parts", *same, stack]):
                stack += 1
            groups["parts", *same, stack].append(row)
    return list(groups.values())


def _below(folder: bytes, base: bytes) -> bytes:
    """The first folder of a disc below that of its item: two discs in one are two."""
    return bytes(folder)[len(base) :].lstrip(b"/").partition(b"/")[0]


def _version(group: Sequence[Any]) -> Shown:
    shown = _main_title(group) if group[0]["disc"] else list(group)
    parts = [shown_file(row) for row in shown]
    facts = [one.pop("facts", None) for one in parts]
    first = parts[0]
    lengths = [one["duration_s"] for one in parts]
    missing = any(one["status"] == "missing" for one in parts)
    return {
        "id": first["id"],
        **{name: first[name] for name in (*_OF_FIRST, *_OF_SOUND)},
        "status": "missing" if missing else status_of(one["status"] for one in parts),
        "files": len(group),
        "size": sum(one["size"] for one in group),
        "duration_s": None if None in lengths else sum(lengths),
        "bitrate_kbps": first["bitrate_kbps"] if len(parts) == 1 else None,
        "parts": parts,
        "facts": facts[0],
    }


def _main_title(disc: Sequence[Any]) -> list[Any]:
    """The files of a disc that are its film: the longest title of a DVD, the longest file of any other."""
    titles: dict[bytes, list[Any]] = defaultdict(list)
    for row in disc:
        match = _TITLE_SET.fullmatch(bytes(row["file_name"]))
        if match is not None:
            titles[match["title"]].append(row)
    choices = list(titles.values()) or [[row] for row in disc]

    def length(rows: list[Any]) -> tuple[float, int]:
        return sum(row["duration_s"] or 0.0 for row in rows), sum(row["size"] for row in rows)

    return max(choices, key=length)


def streams_in(facts: str | None) -> list[Shown]:
    """The streams of a file, as its `facts` have them."""
    return json.loads(facts).get("streams", []) if facts else []
