"""A new library by the page for it: folders chosen without a script, what is suggested, what is refused."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Tree
from tests.web.pages_stand import HOSTILE, ON_SQLITE, get, post, words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]


def field(text: str, name: str) -> str | None:
    """The value of a field of a page."""
    found = re.search(rf'<input[^>]*\sname="{name}"[^>]*\svalue="([^"]*)"', text)
    return found.group(1) if found else None


async def test_folders_are_opened_and_taken_step_by_step(live: Live, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "media/Good Music")
    tree.add("Abba/Gold/1.mp3")
    begin = await get(live, "/libraries/new")
    assert "Places to begin with" in words(begin)
    opened = await get(live, f"/libraries/new?open={quote(str(tmp_path / 'media'))}&first=1")
    assert "Your first library" in words(opened)
    assert "Good Music" in words(opened)
    assert field(opened, "folder") == str(tmp_path / "media")
    inside = str(tree.path)
    assert f'name="open" value="{inside}"' in opened
    taken = await get(live, f"/libraries/new?at={quote(inside)}&folder={quote(inside)}&take={quote(inside)}")
    assert f'type="hidden" name="path" value="{inside}"' in taken
    assert (field(taken, "name"), field(taken, "guessed")) == ("Good Music", "music")
    assert re.search(r'name="kind" value="music" required checked', taken)
    assert "Seen in it: 1 music file." in words(taken)
    left = await get(live, f"/libraries/new?path={quote(inside)}&leave={quote(inside)}")
    assert 'name="path"' not in left


async def test_what_a_person_chose_is_not_suggested_away(live: Live, tmp_path: Path) -> None:
    tree = Tree(tmp_path / "media")
    tree.add("1.mp3")
    asked = f"/libraries/new?path={quote(str(tree.path))}&suggested=old&guessed=video"
    kept = await get(live, asked + "&name=Mine&kind=books")
    assert field(kept, "name") == "Mine"
    assert re.search(r'value="books" required checked', kept)
    renewed = await get(live, asked + "&name=old&kind=video")
    assert field(renewed, "name") == "media"
    assert re.search(r'value="music" required checked', renewed)


async def test_a_library_is_made_and_its_first_scan_queued(live: Live, tmp_path: Path) -> None:
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        path.mkdir()
    form: dict[str, str | list[str]] = {
        "first": "1",
        "path": [str(path) for path in paths],
        "name": "Both",
        "kind": "books",
        "every": "0 3 * * *",
        "options_shown": "1",
        "option_watch": "1",
        "option_ignore": "extras/\r\n\r\n*.bak",
        "option_thumbnails": "1",
        "option_thumbnail_format": "jpeg",
        "option_thumbnail_quality": "70",
        "option_thumbnail_width": "200",
        "option_thumbnail_height": "300",
        "option_thumbnail_scale": "0,5",
        "option_pattern": "collection",
        "option_trash_days": "7",
        "option_prune_days": "90",
    }
    answer = await post(live, "/libraries/new", form)
    (job,) = (await got(live, "/jobs"))["items"]
    assert (answer.status_code, answer.headers["location"]) == (303, f"/jobs/{job['id']}?first=1")
    made = (await live.ask("GET", f"/api/v1/libraries/{job['library_id']}")).json()
    assert (made["name"], made["kind"]) == ("Both", "books")
    assert [root["path"] for root in made["roots"]] == [str(path) for path in paths]
    assert made["schedule"]["words"] == "every day at 03:00"
    expected = {"watch": True, "ignore": ["extras/", "*.bak"], "thumbnail_scale": 0.5, "prune_days": 90}
    expected |= {"pattern": "collection", "convert": False, "trash_days": 7, "thumbnail_format": "jpeg"}
    assert expected.items() <= made["options"].items()


async def test_with_nothing_but_a_typed_folder_the_defaults_are_sane(live: Live, tmp_path: Path) -> None:
    (tmp_path / "Music").mkdir()
    form: dict[str, str | list[str]] = {"folder": str(tmp_path / "Music"), "kind": "music"}
    answer = await post(live, "/libraries/new", form)
    assert answer.status_code == 303, answer.text
    (made,) = (await got(live, "/libraries"))["items"]
    assert (made["name"], made["schedule"], made["options"]["thumbnails"]) == ("Music", None, True)


async def test_what_is_refused_comes_back_with_all_that_was_typed(live: Live, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    good: dict[str, str | list[str]] = {
        "path": str(tmp_path / "a"),
        "kind": "music",
        "name": "Mine <b>",
        "options_shown": "1",
        "option_ignore": "extras/",
        "option_thumbnail_format": "webp",
        "option_thumbnail_quality": "80",
        "option_thumbnail_width": "400",
        "option_thumbnail_height": "600",
        "option_pattern": "series",
        "option_trash_days": "30",
        "every": "",
        "cron": "",
    }
    for wrong, says in (
        ({"path": ""}, "Choose a folder"),
        ({"path": str(tmp_path / "nowhere")}, "nowhere"),
        ({"path": "/etc"}, "/etc"),
        ({"kind": ""}, "Say what is in the folder"),
        ({"kind": "stamps"}, "no kind 'stamps'"),
        ({"option_thumbnail_quality": "500"}, "“Quality” has to be a whole number from 1 to 100"),
        ({"option_thumbnail_quality": "much"}, "“Quality” has to be a whole number from 1 to 100"),
        ({"option_ignore": "[z-a]["}, "ignore"),
        ({"every": "own", "cron": "at noon"}, "2 fields"),
    ):
        form = good | wrong
        answer = await post(live, "/libraries/new", form)
        assert answer.status_code == 422, wrong
        assert says in words(answer.text), (wrong, words(answer.text)[:400])
        assert 'role="alert"' in answer.text
        assert "Mine &lt;b&gt;" in answer.text
        for name in ("option_thumbnail_quality", "cron"):
            assert field(answer.text, name) == form[name]
        assert str(form["option_ignore"]).replace('"', "&#34;") in answer.text
    assert (await got(live, "/libraries"))["items"] == []
    assert (await post(live, "/libraries/new", good)).status_code == 303
    taken = await post(live, "/libraries/new", good | {"path": str(tmp_path)})
    assert taken.status_code == 409


async def test_a_folder_that_is_no_utf8_can_be_opened_and_taken(live: Live, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(name)
    os.mkdir(name + b"/in")
    coded = "base64:" + base64.b64encode(name).decode()
    above = await get(live, f"/libraries/new?open={quote(str(tmp_path))}")
    assert f'name="open" value="{coded}"' in above
    inside = await get(live, f"/libraries/new?open={quote(coded)}")
    assert f'name="take" value="{coded}"' in inside
    assert 'name="at" value="base64:' in inside
    shown = field(inside, "folder") or ""
    again = await get(live, f"/libraries/new?at={quote(coded)}&folder={quote(shown)}&take={quote(coded)}")
    assert f'name="path" value="{coded}"' in again
    answer = await post(live, "/libraries/new", {"path": coded, "kind": "music"})
    assert answer.status_code == 303, answer.text
    (made,) = (await live.ask("GET", "/api/v1/libraries")).json()["items"]
    assert base64.b64decode(made["roots"][0]["path_b64"]) == name


async def test_the_names_of_folders_are_text(live: Live, tmp_path: Path) -> None:
    (tmp_path / HOSTILE.replace("/", "")).mkdir()
    text = await get(live, f"/libraries/new?folder={quote(str(tmp_path))}")
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "<img src=x" not in text
    odd = await get(live, "/libraries/new?folder=%3Cscript%3E&name=%22%3E%3Cb%3E&kind=x&path=%3Cb%3E")
    assert "<script>" not in odd
    assert "<b>" not in odd


async def test_only_an_administrator_makes_libraries(live: Live) -> None:
    for token in ("read", "scan"):
        await get(live, "/libraries/new", token=token, status=403)
        assert (await post(live, "/libraries/new", {"folder": "/srv"}, token=token)).status_code == 403
