"""The pages of an artist, a release and a track, which has the picture of its release."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request, Response

from shelfread.api.access import needs
from shelfread.web.asking import may_ask
from shelfread.web.known import Fact, Said, Word, in_list, known, library_name, one_of, with_unit
from shelfread.web.rendering import page
from shelfread.web.troubles import TROUBLES

#: What the roles of a track's credits are called; those of artists stand in other lines.
_ROLES = {
    "artist": "Artist",
    "albumartist": "Album artist",
    "composer": "Composer",
    "lyricist": "Words by",
    "conductor": "Conductor",
    "performer": "Performer",
    "remixer": "Remixed by",
    "producer": "Producer",
    "arranger": "Arranged by",
}


def music_routes() -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/browse", dependencies=[needs("read")], include_in_schema=False)

    @routes.get("/artists/{row_id}")
    async def artist_page(row_id: str, request: Request) -> Response:
        """An artist, with the albums that are theirs and those they appear on."""
        found = await one_of(request, "artists", row_id)
        if isinstance(found, Response):
            return found
        return await page(
            request,
            "artist.html",
            item=found,
            library=await library_name(request, found["library_id"]),
            facts=known(
                ("Sorted as", found["sort_name"] if found["sort_name"] != found["name"] else None),
                ("MusicBrainz", found["mbid"]),
            ),
        )

    @routes.get("/releases/{row_id}")
    async def release_page(row_id: str, request: Request) -> Response:
        """An album with its tracks, disc by disc."""
        found = await one_of(request, "releases", row_id)
        if isinstance(found, Response):
            return found
        tracks = found["tracks"]["items"]
        return await page(
            request,
            "release.html",
            item=found,
            library=await library_name(request, found["library_id"]),
            facts=_release_facts(found, tracks),
            discs=[
                {"number": number, "title": inside[0]["disc_subtitle"], "tracks": inside}
                for number, inside in _by_disc(tracks)
            ],
            seconds=sum(one["duration_s"] or 0 for one in tracks),
            more=found["tracks"]["next"] is not None,
        )

    @routes.get("/tracks/{row_id}")
    async def track_page(row_id: str, request: Request) -> Response:
        """A track: what its file says, and the file to listen to."""
        found = await one_of(request, "tracks", row_id)
        if isinstance(found, Response):
            return found
        release_id = found["release_id"]
        release = await may_ask(request, f"/releases/{release_id}") if release_id else None
        return await page(
            request,
            "track.html",
            item=found,
            cover=release["cover"] if release else None,
            library=await library_name(request, found["library_id"]),
            facts=_track_facts(found),
            technical=_technical(found),
            troubles=TROUBLES,
        )

    return routes


def _by_disc(tracks: list[dict[str, Any]]) -> list[tuple[int, list[dict[str, Any]]]]:
    return [(disc, list(inside)) for disc, inside in groupby(tracks, lambda one: one["disc"] or 1)]


def _artists(found: list[dict[str, Any]]) -> list[Word]:
    return [Word(one["name"], f"/browse/artists/{one['id']}") for one in found]


def _release_facts(release: dict[str, Any], tracks: list[dict[str, Any]]) -> list[Fact]:
    genres = sorted({genre for one in tracks for genre in one["genres"]})
    return known(
        ("Artist", _artists(release["artists"]) or release["artist"]),
        ("Edition", release["edition"]),
        ("Date", release["date"]),
        ("First published", release["original_date"]),
        ("Genre", in_list("releases", "genre", genres)),
        ("Discs", release["disc_total"]),
        ("Compilation", release["compilation"] or None),
        ("MusicBrainz release", release["mbid"]),
        ("MusicBrainz release group", release["releasegroup_mbid"]),
    )


def _track_facts(track: dict[str, Any]) -> list[Fact]:
    said: list[tuple[str, Said]] = []
    for role, credits_of in groupby(track["credits"], lambda one: one["role"]):
        name = _ROLES.get(role, role.replace("_", " ").capitalize())
        said.append((name, _artists(list(credits_of))))
    named = {name for name, _ in said}
    if "Artist" not in named:
        said.insert(0, ("Artist", track["artist"]))
    if "Composer" not in named:
        said.append(("Composer", track["composer"]))
    release = track["release_id"]
    album = track["album"]
    return known(
        *said,
        ("Album", Word(album, f"/browse/releases/{release}") if album and release else album),
        ("Edition", track["edition"]),
        ("Track", _of(track["track_text"] or track["track"], track["track_total"])),
        ("Disc", _of(track["disc"], track["disc_total"])),
        ("Name of the disc", track["disc_subtitle"]),
        ("Date", track["date"]),
        ("First published", track["original_date"]),
        ("Genre", in_list("tracks", "genre", track["genres"])),
        ("Beats a minute", None if track["bpm"] is None else f"{track['bpm']:g}"),
        ("Compilation", track["compilation"] or None),
    )


def _technical(track: dict[str, Any]) -> list[Fact]:
    return known(
        ("Container", track["container"]),
        ("Codec", track["codec"]),
        ("Bit rate", with_unit(track["bitrate_kbps"], "kbit/s")),
        ("Sample rate", with_unit(track["sample_rate"], "Hz")),
        ("Channels", track["channels"]),
        ("Bit depth", with_unit(track["bit_depth"], "bits")),
        ("Loudness of the track", with_unit(track["track_gain"], "dB")),
        ("Peak of the track", track["track_peak"]),
        ("Loudness of the album", with_unit(track["album_gain"], "dB")),
        ("Peak of the album", track["album_peak"]),
        ("Picture inside", track["has_cover"]),
        ("MusicBrainz recording", track["recording_mbid"]),
        ("MusicBrainz track", track["track_mbid"]),
        ("MusicBrainz release", track["release_mbid"]),
        ("MusicBrainz release group", track["releasegroup_mbid"]),
    )


def _of(number: int | str | None, total: int | None) -> str | None:
    if number is None:
        return None
    return f"{number} of {total}" if total and "/" not in str(number) else str(number)
