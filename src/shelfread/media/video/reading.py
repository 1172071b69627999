"""One video file, opened once: its streams, what an NFO beside it says, what its name says, its signature.

Between the readers (`streams`, `nfo`, `names`) and the scan. Whatever the bytes are, the result is a
`Reading`. Knows no database; runs in a parser process.
"""

from __future__ import annotations

import os
from dataclasses import replace

from shelfread.media.kind import Reading, Source
from shelfread.media.trouble import MediaTrouble
from shelfread.media.video.belonging import belonging
from shelfread.media.video.merge import merged
from shelfread.media.video.name_folders import folder_of
from shelfread.media.video.names import from_name
from shelfread.media.video.nfo import LIMIT, read_nfo
from shelfread.media.video.signature import of_ends
from shelfread.media.video.streams import Streams, read_streams
from shelfread.model.problem import ProblemCode
from shelfread.model.video import Video


def read(source: Source) -> Reading:
    """Read one video, complete for the catalogue: what it leaves open its name fills in."""
    return _reading(source, from_name(source.relative))


def inspect(source: Source) -> Reading:
    """Read one video as it is, with nothing taken from its name."""
    return _reading(source, None)


def unread(relative: bytes) -> Video:
    """What stands for a video that could not be read at all: what its name says."""
    named = from_name(relative)
    return merged(None, Video(), _of_itself(named), belonging(relative, named))


def _of_itself(named: Video) -> Video:
    """What a name says of its own video: the year and the ids of an episode are its show's."""
    return replace(named, year=None, provider_ids={}) if named.type == "episode" else named


def _as_said(named: Video, said: Video | None, relative: bytes) -> Video:
    """What a name says, where its NFO knows better that it is a film, or that it is an episode."""
    if said is None or said.type == named.type:
        return named
    if said.type == "episode" and named.type == "movie" and said.episode is not None:
        folder = folder_of(relative.rpartition(b"/")[0]).show
        show = said.show or (folder.name if folder is not None else None)
        return Video(
            type="episode",
            show=show,
            season=said.season,
            episode=said.episode,
            episode_end=said.episode_end,
            resolution=named.resolution,
            source=named.source,
            release_group=named.release_group,
            version=named.version,
            sources=["name"],
        )
    if said.type == "movie" and named.type == "episode" and said.title is not None:
        return Video(
            type="movie",
            title=said.title,
            year=said.year,
            resolution=named.resolution,
            source=named.source,
            release_group=named.release_group,
            sources=["name"],
        )
    return named


def _reading(source: Source, named: Video | None) -> Reading:
    kind = (named or from_name(source.relative)).type
    if kind == "subtitle" and source.size:
        # A text, or pictures without a container: there are no headers to read.
        found = Streams(Video(), None, of_ends(source))
    else:
        found = read_streams(source)
    said, trouble = _beside(source, kind) if source.beside else (None, None)
    if named is None:
        video = merged(said, found.video, None)
    else:
        named = _as_said(named, said, source.relative)
        video = merged(said, found.video, _of_itself(named), belonging(source.relative, named))
        video.type = named.type
    worst = found.trouble if found.trouble is not None else trouble
    if kind == "audio" and worst is not None and worst.code is ProblemCode.WRONG_FORMAT:
        # Sound beside a film has no pictures.
        worst = None
    if worst is None:
        return Reading(None, None, found.signature, video)
    return Reading(worst.code, worst.detail, found.signature, video)


def _beside(source: Source, kind: str | None) -> tuple[Video | None, MediaTrouble | None]:
    """What the NFO of a file says: that of its name, or `movie.nfo` for a film in a folder of its own."""
    base = os.path.basename(source.path)
    names = [os.path.splitext(base)[0] + b".nfo"]
    if kind == "movie":
        names.append(b"movie.nfo")
    for name in names:
        content = source.read_beside(name, LIMIT)
        if content is not None:
            try:
                return _of_file(read_nfo(content)), None
            except MediaTrouble as trouble:
                shown = name.decode("utf-8", "replace")
                detail = f"{shown} beside it: {trouble.detail}"
                return None, MediaTrouble(ProblemCode.METADATA_UNREADABLE, detail)
    return None, None


def _of_file(said: list[Video]) -> Video | None:
    """The film or the episode in an NFO; of several episodes the first, and where they end."""
    found = [one for one in said if one.type in ("movie", "episode", None)]
    if not found:
        return None
    first = found[0]
    numbers = [one.episode for one in found if one.season == first.season and one.episode is not None]
    if first.type == "episode" and len(numbers) > 1 and first.episode is not None:
        first.episode = min(numbers)
        first.episode_end = max(numbers) if max(numbers) > first.episode else None
    return first
