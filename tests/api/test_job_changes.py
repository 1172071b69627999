"""What a scan changed, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _changes(live: Live, job: dict[str, Any], more: str = "") -> dict[str, Any]:
    """Names of files by what the job made of them."""
    found: dict[str, Any] = {}
    page = await got(live, f"/jobs/{job['id']}/changes{more}", token="admin")
    assert page["next"] is None
    for one in page["items"]:
        found.setdefault(one["change"], set()).add(one["path"].rpartition("/")[2])
    return found | {"complete": page["complete"]}


async def _newest(live: Live) -> dict[str, Any]:
    found: dict[str, Any] = (await got(live, "/jobs?type=scan&type=rescan"))["items"][0]
    return found


async def test_the_files_that_a_scan_changed_are_listed_until_later_ones_change_them(
    live: Live, music: Shelf
) -> None:
    first = await _newest(live)
    three = {"1.mp3", "2.mp3", "1.ogg"}
    page = await got(live, f"/jobs/{first['id']}/changes")
    assert page["complete"] is True
    assert {(one["item_kind"], one["title"], one["change"]) for one in page["items"]} == {
        ("track", title, "added") for title in ("Jóga", "Hyper", "Waterloo")
    }
    for one in page["items"]:
        assert "path" not in one
        assert (await got(live, f"/tracks/{one['item_id']}"))["title"] == one["title"]
    # Nothing changed, though every file is read.
    await music.scan(rescan=True)
    assert await _changes(live, await _newest(live)) == {"complete": True}
    assert await _changes(live, first) == {"added": three | {"1.ogg"}, "complete": True}
    music.tree.retag("Björk/Début/1.mp3", title="Jóga 2", track="1", date="1993", genre="Pop")
    music.tree.move("Björk/Début/2.mp3", "Björk/Début/02 Hyper.mp3")
    music.tree.delete("Abba/Gold/1.ogg")
    music.tree.write("Bad/Bad/bad.flac", b"fLaC nothing")
    assert await music.scan() == {"updated": 1, "moved": 1, "removed": 1, "failed": 1}
    second = await _newest(live)
    assert await _changes(live, second) == {
        "updated": {"1.mp3"},
        "moved": {"02 Hyper.mp3"},
        "missing": {"1.ogg"},
        "failed": {"bad.flac"},
        "complete": True,
    }
    assert await _changes(live, first) == {"complete": False}
    for change, name in (("updated", "1.mp3"), ("moved", "02 Hyper.mp3"), ("missing", "1.ogg")):
        assert await _changes(live, second, f"?change={change}") == {change: {name}, "complete": True}
    assert await _changes(live, second, "?change=added") == {"complete": True}
    music.tree.add("Abba/Gold/1.ogg", title="Waterloo", track="1", date="1974", genre="Disco")
    await music.scan()
    assert await _changes(live, await _newest(live)) == {"restored": {"1.ogg"}, "complete": True}
    assert await _changes(live, second, "?change=missing") == {"complete": False}
    assert await _changes(live, second, "?change=moved") == {"moved": {"02 Hyper.mp3"}, "complete": True}
    told: list[str] = []
    more = ""
    while True:
        page = await got(live, f"/jobs/{second['id']}/changes?limit=1{more}")
        told += [one["change"] for one in page["items"]]
        if page["next"] is None:
            break
        more = f"&after={page['next']}"
    assert told == ["failed", "moved", "updated"]
    assert (await live.ask("GET", f"/api/v1/jobs/{first['id']}/changes?change=skipped")).status_code == 422
    assert (await live.ask("GET", f"/api/v1/jobs/{first['id']}/changes?after=x")).status_code == 422
    assert (await live.ask("GET", "/api/v1/jobs/unknown/changes")).status_code == 404


async def test_what_is_restored_as_it_was_is_told_too(live: Live, music: Shelf) -> None:
    path = music.tree.path / "Abba/Gold/1.ogg"
    path.rename(music.tree.path.parent / "aside.ogg")
    await music.scan()
    assert await _changes(live, await _newest(live)) == {"missing": {"1.ogg"}, "complete": True}
    (music.tree.path.parent / "aside.ogg").rename(path)
    assert (await music.scan())["restored"] == 1
    assert await _changes(live, await _newest(live)) == {"restored": {"1.ogg"}, "complete": True}


async def test_changed_books_and_videos_name_their_items(live: Live, comics: Shelf, films: Shelf) -> None:
    kinds: dict[str, set[str | None]] = {}
    for job in (await got(live, "/jobs?type=scan"))["items"]:
        for one in (await got(live, f"/jobs/{job['id']}/changes?limit=500"))["items"]:
            kinds.setdefault(one["item_kind"], set()).add(one["title"])
            if one["item_kind"] in ("book", "movie", "episode", "video"):
                item = await got(live, f"/{one['item_kind']}s/{one['item_id']}")
                assert item["title"] == one["title"]
    assert {"book", "movie", "episode", "video"} <= set(kinds)


async def test_a_job_that_is_no_scan_does_not_say_whether_its_list_is_complete(
    live: Live, music: Shelf
) -> None:
    answer = await live.ask("POST", f"/api/v1/libraries/{music.library_id}/covers")
    covers = answer.json()["job_id"]
    assert await got(live, f"/jobs/{covers}/changes") == {"items": [], "next": None, "complete": None}
