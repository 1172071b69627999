"""What the name and the folders of a video say: film or episode, and which; extras, discs, subtitles.

The entry to the `name_` modules; runs in the parser process, and for `inspect --names`. Pure: it looks at one
path and at nothing else, so it knows no siblings and not the name of the root. What a name does not say stays
unknown. A film, an extra and a sample have a title always, since people must find them: what is left of the
name. An episode has one only when its name gives it, and `year` and `provider_ids` of an episode are those of
its show, as folders and names give them.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from shelfread.media.video.name_beside import read_alone
from shelfread.media.video.name_episodes import read_episode
from shelfread.media.video.name_extras import extra_of
from shelfread.media.video.name_films import film_of, read_film
from shelfread.media.video.name_folders import Folder, folder_of
from shelfread.media.video.name_release import read_release
from shelfread.media.video.name_text import neat, shown
from shelfread.media.video.name_words import (
    AUDIO_SUFFIXES,
    DISC_FOLDERS,
    SUBTITLE_SUFFIXES,
    VIDEO_SUFFIXES,
    key_of,
)
from shelfread.model.video import Video

_SUFFIX = re.compile(rb"\.([A-Za-z0-9]{2,7}|dvr-ms)$")
#: The files of a DVD that was copied without its folder.
_LOOSE_DISC = re.compile(r"(?:video_ts|vts_[0-9]{2}_[0-9])\.(?:vob|ifo|bup)", re.IGNORECASE)
_THEME = re.compile(r"theme(?:[ ._-]?(?:song|music))?[ ._-]?[0-9]{0,2}", re.IGNORECASE)


def from_name(relative: bytes) -> Video:
    """Read what a relative path alone says about its video.

    Args:
        relative: the path below the root, as bytes on disk; need not be UTF-8.

    Returns:
        `type` always, `title` of all but episodes, subtitles and audio, the rest as far as the path says it;
        `sources` is ["name"]. Never raises.
    """
    head, _, name = relative[-8192:].rpartition(b"/")
    folder = folder_of(head)
    video = Video(sources=["name"])
    stem, suffix = _apart(name)
    if folder.disc or _LOOSE_DISC.fullmatch(f"{stem}.{suffix}"):
        _read_disc(folder, video)
        if video.type != "episode":
            video.title = video.title or _disc_name(relative)
    elif suffix in SUBTITLE_SUFFIXES:
        video.type = "subtitle"
        read_alone(stem, video, in_subtitles=folder.subtitles, of=folder.subtitles_of)
    elif suffix in AUDIO_SUFFIXES:
        _read_audio(stem, folder, video)
    else:
        _read_video(stem, folder, video)
    return video


def inspect_name(relative: bytes) -> dict[str, Any]:
    """What `inspect --names` prints of a path: the fields of `from_name` that are known."""
    video = from_name(relative)
    known = {part.name: getattr(video, part.name) for part in fields(video)}
    return {
        name: value
        for name, value in known.items()
        if value is not None and value is not False and value not in ([], {}) and name != "sources"
    }


def what_is(relative: bytes) -> str:
    """The type of a file by its name: movie, episode, extra, subtitle, audio or sample."""
    return from_name(relative).type or "movie"


def show_named(relative: bytes) -> Video | None:
    """The show that a path says its episode is of: `title`, `year`, `provider_ids`; None where it names none.

    What `from_name` gives of an episode holds the same, but facts of the file may be merged over it.
    """
    video = from_name(relative)
    if video.type != "episode" or video.show is None:
        return None
    return Video(
        type="show", title=video.show, year=video.year, provider_ids=video.provider_ids, sources=["name"]
    )


def disc_of(relative: bytes) -> bytes | None:
    """The folder that is one item because it holds a disc, below the root; None outside of one.

    "Film/VIDEO_TS/VTS_01_1.VOB" and "Film/BDMV/STREAM/00001.m2ts" are of "Film"; b"" is the root.
    """
    parts = relative.split(b"/")
    for place, part in enumerate(parts[:-1]):
        if part.lower().decode("ascii", "replace") in DISC_FOLDERS:
            return b"/".join(parts[:place])
    return b"/".join(parts[:-1]) if _LOOSE_DISC.fullmatch(shown(parts[-1])) else None


def _apart(name: bytes) -> tuple[str, str]:
    """A name without its suffix, and that; an ending that no such file has stays in the name."""
    match = _SUFFIX.search(name)
    if match is not None and match.start():
        suffix = match[1].lower().decode()
        if suffix in VIDEO_SUFFIXES or suffix in SUBTITLE_SUFFIXES or suffix in AUDIO_SUFFIXES:
            return shown(name[: match.start()]), suffix
    return shown(name), ""


def _read_video(stem: str, folder: Folder, video: Video) -> None:
    extra = extra_of(stem)
    sort = folder.extra
    if sort is not None and extra is None and _named_like_it(stem, folder):
        sort = None
    if extra is not None or sort is not None:
        _read_extra(
            stem if extra is None else extra.stem, extra.sort if extra is not None else sort, folder, video
        )
        video.title = video.title or neat(stem) or stem or "?"
        return
    if read_episode(stem, folder, video):
        return
    video.type = "movie"
    read_film(stem, folder.film, video)
    video.part = video.part or folder.part
    video.title = video.title or neat(stem) or stem or "?"


def _read_extra(stem: str, sort: str | None, folder: Folder, video: Video) -> None:
    """An extra has the name of what it belongs to, or one of its own: nobody can tell which."""
    video.type = "sample" if sort == "sample" else "extra"
    video.extra = sort
    if folder.in_season and folder.show is not None:
        video.show, video.season = folder.show.name, folder.season
    film = film_of(stem)
    video.title, video.year = film.title, film.year
    read_release(film.tail, video)


def _named_like_it(stem: str, folder: Folder) -> bool:
    """Whether the folder is a show that is called so: "Extras/Extras.S01E01"."""
    said = Video()
    return read_episode(stem, folder._replace(in_season=False), said) and (
        said.show is not None
        and key_of(said.show) in ("extras", "shorts", "clips", "interviews", "trailers", "other")
    )


def _read_audio(stem: str, folder: Folder, video: Video) -> None:
    if folder.extra == "theme" or _THEME.fullmatch(stem):
        video.type, video.extra, video.title = "extra", "theme", neat(stem) or stem
        return
    video.type = "audio"
    read_alone(stem, video, in_subtitles=folder.subtitles, of=folder.subtitles_of)


def _disc_name(relative: bytes) -> str:
    """What a disc is called that no folder of a film holds; all its files say the same."""
    above = disc_of(relative)
    if above:
        return shown(above.rpartition(b"/")[2]) or "?"
    first = relative.strip(b"/").partition(b"/")[0] if b"/" in relative else b"VIDEO_TS"
    return shown(first) or "?"


def _read_disc(folder: Folder, video: Video) -> None:
    """A file of a disc says nothing itself: the folder above the disc is the item."""
    video.part = folder.part or (folder.film.part if folder.film is not None else None)
    if folder.in_season or folder.in_pack:
        video.type, video.season = "episode", folder.season
        if folder.show is not None:
            video.show, video.year = folder.show.name, folder.show.year
            video.provider_ids = dict(folder.show.ids)
        return
    video.type = "extra" if folder.extra is not None else "movie"
    video.extra = folder.extra
    if (film := folder.film) is not None:
        video.title, video.year, video.edition = film.title, film.year, film.edition
        video.provider_ids = dict(film.ids)
        read_release(film.tail, video)
