"""How movies, shows, episodes and video files are told to somebody: times as text, paths for those who may.

Between the rows of `store.video_items` and the routes of `videos` and `search`. Knows no route.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from shelfread.api.jobs import sees_paths
from shelfread.api.lists import file_told, number
from shelfread.app.video_beside import Played
from shelfread.model.account import Principal
from shelfread.model.job_json import iso_us, path_json
from shelfread.model.video import Stream

Row = Mapping[str, Any]
#: What a file was read to say, and what stands for it where it says nothing.
_FACTS: dict[str, Any] = {
    "resolution": None,
    "source": None,
    "release_group": None,
    "provider_ids": {},
    "sources": [],
    "guessed": [],
}

#: A stream of which nothing is known.
_OPEN = asdict(Stream(""))


def movie_told(row: Row, who: Principal, beside: Sequence[Played] = ()) -> dict[str, Any]:
    """A movie."""
    return {"kind": "movie", **_item_told(row, who, beside)}


def episode_told(row: Row, who: Principal, beside: Sequence[Played] = ()) -> dict[str, Any]:
    """An episode."""
    return {"kind": "episode", **_item_told(row, who, beside)}


def show_told(row: Row, who: Principal) -> dict[str, Any]:
    """A show."""
    told = {"kind": "show", **_item_told(row, who, ())}
    if "seasons" in row:
        told["seasons"] = [{**one, "added_at": iso_us(one["added_at"])} for one in row["seasons"]]
    return told


def video_told(row: Row, who: Principal) -> dict[str, Any]:
    """A video file, with what was read of it where the row has that."""
    told = {"kind": "video", **file_told(row, who)}
    if (facts := told.pop("facts", None)) is not None:
        told |= {name: facts.get(name, usual) for name, usual in _FACTS.items()}
        told["streams"] = [_stream_told(one) for one in facts.get("streams", ())]
        told["chapters"] = [{"title": None, **one} for one in facts.get("chapters", ())]
    return told


def _item_told(row: Row, who: Principal, beside: Sequence[Played]) -> dict[str, Any]:
    told: dict[str, Any] = {name: number(value) for name, value in row.items()}
    told |= {name: iso_us(row[name]) for name in ("added_at", "missing_since")}
    if "versions" in row:
        told["versions"] = [_version_told(one, who) for one in row["versions"]]
        told["beside"] = [_beside_told(one, who) for one in beside]
    if "extras" in row:
        told["extras"] = [video_told(one, who) for one in row["extras"]]
    return told


def _version_told(version: Row, who: Principal) -> dict[str, Any]:
    told: dict[str, Any] = {name: number(value) for name, value in version.items()}
    told["audio"] = [_stream_told(one) for one in version["audio"]]
    told["subtitles"] = [_stream_told(one) for one in version["subtitles"]]
    told["parts"] = [video_told(one, who) for one in version["parts"]]
    return told


def _stream_told(stream: Row) -> dict[str, Any]:
    # What is not known of one is not kept.
    return {name: number(value) for name, value in {**_OPEN, **stream}.items()}


def _beside_told(one: Played, who: Principal) -> dict[str, Any]:
    told: dict[str, Any] = one._asdict()
    path = told.pop("path")
    return {**told, **(path_json(path) if sees_paths(who) else {})}
