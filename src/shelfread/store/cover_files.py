"""Files that covers can be made from, as the catalogue knows them: pictures, and media with one inside.

Below `cover_sources` (music, books) and `video_cover_sources`, which say which of them shows what. Reads
names, kinds and stamps; opens nothing.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shelfread.store.tables import folders, sidecars


@dataclass(frozen=True, slots=True)
class CoverSource:
    """One file that a cover can be made from, as the catalogue knows it."""

    #: A picture file, and not media with a picture inside.
    is_picture: bool
    root_id: int
    #: Below its root.
    relative: bytes
    size: int
    mtime_ns: int
    #: The half of a double page that is the front, right or left; None where it is no page.
    front: str | None = None

    @property
    def key(self) -> str:
        """The same as long as it gives the same cover. A file that was moved is the same file."""
        role = "picture" if self.is_picture else "file"
        return f"{role} {self.size} {self.mtime_ns}" + (f" {self.front}" if self.front else "")


class Folder(NamedTuple):
    """A folder of a library."""

    root_id: int
    parent_id: int | None
    path: bytes


class Picture(NamedTuple):
    """A picture in a folder."""

    name: bytes
    size: int
    mtime_ns: int
    #: What it shows, in the words of its kind.
    type: str
    pixels: int
    #: What else its name says, as its kind has it (`Sidecar.facts`).
    facts: Mapping[str, Any]

    @property
    def stem(self) -> str:
        """Its name without suffix, as names are compared."""
        return os.path.splitext(self.name)[0].decode("utf-8", "replace").casefold()


async def folders_of(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, Folder]:
    """Folders by their ids."""
    rows = await connection.execute(
        select(folders.c.id, folders.c.root_id, folders.c.parent_id, folders.c.path).where(
            folders.c.id.in_(sorted(ids))
        )
    )
    return {row[0]: Folder(*row[1:]) for row in rows}


async def pictures_in(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, list[Picture]]:
    """The pictures in folders."""
    rows = await connection.execute(
        select(
            sidecars.c.folder_id,
            sidecars.c.name,
            sidecars.c.size,
            sidecars.c.mtime_ns,
            sidecars.c.type,
            sidecars.c.width,
            sidecars.c.height,
            sidecars.c.facts,
        ).where(sidecars.c.folder_id.in_(sorted(ids)), sidecars.c.mime.is_not(None))
    )
    found: dict[int, list[Picture]] = defaultdict(list)
    for folder_id, name, size, mtime_ns, shows, width, height, facts in rows:
        pixels = (width or 0) * (height or 0)
        said = json.loads(facts) if facts else {}
        found[folder_id].append(Picture(name, size, mtime_ns, shows, pixels, said))
    return found


def picture_source(place: Folder, picture: Picture, front: str | None = None) -> CoverSource:
    """A picture as what a cover is made from."""
    relative = os.path.join(place.path, picture.name)
    return CoverSource(True, place.root_id, relative, picture.size, picture.mtime_ns, front)


def media_source(place: Folder, row: Any, front: str | None = None) -> CoverSource:
    """A file with a picture inside, of which the row has name, size and mtime_ns."""
    relative = os.path.join(place.path, row.name)
    return CoverSource(False, place.root_id, relative, row.size, row.mtime_ns, front)
