"""The pages of films, shows, seasons, episodes and of single video files.

A film and an episode are made of files, which have pages of their own: what can be played, with its streams
and chapters.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.api.problems import not_found
from shelfread.web.asking import ask
from shelfread.web.known import Fact, Word, in_list, known, library_name, one_of, titled, with_unit
from shelfread.web.rendering import page
from shelfread.web.troubles import TROUBLES
from shelfread.web.words import clock

#: Episodes on the page of a season.
_EPISODES = 200


def video_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/browse", dependencies=[needs("read")], include_in_schema=False)

    @routes.get("/movies/{row_id}")
    async def movie_page(row_id: str, request: Request) -> Response:
        """A film with its versions and its extras."""
        found = await one_of(request, "movies", row_id)
        if isinstance(found, Response):
            return found
        return await _playable(request, "movie.html", "movies", found)

    @routes.get("/episodes/{row_id}")
    async def episode_page(row_id: str, request: Request) -> Response:
        """An episode with its versions."""
        found = await one_of(request, "episodes", row_id)
        if isinstance(found, Response):
            return found
        return await _playable(request, "episode.html", "episodes", found)

    @routes.get("/shows/{row_id}")
    async def show_page(row_id: str, request: Request) -> Response:
        """A show with its seasons."""
        found = await one_of(request, "shows", row_id)
        if isinstance(found, Response):
            return found
        inside = await _episodes(request, found["id"], None) if len(found["seasons"]) < 2 else None
        return await page(
            request,
            "show.html",
            item=found,
            library=await library_name(request, found["library_id"]),
            facts=_item_facts("shows", found),
            technical=_told_from(found),
            episodes=inside,
        )

    @routes.get("/shows/{row_id}/seasons/{number}")
    async def season_page(row_id: str, number: str, request: Request) -> Response:
        """A season with its episodes."""
        found = await one_of(request, "shows", row_id)
        if isinstance(found, Response):
            return found
        season = next((one for one in found["seasons"] if str(one["number"]) == number), None)
        if season is None:
            raise not_found("season of this number")
        episodes = await _episodes(request, found["id"], season["number"], request.query_params.get("after"))
        return await page(request, "season.html", item=season, show=found, episodes=episodes)

    @routes.get("/videos/{row_id}")
    async def video_page(row_id: str, request: Request) -> Response:
        """One video file, to be played, with what was read of it."""
        found = await one_of(request, "videos", row_id)
        if isinstance(found, Response):
            return found
        return await page(
            request,
            "video.html",
            item=found,
            library=await library_name(request, found["library_id"]),
            facts=_file_facts(found),
            streams=[_stream(one) for one in found["streams"]],
            technical=_file_technical(found),
            troubles=TROUBLES,
        )

    return routes


async def _playable(request: Request, template: str, word: str, found: dict[str, Any]) -> Response:
    versions = [
        one | {"facts": _file_facts(one), "streams": [_stream(it) for it in one["audio"] + one["subtitles"]]}
        for one in found["versions"]
    ]
    return await page(
        request,
        template,
        item=found | {"versions": versions},
        library=await library_name(request, found["library_id"]),
        facts=_item_facts(word, found),
        technical=_told_from(found),
        problems=[it for one in versions for part in one["parts"] for it in part["problems"]],
        troubles=TROUBLES,
    )


async def _episodes(
    request: Request, show_id: int, season: int | None, after: str | None = None
) -> dict[str, Any]:
    # Missing ones stand in their places: a season has as many episodes as it had.
    query = {"show_id": show_id, "season": season, "sort": "number", "status": "any", "limit": _EPISODES}
    found: dict[str, Any] = await ask(request, "/episodes", query | {"after": after or None})
    return found


def _item_facts(word: str, item: dict[str, Any]) -> list[Fact]:
    people = [
        (titled(role), _people(word, list(inside)))
        for role, inside in groupby(item["credits"], lambda one: one["role"])
    ]
    tags = [
        (titled(kind), in_list(word, "tag", names) if kind == "tag" else names)
        for kind, names in (
            (kind, [one["name"] for one in inside])
            for kind, inside in groupby(item["tags"], lambda one: one["type"])
        )
        if kind != "genre"
    ]
    runtime = item["runtime_min"]
    return known(
        ("Original title", item.get("original_title")),
        ("Date", item.get("date") or item.get("air_date")),
        ("Counted through all seasons", item.get("absolute")),
        ("Genre", in_list(word, "genre", item["genres"])),
        ("Rating", None if item["rating"] is None else f"{item['rating']:g} of 10"),
        ("Votes", item["votes"]),
        ("Age rating", item.get("age_rating")),
        ("State", item.get("publication_status")),
        ("Running time", None if runtime is None else f"{runtime} minutes"),
        ("Belongs to", item["set"]),
        *people,
        *tags,
    )


def _people(word: str, credits_of: list[dict[str, Any]]) -> list[Word]:
    found = []
    for one in credits_of:
        address = in_list(word, "person", one["name"])[0].address
        found.append(Word(one["name"] + (f" as {one['character']}" if one["character"] else ""), address))
    return found


def _told_from(item: dict[str, Any]) -> list[Fact]:
    return known(
        *((name.upper(), said) for name, said in sorted(item["provider_ids"].items())),
        ("All this is from", item["sources"]),
        ("Only a guess from names", [titled(one).lower() for one in item["guessed"]]),
    )


def _file_facts(one: dict[str, Any]) -> list[Fact]:
    picture = f"{one['width']} × {one['height']}" if one["width"] and one["height"] else None
    return known(
        ("Edition", one["edition"]),
        ("Length", None if one["duration_s"] is None else clock(one["duration_s"])),
        ("Picture", [it for it in (picture, one["video_codec"], one["hdr"], one["three_d"]) if it]),
        ("Sound", [it for it in (one["audio_codec"], _channels(one["channels"])) if it]),
        ("Bit rate", with_unit(one["bitrate_kbps"], "kbit/s")),
        ("Container", one["container"]),
        ("Disc", one["disc"] or None),
    )


def _file_technical(video: dict[str, Any]) -> list[Fact]:
    return known(
        ("Said by its name", [it for it in (video["resolution"], video["source"]) if it]),
        ("Release group", video["release_group"]),
        ("Picture inside", video["has_cover"]),
        *((name.upper(), said) for name, said in sorted(video["provider_ids"].items())),
        ("All this is from", video["sources"]),
        ("Only a guess from names", [titled(one).lower() for one in video["guessed"]]),
    )


def _channels(count: int | None) -> str | None:
    return None if count is None else f"{count} {'channel' if count == 1 else 'channels'}"


def _stream(one: dict[str, Any]) -> dict[str, str]:
    """A stream in a line: what it is, in which language, and the rest of it."""
    size = f"{one['width']} × {one['height']}" if one["width"] and one["height"] else None
    marks = {
        "default": "usual",
        "forced": "forced",
        "commentary": "commentary",
        "sdh": "for people with hearing loss",
        "pictures": "drawn",
        "interlaced": "interlaced",
    }
    said = [
        one["codec"],
        one["profile"],
        one["level"] and f"level {one['level']}",
        size,
        one["aspect"],
        with_unit(one["frame_rate"], "frames a second"),
        with_unit(one["bit_depth"], "bits"),
        *one["hdr"],
        one["primaries"],
        one["transfer"],
        one["matrix"],
        one["rotation"] and f"turned by {one['rotation']}°",
        one["stereo_mode"],
        one["layout"] or _channels(one["channels"]),
        one["spatial"],
        with_unit(one["sample_rate"], "Hz"),
        with_unit(one["bitrate_kbps"], "kbit/s"),
        *(name for key, name in marks.items() if one[key]),
    ]
    return {
        "type": {"video": "Picture", "audio": "Sound", "subtitle": "Subtitles"}[one["type"]],
        "language": one["language"] or "",
        "title": one["title"] or "",
        "said": ", ".join(str(it) for it in said if it),
    }
