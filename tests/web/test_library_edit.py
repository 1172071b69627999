"""Changing and forgetting a library by its page: everything comes back when something is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.api_stand import Live
from tests.conftest import Shelf
from tests.web.pages_stand import ON_SQLITE, get, post, words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]

Given = dict[str, str | list[str]]


def filled_in(text: str) -> Given:
    """The fields of the form as a browser would send them, untouched."""
    form = text.partition('id="change"')[2].partition("</form>")[0]
    given: Given = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" in said and (said.get("type") not in ("checkbox", "radio") or " checked" in tag):
            given[said["name"]] = said.get("value", "")
    for name, content in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.S):
        given[name] = content
    for name, content in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.findall(r'value="([^"]*)" selected', content)
        given[name] = (chosen or re.findall(r'value="([^"]*)"', content))[0]
    return given


async def _library(live: Live, library_id: int) -> dict[str, Any]:
    found: dict[str, Any] = (await live.ask("GET", f"/api/v1/libraries/{library_id}")).json()
    return found


async def test_saving_what_is_there_changes_nothing(live: Live, comics: Shelf) -> None:
    address = f"/libraries/{comics.library_id}"
    options = {"ignore": ["a/", "*.b"], "thumbnail_scale": 0.25, "prune_days": 30, "pattern": "collection"}
    await live.ask("PATCH", f"/api/v1{address}", json={"options": options})
    await live.ask("PUT", f"/api/v1{address}/schedule", json={"cron": "5 4 * * *", "zone": "Asia/Tokyo"})
    before = await _library(live, comics.library_id)
    answer = await post(live, f"{address}/edit", filled_in(await get(live, f"{address}/edit")))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?done=saved"), answer.text
    assert await _library(live, comics.library_id) == before


async def test_every_part_of_a_library_can_be_changed(live: Live, comics: Shelf, tmp_path: Path) -> None:
    address = f"/libraries/{comics.library_id}"
    more, other = tmp_path / "more", tmp_path / "other"
    for folder in (more, other):
        folder.mkdir()
    (root,) = (await _library(live, comics.library_id))["roots"]
    form = filled_in(await get(live, f"{address}/edit"))
    form |= {"name": "Bücher", "path": str(more), "folder": str(other), "empty_ok": str(root["id"])}
    form |= {"option_follow_symlinks": "1", "option_ignore": "extras/\r\n", "option_convert": "1"}
    form |= {"option_prune_days": "7", "every": "own", "cron": "30 4 * * SUN", "zone": "Europe/Berlin"}
    answer = await post(live, f"{address}/edit", form)
    assert answer.status_code == 303, words(answer.text)
    made = await _library(live, comics.library_id)
    assert made["name"] == "Bücher"
    assert {one["path"] for one in made["roots"]} == {root["path"], str(more), str(other)}
    assert [one["empty_ok"] for one in made["roots"] if one["id"] == root["id"]] == [True]
    expected = {"follow_symlinks": True, "ignore": ["extras/"], "convert": True, "prune_days": 7}
    assert expected.items() <= made["options"].items()
    assert (made["schedule"]["cron"], made["schedule"]["zone"]) == ("30 4 * * SUN", "Europe/Berlin")
    form = filled_in(await get(live, f"{address}/edit"))
    leaving = [str(one["id"]) for one in made["roots"] if one["id"] != root["id"]]
    form |= {"remove_root": leaving, "every": "", "option_prune_days": ""}
    del form["option_convert"]
    assert (await post(live, f"{address}/edit", form)).status_code == 303
    made = await _library(live, comics.library_id)
    assert [one["path"] for one in made["roots"]] == [root["path"]]
    assert (made["schedule"], made["options"]["prune_days"]) == (None, None)
    assert made["options"]["convert"] is False


async def test_what_is_refused_comes_back_as_it_was_typed(live: Live, music: Shelf, tmp_path: Path) -> None:
    address = f"/libraries/{music.library_id}/edit"
    await live.app.libraries.add("Taken", "books", [bytes(tmp_path / "t")])
    (root,) = (await _library(live, music.library_id))["roots"]
    form = filled_in(await get(live, address)) | {"option_ignore": "<b>/", "zone": "Europe/Berlin"}
    for wrong, status, says in (
        ({"name": ""}, 422, "Give the library a name"),
        ({"name": "Taken"}, 409, "already there"),
        ({"option_thumbnail_width": "1"}, 422, "“Largest width” has to be a whole number from 16 to 4096"),
        ({"option_thumbnail_scale": "big"}, 422, "has to be a number from 0.01 to 1"),
        ({"folder": str(tmp_path / "nowhere")}, 422, "nowhere"),
        ({"path": "relative"}, 422, "no absolute path"),
        ({"remove_root": str(root["id"])}, 422, "A library needs a folder"),
        ({"every": "own", "cron": "at noon"}, 422, "All but the schedule is saved."),
        ({"every": "0 3 * * *", "zone": "Mars/Base"}, 422, "Mars/Base"),
    ):
        given = form | wrong
        answer = await post(live, address, given)
        assert (answer.status_code, says in words(answer.text)) == (status, True), (
            wrong,
            words(answer.text)[:500],
        )
        again = filled_in(answer.text)
        for name in ("name", "option_thumbnail_width", "option_thumbnail_scale", "every", "cron", "zone"):
            assert again[name] == given[name], (wrong, name)
        assert "&lt;b&gt;/" in str(again["option_ignore"])
    assert (await _library(live, music.library_id))["name"] == "Music"


async def test_one_more_folder_is_chosen_with_all_that_was_typed(
    live: Live, music: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    address = f"/libraries/{music.library_id}/edit"
    asked = f"{address}?options_shown=1&name=Typed&every=own&cron=x&take={quote(str(tmp_path / 'more'))}"
    text = await get(live, asked)
    assert f'type="hidden" name="path" value="{tmp_path / "more"}"' in text
    assert '<details id="more-folders" open>' in text
    assert filled_in(text)["name"] == "Typed"


async def test_a_library_goes_when_its_name_was_typed(live: Live, music: Shelf) -> None:
    address = f"/libraries/{music.library_id}"
    assert "No file is touched" in words(await get(live, f"{address}/edit"))
    for typed in ("", "music", "Musi"):
        kept = await post(live, f"{address}/remove", {"really": typed})
        assert kept.status_code == 422
        assert "Type the name of the library" in words(kept.text)
    assert (await post(live, f"{address}/remove", {"really": "Music"}, token="scan")).status_code == 403
    gone = await post(live, f"{address}/remove", {"really": " Music "})
    assert (gone.status_code, gone.headers["location"]) == (303, "/?done=removed")
    assert (await live.ask("GET", f"/api/v1{address}")).status_code == 404
    assert music.tree.files() != set()


async def test_only_an_administrator_changes_a_library(live: Live, music: Shelf) -> None:
    address = f"/libraries/{music.library_id}"
    for token in ("read", "scan"):
        await get(live, f"{address}/edit", token=token, status=403)
        assert (await post(live, f"{address}/edit", {"name": "x"}, token=token)).status_code == 403
        assert f"{address}/edit" not in await get(live, address, token=token)


async def test_one_folder_of_a_library_is_scanned(live: Live, music: Shelf) -> None:
    address = f"/libraries/{music.library_id}"
    refused = await post(live, f"{address}/scan-folder", {"folder": "/srv/<b>"})
    assert refused.status_code == 422
    assert "is in no folder of the library" in words(refused.text)
    assert 'value="/srv/&lt;b&gt;"' in refused.text
    done = await post(live, f"{address}/scan-folder", {"folder": str(music.tree.path / "Abba")})
    assert (done.status_code, done.headers["location"]) == (303, f"{address}?done=scan")
