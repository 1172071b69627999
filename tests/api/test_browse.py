"""The catalogue over HTTP: lists and what is in them, and what cannot be asked."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from shelfread.store.library_counts import NAMES
from tests.api.api_stand import Live
from tests.api.catalogue_stand import found_of, got
from tests.api.lasting_servers import LASTING
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


@LASTING
async def test_lists_are_sorted_filtered_and_paged(live: Live, music: Shelf) -> None:
    assert [one["name"] for one in (await got(live, "/artists"))["items"]] == ["Abba", "Björk"]
    assert [one["title"] for one in (await got(live, "/releases?sort=year"))["items"]] == ["Gold", "Début"]
    found = []
    page = await got(live, "/tracks?order=desc&limit=1")
    while True:
        found += [one["title"] for one in page["items"]]
        if page["next"] is None:
            break
        page = await got(live, f"/tracks?order=desc&limit=1&after={page['next']}")
    assert found == ["Waterloo", "Jóga", "Hyper"]
    assert [one["title"] for one in (await got(live, "/tracks?genre=disco"))["items"]] == ["Waterloo"]
    assert [one["title"] for one in (await got(live, "/tracks?year=1993"))["items"]] == ["Hyper", "Jóga"]
    assert (await got(live, f"/tracks?library_id={music.library_id + 1}"))["items"] == []


@LASTING
async def test_one_of_each_shows_what_belongs_to_it(live: Live, music: Shelf) -> None:
    artist = (await got(live, "/artists"))["items"][1]
    whole = await got(live, f"/artists/{artist['id']}")
    assert [one["title"] for one in whole["releases"]["items"]] == ["Début"]
    assert whole["appearances"]["items"] == []
    release = await got(live, f"/releases/{whole['releases']['items'][0]['id']}")
    assert [one["title"] for one in release["tracks"]["items"]] == ["Jóga", "Hyper"]
    assert release["artists"] == [{"id": artist["id"], "name": "Björk"}]
    track = await got(live, f"/tracks/{release['tracks']['items'][0]['id']}")
    assert track["title"] == "Jóga"
    assert track["genres"] == ["Pop"]


async def test_paths_are_for_administrators_only(live: Live, music: Shelf) -> None:
    music.tree.add("Odd/Odd/1.mp3", title="Odd")
    os.rename(os.fsencode(music.tree / "Odd/Odd/1.mp3"), os.fsencode(music.tree / "Odd/Odd/") + b"/\xff.mp3")
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    await music.scan()
    await found_of(live, "odd")
    for path in ("/tracks", "/search?q=odd&kind=track", "/problems"):
        for token in ("read", "scan"):
            listed = (await got(live, path, token))["items"]
            assert listed
            assert not any("path" in key for one in listed for key in one)
            assert str(music.tree.path) not in str(listed)
        assert all(
            one["path"].startswith(str(music.tree.path)) for one in (await got(live, path, "admin"))["items"]
        )
    (odd,) = (await got(live, "/search?q=odd&kind=track", "admin"))["items"]
    assert "path_b64" in odd


HOSTILE = [
    "/artists/0",
    "/artists/-1",
    "/artists/..%2f..%2fetc",
    "/artists/%00",
    f"/artists/{10**30}",
    "/artists/1e3",
    "/releases/%F0%9F%98%80",
    "/releases/1%00",
    "/tracks/..%2f",
    "/tracks/٣",
    f"/tracks/{'9' * 5000}",
    "/tracks/..%2f/file",
    "/tracks/%00/file",
    f"/tracks/{10**30}/file",
    "/tracks/1;drop/file",
    "/tracks/999999999999/file",
    "/tracks?sort=id;drop",
    "/tracks?sort=number",
    "/tracks?order=up",
    "/tracks?limit=x",
    "/tracks?after=x",
    "/tracks?after=%00",
    f"/tracks?library_id={10**30}",
    "/tracks?artist_id=-1",
    "/tracks?year=99999",
    "/tracks?status=gone",
    "/tracks?has_problem=7",
    "/releases?status=ready",
    "/artists?sort=key",
    "/search",
    "/search?q=a&kind=all",
    f"/search?q={'a' * 10_001}",
    "/search?q=a&after=WyJzYSIsMF0",
    "/problems?code=x",
    "/problems?after=x",
    f"/problems?library_id={10**19}",
]


@LASTING
async def test_what_cannot_be_is_refused_and_never_a_fault(live: Live, music: Shelf) -> None:
    for path in HOSTILE:
        answer = await live.ask("GET", f"/api/v1{path}", token="admin")
        assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", path


@LASTING
async def test_odd_questions_that_can_be_asked_are_answered(live: Live, music: Shelf) -> None:
    for path in (
        "/releases?genre=';DROP TABLE tracks;--",
        "/search?q=",
        "/search?q=%22%27*%26%7C!()<->:",
        f"/search?q={quote('😀' * 100)}",
        f"/search?q={'a' * 5000}",
    ):
        await got(live, path)
    for path in ("/tracks?genre=%00", "/tracks?genre=%FF%FE", "/search?q=%00", "/search?q=%ED%A0%80"):
        assert (await live.ask("GET", f"/api/v1{path}")).status_code in (200, 422), path


async def test_an_empty_catalogue_has_empty_pages(live: Live) -> None:
    library = await live.app.libraries.add("Nothing", "music", [b"/nowhere"])
    for path in ("/artists", "/releases", "/tracks", f"/tracks?library_id={library.id}", "/problems"):
        assert await got(live, path) == {"items": [], "next": None}, path
    (one,) = (await got(live, "/libraries"))["items"]
    assert one["items"] == dict.fromkeys(NAMES, 0)
    assert (await got(live, f"/libraries/{library.id}"))["items"] == one["items"]


async def test_a_list_of_libraries_counts_each_by_itself(live: Live, music: Shelf, tmp_path: Path) -> None:
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    (music.tree / "Abba/Gold/1.ogg").unlink()
    await music.scan()
    await live.app.libraries.add("Nothing", "music", [os.fsencode(tmp_path / "nothing")])
    first, second = (await got(live, "/libraries"))["items"]
    assert (first["name"], second["name"]) == ("Music", "Nothing")
    held = {"ready": 2, "missing": 1, "error": 1}
    assert {name: first["items"][name] for name in held} == held
    assert first["items"] == (await got(live, f"/libraries/{first['id']}"))["items"]
    assert set(second["items"].values()) == {0}


async def test_accents_and_scripts_are_sorted_where_people_look_for_them(live: Live, music: Shelf) -> None:
    for number, title in enumerate(("Ärger", "Zoo", "ábaco", "Éclair", "誓い", "apple", "Straße")):
        music.tree.add(f"X/Y/{number}.mp3", title=title)
    await music.scan()
    listed = [one["title"] for one in (await got(live, "/tracks"))["items"]]
    order = ["ábaco", "apple", "Ärger", "Éclair", "Hyper", "Jóga", "Straße", "Waterloo", "Zoo", "誓い"]
    assert listed == order
    turned = [one["title"] for one in (await got(live, "/tracks?order=desc"))["items"]]
    assert turned == order[::-1]


@pytest.mark.parametrize("order", ["sort=title", "sort=added_at&order=desc", "sort=year"])
async def test_pages_lose_and_repeat_nothing_while_a_scan_writes(
    live: Live, music: Shelf, order: str
) -> None:
    for number in range(40):
        music.tree.add(
            f"Old/{number % 4}/{number}.mp3", title=f"Old {number % 7}", date=f"{1990 + number % 3}"
        )
    await music.scan()
    old = {one["id"] for one in (await got(live, "/tracks?limit=500"))["items"]}
    assert len(old) == 43
    for number in range(60):
        music.tree.add(f"New/{number % 20}/{number}.mp3", title=f"New {number % 7}", date="1991")
    scan = asyncio.create_task(music.scan())
    passes = 0
    while not scan.done() or passes == 0:
        seen: list[int] = []
        after = ""
        while True:
            page = await got(live, f"/tracks?{order}&limit=7{after}")
            seen += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert len(seen) == len(set(seen)), "told twice"
        assert old <= set(seen), "lost"
        passes += 1
    assert (await scan)["added"] == 60
