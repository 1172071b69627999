"""The pages of libraries: the cards, one library and its buttons, what is shown to whom."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shelfread.scan.plan import RootsUnavailable
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf
from tests.scan import unplugging
from tests.web.pages_stand import HOSTILE, ON_SQLITE, get, part, post, words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]


async def test_without_a_library_the_first_page_says_what_to_do(live: Live) -> None:
    for_admin = await get(live, "/")
    assert 'href="/libraries/new"' in for_admin
    assert "Add your first library" in words(for_admin)
    for_readers = await get(live, "/", token="read")
    assert "/libraries/new" not in for_readers
    assert "There is no library yet" in words(for_readers)


async def test_a_card_says_what_a_library_holds_and_how_its_last_scan_went(live: Live, music: Shelf) -> None:
    text = await get(live, "/")
    assert f'href="/libraries/{music.library_id}"' in text
    said = words(text)
    assert "Music · 3 tracks · 2 releases · 2 artists" in said
    assert "idle" in said
    assert "done : 3 added" in said
    assert "not by itself" in said
    alone = await part(live, "/", "libraries")
    assert alone.strip() in text
    assert "<h1" not in alone
    for token, seen in (("admin", True), ("scan", True), ("read", False)):
        shown = await get(live, "/", token=token)
        assert (f'action="/libraries/{music.library_id}/scan"' in shown) is seen
        assert (f'href="/libraries/{music.library_id}/edit"' in shown) is (token == "admin")


async def test_a_scan_that_waits_is_on_the_card_and_on_the_page_of_its_library(
    live: Live, music: Shelf
) -> None:
    address = f"/libraries/{music.library_id}"
    done = await post(live, f"{address}/scan", {"next": "/"}, token="scan")
    assert (done.status_code, done.headers["location"]) == (303, "/?done=scan")
    (job,) = (await got(live, "/jobs?status=queued"))["items"]
    for page in ("/", address):
        text = await get(live, page)
        assert text.count(f'data-job="{job["id"]}"') == 2, "once in the activity, once in the page"
        assert "waiting" in words(text)
    assert "A scan is queued." in words(await get(live, "/?done=scan"))
    again = await post(live, f"{address}/rescan", {"next": "//elsewhere.example"})
    assert again.headers["location"] == f"{address}?done=rescan"


async def test_every_button_of_a_library_does_what_the_api_does(live: Live, comics: Shelf) -> None:
    address = f"/libraries/{comics.library_id}"
    text = await get(live, address)
    for what, job_type in (("covers", "covers"), ("convert", "convert"), ("rescan", "rescan")):
        assert f'action="{address}/{what}"' in text
        assert (await post(live, f"{address}/{what}")).headers["location"] == f"{address}?done={what}"
        assert (await got(live, f"/jobs?type={job_type}&status=queued"))["items"]
        assert (await post(live, f"{address}/{what}", token="read")).status_code == 403
    assert (await post(live, "/libraries/999999/scan")).status_code == 404


async def test_a_schedule_rests_goes_on_and_is_run(live: Live, music: Shelf) -> None:
    address = f"/libraries/{music.library_id}"
    await live.ask("PUT", f"/api/v1{address}/schedule", json={"cron": "0 3 * * *", "zone": "Europe/Berlin"})
    text = words(await get(live, address))
    assert "Every day at 03:00 (Europe/Berlin)" in text
    assert "every day at 03:00" in words(await get(live, "/"))
    assert (await post(live, f"{address}/schedule/pause", token="scan")).status_code == 403
    paused = await post(live, f"{address}/schedule/pause")
    assert paused.headers["location"] == f"{address}?done=paused"
    assert "it rests since" in words(await get(live, address))
    assert "the schedule rests" in words(await get(live, "/"))
    assert (await post(live, f"{address}/schedule/run", token="scan")).status_code == 303
    assert (await post(live, f"{address}/schedule/resume")).status_code == 303
    assert "it rests" not in words(await get(live, address))


async def test_a_disk_that_is_away_is_told_in_plain_words_and_its_path_to_administrators_only(
    live: Live, music: Shelf
) -> None:
    address = f"/libraries/{music.library_id}"
    plug = unplugging.missing(music.tree.path)
    plug.pull()
    with pytest.raises(RootsUnavailable):
        await music.outcome()
    for page in ("/", address):
        text = await get(live, page)
        assert "unavailable" in words(text)
        assert f"{music.tree.path} is not there: is the disk plugged in?" in words(text)
        assert f'href="{address}/held"' in text
        for_readers = await get(live, page, token="read")
        assert str(music.tree.path) not in for_readers
        assert "A folder is not there: is the disk plugged in?" in words(for_readers)
    plug.put_back()


async def test_what_a_name_and_a_path_hold_is_text(live: Live, tmp_path: Path) -> None:
    folder = tmp_path / HOSTILE.replace("/", "")
    folder.mkdir()
    made = await live.app.libraries.add("<b>bold</b>\u202e", "music", [os.fsencode(folder)])
    for page in ("/", f"/libraries/{made.id}", f"/libraries/{made.id}/edit", f"/libraries/{made.id}/missing"):
        text = await get(live, page)
        assert "<b>" not in text
        assert "<img src=x" not in text
        assert "\u202e" not in text
        assert "&lt;b&gt;bold&lt;/b&gt;\N{REPLACEMENT CHARACTER}" in text


async def test_what_is_not_there_is_a_page_that_says_so(live: Live) -> None:
    for page in ("/libraries/999999", "/libraries/abc", "/libraries/999999/edit", "/libraries/0/missing"):
        assert "There is nothing here" in words(await get(live, page, status=404))
    assert (await live.ask("GET", "/libraries/1", token=None)).status_code == 401


async def test_the_page_of_a_library_can_be_renewed_alone(live: Live, music: Shelf) -> None:
    alone = await part(live, f"/libraries/{music.library_id}", "library", token="read")
    assert "3 tracks" in words(alone)
    assert "Scan one folder" not in alone
    activity = await part(live, f"/libraries/{music.library_id}", "activity", token="read")
    assert words(activity) == ""
