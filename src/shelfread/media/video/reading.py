"""One video file, opened once: its streams, what an NFO beside it says, what its name says, its signature.

Between the readers (`streams`, `nfo`, `names`) and the scan. Whatever the bytes are, the result is a
`Reading`. Knows no database; runs in a parser process.
"""

from __future__ import annotations

import os

from shelfread.media.kind import Reading, Source
from shelfread.media.trouble import MediaTrouble
from shelfread.media.video.merge import merged
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


def _reading(source: Source, named: Video | None) -> Reading:
    kind = (named or from_name(source.relative)).type
    if kind == "subtitle" and source.size:
        # A text, or pictures without a container: there are no headers to read.
        found = Streams(Video(), None, of_ends(source))
    else:
        found = read_streams(source)
    said, trouble = _beside(source, kind) if source.beside else (None, None)
    video = merged(said, found.video, named)
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
