"""What waits for a person's word, as pages: held changes and files that are probably the same."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pytest

from shelfread.scan.plan import RootsUnavailable
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf
from tests.scan import unplugging
from tests.web.pages_stand import ON_SQLITE, get, part, post, words

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_SQLITE]


async def _much_is_gone(music: Shelf) -> None:
    for number in range(22):
        music.tree.add(f"Ada/<i>First/{number:02}.mp3", seed=7)
    await music.scan()
    music.tree.delete("Ada")
    assert (await music.outcome()).held == 22


async def test_nothing_waits_in_a_library_that_is_well(live: Live, music: Shelf) -> None:
    for page in ("/held", f"/libraries/{music.library_id}/held"):
        text = words(await get(live, page, token="read"))
        assert "Nothing is held." in text
        assert "No file is in doubt." in text
    assert "/held" not in await get(live, "/")


async def test_what_vanished_at_once_is_shown_kept_and_confirmed(live: Live, music: Shelf) -> None:
    await _much_is_gone(music)
    address = f"/libraries/{music.library_id}/held"
    assert "22 files vanished at once. Look whether that is right" in words(await get(live, "/"))
    assert f'href="{address}"' in await get(live, f"/libraries/{music.library_id}", token="read")
    text = await get(live, address)
    assert "This disk looks unplugged" in words(text)
    assert "22 files would be marked as missing" in words(text)
    assert "&lt;i&gt;First/00.mp3" in text
    assert "<i>" not in text
    assert text.count("data-confirm=") == 2
    assert "22 files would be marked as missing" in words(await part(live, "/held", "held"))
    for_readers = await get(live, "/held", token="read")
    assert str(music.tree.path) not in for_readers
    assert "<button" not in for_readers.partition("<main")[2].partition("</main>")[0]
    root = re.search(r'name="root" value="(\d+)"', text)
    assert root is not None
    form: dict[str, Any] = {"root": root.group(1), "next": "/held"}
    for way in ("confirm", "reject"):
        assert (await post(live, f"{address}/{way}", form, token="scan")).status_code == 403
        for wrong in ({"root": ""}, {"root": "x"}, {"root": "999999"}):
            answer = await post(live, f"{address}/{way}", form | wrong)
            assert answer.status_code == 422, (way, wrong)
    kept = await post(live, f"{address}/reject", form)
    assert (kept.status_code, kept.headers["location"]) == (303, "/held?done=rejected")
    assert "Nothing is marked as missing. A scan looks again." in words(
        await get(live, kept.headers["location"])
    )
    (job,) = (await got(live, "/jobs?status=queued"))["items"]
    assert job["type"] == "scan"
    await live.ask("POST", f"/api/v1/jobs/{job['id']}/cancel")
    assert (await music.outcome()).held == 22
    gone = await post(live, f"{address}/confirm", form | {"next": "https://elsewhere.example"})
    assert (gone.status_code, gone.headers["location"]) == (303, f"{address}?done=confirmed")
    assert (await got(live, f"/libraries/{music.library_id}"))["items"]["missing"] == 22
    assert "22 files" in words(await get(live, "/"))


async def test_another_disk_can_be_confirmed_and_one_that_is_away_cannot(live: Live, music: Shelf) -> None:
    address = f"/libraries/{music.library_id}/held"
    plug = unplugging.missing(music.tree.path)
    plug.pull()
    with pytest.raises(RootsUnavailable):
        await music.outcome()
    text = await get(live, address)
    assert "This folder cannot be read" in words(text)
    assert "3 files are known there" in words(text)
    assert f"{address}/confirm" not in text
    assert f'href="/libraries/{music.library_id}/edit#folders"' in text
    plug.put_back()
    await music.outcome()
    unplugging.another(music.tree.path, "Zed/Other/9.mp3").pull()
    with pytest.raises(RootsUnavailable):
        await music.outcome()
    text = await get(live, address)
    assert "Another disk is in the place of this one" in words(text)
    root = re.search(r'name="root" value="(\d+)"', text)
    assert root is not None
    done = await post(live, f"{address}/confirm", {"root": root.group(1)})
    assert done.status_code == 303
    assert "Confirmed: the next scan believes what is there." in words(await get(live, address))
    assert len((await got(live, "/jobs?status=queued"))["items"]) == 1


@pytest.mark.parametrize(("then", "told"), [("back", "looking"), ("missing", "unlisted")])
async def test_a_word_that_comes_too_late_is_not_called_a_confirmation(
    live: Live, music: Shelf, then: str, told: str
) -> None:
    """Rule 1: the page was read while the disk looked empty."""
    address = f"/libraries/{music.library_id}/held"
    plug = unplugging.empty(music.tree.path)
    plug.pull()
    with pytest.raises(RootsUnavailable):
        await music.outcome()
    root = re.search(r'name="root" value="(\d+)"', await get(live, address))
    assert root is not None
    plug.put_back()
    if then == "missing":
        unplugging.missing(music.tree.path).pull()
    done = await post(live, f"{address}/confirm", {"root": root.group(1)})
    assert (done.status_code, done.headers["location"]) == (303, f"{address}?done={told}")
    assert "nothing was marked" in words(await get(live, f"{address}?done={told}"))
    queued = (await got(live, "/jobs?status=queued"))["items"]
    assert len(queued) == (1 if then == "back" else 0)


async def test_files_that_are_probably_the_same_are_shown_in_pairs_and_settled(
    live: Live, music: Shelf
) -> None:
    folder = music.tree.path / "Björk/Début"
    for name in ("a.mp3", "b.mp3"):
        shutil.copy(folder / "1.mp3", folder / name)
    await music.scan()
    (folder / "1.mp3").unlink()
    await music.scan()
    assert "Some files are probably the same as missing ones" in words(await get(live, "/"))
    address = f"/libraries/{music.library_id}/held"
    text = await get(live, address)
    assert words(text).count("The content is the same, and other files have it, too.") == 2
    assert str(folder / "a.mp3") in text
    for_readers = await get(live, "/held", token="read")
    assert str(folder) not in for_readers
    assert "/likenesses/" not in for_readers
    first, second = [one["id"] for one in (await got(live, "/likenesses"))["items"]]
    assert (await post(live, f"/likenesses/{first}/confirm", token="scan")).status_code == 403
    assert (await post(live, "/likenesses/999999/reject")).status_code == 404
    no = await post(live, f"/likenesses/{second}/reject", {"next": address})
    assert (no.status_code, no.headers["location"]) == (303, f"{address}?done=different")
    refused = await post(live, f"/likenesses/{second}/confirm", {"next": address})
    assert refused.status_code == 409
    assert "not the same" in words(refused.text)
    yes = await post(live, f"/likenesses/{first}/confirm", {"next": "/held"})
    assert (yes.status_code, yes.headers["location"]) == (303, "/held?done=same")
    assert "No file is in doubt." in words(await get(live, "/held"))
