"""Items that are missing say since when and why, each of them, alone and in lists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _only_missing(live: Live, address: str) -> list[dict[str, Any]]:
    """Those of a list that are missing; each of them says the same when it is asked for alone."""
    found: list[dict[str, Any]] = (await got(live, f"{address}?status=missing"))["items"]
    for one in found:
        assert one["missing_since"].endswith("Z")
        alone = await got(live, f"{address}/{one['id']}")
        assert {name: alone[name] for name in ("missing_since", "missing_reason")} == {
            name: one[name] for name in ("missing_since", "missing_reason")
        }
    for one in (await got(live, address))["items"]:
        assert (one["missing_since"], one["missing_reason"]) == (None, None)
    return found


async def test_releases_and_tracks_say_since_when_they_are_missing_and_why(live: Live, music: Shelf) -> None:
    music.tree.delete("Björk/Début/1.mp3")
    await music.scan()
    assert await _only_missing(live, "/releases") == []
    (track,) = await _only_missing(live, "/tracks")
    assert track["missing_reason"] == "gone"
    assert track["updated_at"] >= track["added_at"]
    assert track["missing_since"] >= track["updated_at"]
    music.tree.delete("Björk")
    await music.scan()
    first, second = sorted(await _only_missing(live, "/tracks"), key=lambda one: one["missing_since"])
    assert (first["missing_reason"], second["missing_reason"]) == ("gone", "folder_gone")
    (release,) = await _only_missing(live, "/releases")
    # As a whole it is missing since its last track is, and its tracks have different reasons.
    assert (release["missing_since"], release["missing_reason"]) == (second["missing_since"], None)
    (artist,) = await _only_missing(live, "/artists")
    assert (artist["name"], artist["missing_reason"]) == ("Björk", None)
    assert artist["missing_since"] == second["missing_since"]


async def test_series_and_books_say_since_when_they_are_missing_and_why(live: Live, comics: Shelf) -> None:
    series = (await got(live, "/series"))["items"][0]
    books = (await got(live, f"/books?series_id={series['id']}"))["items"]
    whole = (await live.ask("GET", f"/api/v1/books/{books[0]['id']}")).json()
    folder = str(whole["path"]).rpartition("/")[0]
    comics.tree.delete(folder.removeprefix(f"{comics.tree.path}/"))
    await comics.outcome()
    assert series["id"] in [one["id"] for one in await _only_missing(live, "/series")]
    gone = await _only_missing(live, "/books")
    assert {one["id"] for one in books} <= {one["id"] for one in gone}
    assert {one["missing_reason"] for one in gone} == {"folder_gone"}


async def test_movies_shows_and_episodes_say_since_when_they_are_missing_and_why(
    live: Live, films: Shelf
) -> None:
    movie = (await got(live, "/movies"))["items"][0]
    episode = (await got(live, "/episodes"))["items"][0]
    for one, address in ((movie, "movies"), (episode, "episodes")):
        whole = (await live.ask("GET", f"/api/v1/{address}/{one['id']}")).json()
        for version in whole["versions"]:
            for part in version["parts"]:
                films.tree.delete(part["path"].removeprefix(f"{films.tree.path}/"))
    await films.outcome()
    for one, address in ((movie, "movies"), (episode, "episodes")):
        (gone,) = await _only_missing(live, f"/{address}")
        assert (gone["id"], gone["missing_reason"]) == (one["id"], "gone")
        (part,) = (await got(live, f"/{address}/{one['id']}"))["versions"][0]["parts"]
        assert part["missing_since"] == gone["missing_since"]
    assert await _only_missing(live, "/shows") == []
    for show in (await got(live, "/shows"))["items"]:
        for one in (await got(live, f"/episodes?show_id={show['id']}"))["items"]:
            whole = (await live.ask("GET", f"/api/v1/episodes/{one['id']}")).json()
            for version in whole["versions"]:
                for part in version["parts"]:
                    films.tree.delete(part["path"].removeprefix(f"{films.tree.path}/"))
    await films.outcome()
    assert {one["missing_reason"] for one in await _only_missing(live, "/shows")} <= {
        "gone",
        "folder_gone",
        None,
    }
    assert (await got(live, "/shows"))["items"] == []
