"""Which subtitle and audio files belong to a movie or an episode, and what their names say.

Decided when somebody asks: only who knows all videos of a folder knows where the name of one ends and the
rest of a subtitle's name begins (`media.video.name_beside`). A file in a folder of subtitles speaks of the
videos in the folder above. One that names none is of the item that has the folder for itself. Stands on the
store; knows no HTTP.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from shelfread.media.video.name_beside import beside
from shelfread.media.video.name_text import shown
from shelfread.media.video.name_words import SUBTITLE_FOLDER
from shelfread.store import video_beside
from shelfread.store.search_due import ItemKind
from shelfread.store.video_beside import Beside, Folder, Neighbour

#: What a name says of a subtitle or audio file.
_SAID = ("language", "forced", "sdh", "default", "title")


class Played(NamedTuple):
    """A subtitle or audio file of an item."""

    #: subtitle or audio.
    type: str
    #: The file that it goes with; None: with any of the item.
    video_id: int | None
    #: Its suffix in lower case: srt, ass, mka...
    format: str
    size: int
    path: bytes
    language: str | None
    forced: bool | None
    sdh: bool | None
    default: bool | None
    title: str | None


async def beside_of(connection: Any, kind: ItemKind, row_id: int) -> list[Played]:
    """The subtitle and audio files of a movie or an episode, by their names.

    Args:
        connection: reads.
        kind: `ItemKind.MOVIE` or `EPISODE`.
        row_id: of the item.
    """
    own = await video_beside.folders_of_item(connection, kind, row_id)
    # Folders of subtitles in them, and in these the folders that have the name of a video.
    inner = [
        one
        for one in await video_beside.folders_in(connection, [one.id for one in own])
        if SUBTITLE_FOLDER.fullmatch(_name_of(one))
    ]
    named = await video_beside.folders_in(connection, [one.id for one in inner])
    above = {one.id: one.id for one in own} | {one.id: one.parent_id or 0 for one in inner}
    above |= {one.id: above[one.parent_id or 0] for one in named}
    files = await video_beside.files_beside(connection, above)
    if not files:
        return []
    speaking: defaultdict[int, list[Beside]] = defaultdict(list)
    for one in files:
        speaking[above[one.folder_id]].append(one)
    videos: defaultdict[int, list[Neighbour]] = defaultdict(list)
    for neighbour in await video_beside.videos_in(connection, speaking):
        videos[neighbour.folder_id].append(neighbour)
    places = {one.id: one for one in (*own, *inner, *named)}
    found: list[Played] = []
    for folder_id, those in speaking.items():
        mine = {one.file_id for one in videos[folder_id] if _is_of(one, kind, row_id)}
        found += _of_folder(those, videos[folder_id], mine, places)
    return sorted(found, key=lambda one: (one.path.rpartition(b"/")[2], one.path))


def _is_of(one: Neighbour, kind: ItemKind, row_id: int) -> bool:
    return row_id == (one.movie_id if kind is ItemKind.MOVIE else one.episode_id)


def _of_folder(
    files: Sequence[Beside],
    videos: Sequence[Neighbour],
    mine: Collection[int],
    places: dict[int, Folder],
) -> list[Played]:
    """Of the files that speak of the videos of one folder those that are for `mine`."""
    alone = not any(one.file_id not in mine and one.type in ("movie", "episode") for one in videos)
    stems = {_stem(one.name): one.file_id for one in videos}
    ours = {stem.lower() for stem, file_id in stems.items() if file_id in mine}
    # A folder may hold very many others: only those whose names begin as ours can be meant in our place.
    near = [stem for stem in stems if alone or any(stem.lower().startswith(own) for own in ours)]
    titles = {shown(stem).casefold(): file_id for stem, file_id in stems.items() if file_id in mine}
    found: list[Played] = []
    for one in files:
        facts: dict[str, Any] = json.loads(one.facts or "{}")
        video_id: int | None = None
        begins = alone or any(_stem(one.name).lower().startswith(own) for own in ours)
        if begins and (match := beside(one.name, near)) is not None:
            stem, said = match
            video_id = stems[stem]
            facts = {name: getattr(said, name) for name in _SAID}
        elif (of := str(facts.get("of") or "").casefold()) in titles:
            video_id = titles[of]
        elif not alone:
            continue
        if video_id is None or video_id in mine:
            found.append(_played(one, video_id, facts, places[one.folder_id]))
    return found


def _played(one: Beside, video_id: int | None, facts: dict[str, Any], folder: Folder) -> Played:
    path = b"/".join(part for part in (folder.root.rstrip(b"/"), folder.path, one.name) if part)
    suffix = one.name.rpartition(b".")[2].lower().decode("ascii", "replace")
    return Played(one.type, video_id, suffix, one.size, path, *(facts.get(name) for name in _SAID))


def _name_of(folder: Folder) -> str:
    return shown(folder.path.rpartition(b"/")[2])


def _stem(name: bytes) -> bytes:
    return name.rpartition(b".")[0] or name
