"""Files in trouble: by what is wrong, looked at again, set aside, shown again."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shelfread.web import problems
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.api.lasting_servers import LASTING
from tests.conftest import Shelf
from tests.web.pages_stand import BROWSER, ON_SQLITE, get, part, post, words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]

#: What a disk may hold: markup, a direction that turns, a line break.
NASTY = "<img src=x onerror=alert(1)>\u202e\nevil.mp3"


async def trouble(shelf: Shelf) -> None:
    """Three files that are empty, and one that is nothing."""
    for name in ("1.mp3", "2.mp3", NASTY.replace("/", "")):
        shelf.tree.write(f"Bad/Bad/{name}", b"")
    shelf.tree.write("Bad/Bad/4.flac", b"fLaC nothing")
    await shelf.scan()


def _main(page: str) -> str:
    """What is not on every page."""
    return page.partition("<main")[2].partition("</main>")[0]


def links(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'href="(/problems[^"]*)"', page)]


@LASTING
async def test_without_trouble_the_page_says_so(live: Live, music: Shelf) -> None:
    page = await get(live, "/problems")
    assert "No problems. Every file could be read." in page
    assert "Look at all again" not in page


async def test_trouble_is_told_by_its_kind_with_what_to_do(live: Live, music: Shelf) -> None:
    await trouble(music)
    page = await get(live, "/problems")
    said = words(page)
    assert "4 files and folders are in trouble." in said
    assert "Empty file 3" in said
    assert "A copy or download was probably cut off." in said
    assert "Look again at 3 files?" in page
    assert "/problems?code=empty_file" in links(page)
    empty = await get(live, "/problems?code=empty_file")
    assert len(re.findall(r"<tr data-row>", empty)) == 3
    assert "Bad/Bad/1.mp3" in empty
    assert "4.flac" not in empty
    alone = await part(live, "/problems", "groups")
    assert "Empty file 3" in words(alone)


async def test_hostile_names_are_texts(live: Live, music: Shelf) -> None:
    await trouble(music)
    page = await get(live, "/problems?code=empty_file")
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;\ufffd evil.mp3" in page
    assert 'aria-label="Look again: ' in page


async def test_who_may_only_read_sees_no_button_and_no_path_and_no_form_of_theirs_works(
    live: Live, music: Shelf
) -> None:
    await trouble(music)
    (first, *_) = (await got(live, "/problems"))["items"]
    for address in ("/problems", "/problems?code=empty_file"):
        read = await get(live, address, token="read")
        assert "Bad/Bad" not in read
        for button in ("Look again", "Look at all again", "Set aside", "<button", 'action="/problems/'):
            assert button not in _main(read).replace('<button class="quiet">Show</button>', "")
        scan = await get(live, address, token="scan")
        assert "Bad/Bad" not in scan
        assert re.search("Look (at all )?again</button>", scan)
    for path in ("/problems/retry", *(f"/problems/{first['id']}/{act}" for act in ("retry", "ignore"))):
        answer = await post(live, path, token="read")
        assert (answer.status_code, "This is not for you" in answer.text) == (403, True)
    assert len((await got(live, "/problems"))["items"]) == 4


async def test_one_is_set_aside_and_shown_again(live: Live, music: Shelf) -> None:
    await trouble(music)
    (first, *_) = (await got(live, "/problems?code=empty_file"))["items"]
    address = "/problems?code=empty_file"
    page = await get(live, address)
    assert f'<form method="post" action="/problems/{first["id"]}/ignore">' in page
    assert f'<input type="hidden" name="next" value="{address}">' in page
    answer = await post(live, f"/problems/{first['id']}/ignore", {"next": address}, token="scan")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}&done=ignored")
    page = await get(live, answer.headers["location"])
    assert "It is not shown any more, until its file changes." in page
    assert len(re.findall(r"<tr data-row>", page)) == 2
    assert "1 problem is set aside" in words(page)
    aside = await get(live, "/problems?aside=1")
    assert len(re.findall(r"<tr data-row>", aside)) == 1
    assert "Show again" in aside
    assert "Look again" not in aside
    # The job that met it tells it still, as one of which nobody wants to hear.
    (job, *_) = (await got(live, "/jobs?type=scan"))["items"]
    page = await get(live, f"/jobs/{job['id']}")
    assert len(re.findall(r"set aside <time", page)) == 1
    assert page.count(">Look again</button>") == 3
    form = {"next": "/problems?aside=1&done=ignored"}
    answer = await post(live, f"/problems/{first['id']}/unignore", form)
    assert answer.headers["location"] == "/problems?aside=1&done=unignored"
    page = await get(live, answer.headers["location"])
    assert "It is shown again." in page
    assert "Nothing of this sort any more." in page


async def test_one_or_all_of_a_kind_are_looked_at_again(live: Live, music: Shelf) -> None:
    await trouble(music)
    (first, *_) = (await got(live, "/problems?code=empty_file"))["items"]
    answer = await post(live, f"/problems/{first['id']}/retry", {"next": "/problems?code=empty_file"})
    assert answer.headers["location"] == "/problems?code=empty_file&done=retry"
    assert "It is tried again." in await get(live, answer.headers["location"])
    address = f"/problems?library_id={music.library_id}"
    page = await get(live, address)
    # The button takes the library with it, and leads back to it.
    assert f'name="library_id" value="{music.library_id}"' in page
    assert f'<input type="hidden" name="next" value="{address}">' in page
    form = {"code": "empty_file", "library_id": str(music.library_id), "next": address}
    answer = await post(live, "/problems/retry", form, token="scan")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}&done=retry")
    for number in (1, 2):
        music.tree.add(f"Bad/Bad/{number}.mp3")
    music.tree.delete(f"Bad/Bad/{NASTY}")
    await music.scan()
    assert len(music.opened) >= 2
    again = await post(live, "/problems/retry", form)
    assert again.status_code == 409
    assert "There is no such open problem" in words(again.text)


async def test_what_is_chosen_stays_while_something_else_is(live: Live, music: Shelf) -> None:
    await trouble(music)
    (first, *_) = (await got(live, "/problems?code=empty_file"))["items"]
    await post(live, f"/problems/{first['id']}/ignore")
    own = f"library_id={music.library_id}"
    page = await get(live, f"/problems?{own}&code=empty_file")
    assert '<input type="hidden" name="code" value="empty_file">' in page
    assert f'<option value="{music.library_id}" selected>Music</option>' in page
    assert f"/problems?{own}" in links(page)
    assert f"/problems?{own}&aside=1" in links(page)
    assert f"/problems?{own}&code=empty_file" in links(await get(live, f"/problems?{own}"))
    # Choosing a library among what is set aside stays there.
    assert '<input type="hidden" name="aside" value="1">' in await get(live, "/problems?aside=1")
    other = await get(live, f"/problems?library_id={music.library_id + 1}")
    assert "No problems." in other


async def test_a_long_list_goes_on(live: Live, music: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "_ROWS", 2)
    await trouble(music)
    seen: list[str] = []
    address = f"/problems?library_id={music.library_id}&code=empty_file"
    while address:
        page = await get(live, address)
        seen += re.findall(r'action="/problems/(\d+)/ignore"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = unescape(found[1]) if found else ""
        assert not address or f"library_id={music.library_id}&code=empty_file&after=" in address
    assert len(seen) == len(set(seen)) == 3


@LASTING
@pytest.mark.parametrize("query", ["code=nonsense", "library_id=x", "code=empty_file&after=odd"])
async def test_an_address_that_nobody_understands_is_a_page_that_says_so(live: Live, query: str) -> None:
    page = await get(live, f"/problems?{query}", status=422)
    assert "Something in this address cannot be understood" in words(page)
    assert "query." not in page


@LASTING
async def test_what_is_no_problem_and_no_act_is_a_page_that_says_so(live: Live) -> None:
    for path in ("/problems/999/retry", "/problems/x/ignore", "/problems/%00/retry", "/problems/1/remove"):
        answer = await post(live, path)
        assert (answer.status_code, "There is nothing here" in answer.text) == (404, True), path
    answer = await live.ask("GET", "/problems/1/retry", headers=BROWSER)
    assert (answer.status_code, answer.text.startswith("<!doctype html>")) == (405, True)
    refused = await post(live, "/problems/retry", {"code": "nonsense"})
    assert (refused.status_code, "query." in refused.text) == (422, False)
