"""The missing files of a library as pages: listed with why, and forgotten only after a look."""

from __future__ import annotations

import re

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf
from tests.web.pages_stand import ON_SQLITE, get, post, words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]


async def test_missing_files_are_listed_looked_at_and_forgotten(live: Live, music: Shelf) -> None:
    address = f"/libraries/{music.library_id}"
    assert "Nothing is missing here." in words(await get(live, f"{address}/missing"))
    for name in ("1.mp3", "2.mp3"):
        (music.tree.path / "Björk/Début" / name).unlink()
    await music.scan()
    assert f'href="{address}/missing">2' in await get(live, address)
    text = await get(live, f"{address}/missing")
    assert words(text).count("not in its folder any more") == 2
    assert str(music.tree.path / "Björk/Début/1.mp3") in text
    for_readers = await get(live, f"{address}/missing", token="read")
    assert str(music.tree.path) not in for_readers
    assert "Forget" not in words(for_readers)
    ids = re.findall(r'name="file" value="(\d+)"', text)
    assert len(ids) == 2
    for form, says in (
        ({"which": "ticked"}, "Tick the files"),
        ({"which": "ticked", "file": "x"}, "Tick the files"),
        ({"which": "older", "days": "soon"}, "Say for how many days"),
        ({"which": "older", "days": "99999"}, "Say for how many days"),
    ):
        for step in ("missing", "prune"):
            refused = await post(live, f"{address}/{step}", dict(form))
            assert (refused.status_code, says in words(refused.text)) == (422, True), form
    old = await post(live, f"{address}/missing", {"which": "older", "days": "90"})
    assert "None of the missing files is as you said." in words(old.text)
    ahead = await post(live, f"{address}/missing", {"which": "ticked", "days": "90", "file": [ids[0]]})
    assert ahead.status_code == 200
    assert "Forget 1 missing file?" in words(ahead.text)
    assert f'name="file" value="{ids[0]}"' in ahead.text
    assert len((await got(live, f"{address}/missing"))["items"]) == 2
    done = await post(live, f"{address}/prune", {"which": "ticked", "days": "90", "file": [ids[0]]})
    assert (done.status_code, done.headers["location"]) == (303, f"{address}/missing?done=forgotten")
    assert [str(one["id"]) for one in (await got(live, f"{address}/missing"))["items"]] == ids[1:]
    everything = await post(live, f"{address}/missing", {"which": "all"})
    assert "Forget 1 missing file?" in words(everything.text)
    for step in ("missing", "prune"):
        assert (await post(live, f"{address}/{step}", {"which": "all"}, token="scan")).status_code == 403
    assert (await post(live, f"{address}/prune", {"which": "all"})).status_code == 303
    assert (await got(live, f"{address}/missing"))["items"] == []


async def test_a_cursor_that_is_none_is_told_to_people(live: Live, music: Shelf) -> None:
    text = await get(live, f"/libraries/{music.library_id}/missing?after=x", status=422)
    assert "Something is not as it must be" in words(text)
