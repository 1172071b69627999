"""What people are shown of the catalogue: not what is missing, unless they ask (DESIGN rule 1).

Conditions for the statements of `browse`, `browse_books`, `browse_videos` and `search`, each about one row.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from shelfread.store.tables import (
    books,
    episodes,
    media_files,
    release_credits,
    track_credits,
    tracks,
    videos,
)

_file = media_files.alias("shown_file")
_track = tracks.alias("shown_track")
_credit = track_credits.alias("shown_credit")
_by = release_credits.alias("shown_by")
_book = books.alias("shown_book")
_video = videos.alias("shown_video")
_episode = episodes.alias("shown_episode")
_THERE: Any = _file.c.status != "missing"


def any_row(query: Select[Any], *outside: Any) -> ColumnElement[bool]:
    """Whether a query about a row of `outside` finds anything: asked row by row, from an index.

    Written as EXISTS it would be a join to PostgreSQL, and to answer for the fifty rows of a page it might
    go through all there is.
    """
    return query.correlate(*outside).limit(1).scalar_subquery().is_not(None)


def release_is_there(release_id: Any, outside: Any) -> ColumnElement[bool]:
    """Whether a release has a track whose file is not missing."""
    there = select(_track.c.file_id).join(_file, _file.c.id == _track.c.file_id)
    return any_row(there.where(_track.c.release_id == release_id, _THERE), outside)


def artist_is_there(artist_id: Any, outside: Any) -> ColumnElement[bool]:
    """Whether something that is not missing credits an artist."""
    in_track = select(_credit.c.file_id).join(_file, _file.c.id == _credit.c.file_id)
    in_release = (
        select(_by.c.release_id)
        .join(_track, _track.c.release_id == _by.c.release_id)
        .join(_file, _file.c.id == _track.c.file_id)
    )
    return or_(
        any_row(in_track.where(_credit.c.artist_id == artist_id, _THERE), outside),
        any_row(in_release.where(_by.c.artist_id == artist_id, _THERE), outside),
    )


def series_is_there(series_id: Any, outside: Any) -> ColumnElement[bool]:
    """Whether a series has a book whose file is not missing."""
    there = select(_book.c.file_id).join(_file, _file.c.id == _book.c.file_id)
    return any_row(there.where(_book.c.series_id == series_id, _THERE), outside)


def movie_is_there(movie_id: Any, outside: Any) -> ColumnElement[bool]:
    """Whether a movie has a file that is not missing; its extras do not count."""
    mine = (_video.c.movie_id == movie_id, _video.c.type == "movie")
    return any_row(_video_files().where(*mine, _THERE), outside)


def show_is_there(show_id: Any, outside: Any) -> ColumnElement[bool]:
    """Whether a show has an episode whose file is not missing."""
    there = _video_files().join(_episode, _episode.c.id == _video.c.episode_id)
    return any_row(there.where(_episode.c.show_id == show_id, _THERE), outside)


def episode_is_there(episode_id: Any, outside: Any) -> ColumnElement[bool]:
    """Whether an episode has a file that is not missing."""
    return any_row(_video_files().where(_video.c.episode_id == episode_id, _THERE), outside)


def _video_files() -> Select[Any]:
    return select(_video.c.file_id).join(_file, _file.c.id == _video.c.file_id)
