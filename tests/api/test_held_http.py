"""What waits for a person's word, over HTTP: listed with why and since when, confirmed and rejected."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from shelfread.app.claiming import held
from shelfread.app.places import whole
from shelfread.model.batch import BatchReport
from shelfread.model.change import Counters
from shelfread.model.job import JobType, Phase
from shelfread.scan.plan import RootsUnavailable
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf
from tests.scan import unplugging
from tests.scan.unplugging import Walkers

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_d12_what_is_held_is_listed_and_settled_by_an_administrator(live: Live, music: Shelf) -> None:
    address = f"/libraries/{music.library_id}/held"
    assert await got(live, address) == {"items": [], "next": None}
    for number in range(22):
        music.tree.add(f"Ada/First/{number:02}.mp3", seed=7)
    await music.scan()
    music.tree.delete("Ada")
    assert (await music.outcome()).held == 22
    (one,) = (await live.ask("GET", f"/api/v1{address}")).json()["items"]
    assert (one["code"], one["files"], one["can_be_confirmed"]) == ("mass_removal_held", 22, True)
    assert one["reason"].startswith("22 items are gone at once")
    assert one["since"].endswith("Z")
    assert one["path"] == str(music.tree.path)
    assert [each["path"].rpartition("/")[2] for each in one["examples"]] == [f"{n:02}.mp3" for n in range(5)]
    (for_readers,) = (await got(live, address))["items"]
    assert for_readers.keys().isdisjoint({"path", "examples"})
    assert str(music.tree.path) not in str(for_readers)
    assert (await live.ask("GET", f"/api/v1{address}?after=x")).status_code == 422
    for way in ("confirm", "reject"):
        asked = f"/api/v1{address}/{way}"
        assert (await live.ask("POST", asked, token="scan")).status_code == 403
        assert (await live.ask("POST", f"/api/v1/libraries/999999/held/{way}")).status_code == 404
        unknown = await live.ask("POST", asked, json={"root_ids": [one["root_id"] + 1]})
        assert (unknown.status_code, "is no root of this library" in unknown.text) == (422, True)
    library = await music.library()
    async with held(music.database, library, JobType.SCAN, whole(library)) as job:
        for way in ("confirm", "reject"):
            beside = await live.ask("POST", f"/api/v1{address}/{way}")
            assert (beside.status_code, "a scan of this library is running now" in beside.text) == (409, True)
        await job.finish(None, BatchReport(Counters(), Phase.DONE))
    kept = await live.ask("POST", f"/api/v1{address}/reject", json={"root_ids": [one["root_id"]]})
    assert kept.json() == {"library_id": music.library_id, "items_kept": 22}
    assert await got(live, address) == {"items": [], "next": None}
    assert (await music.outcome()).held == 22
    assert (await live.ask("POST", f"/api/v1{address}/confirm")).json() == {
        "library_id": music.library_id,
        "items_removed": 22,
        "items_left_out": 0,
        "items_kept": 0,
        "items_held": 0,
        "roots_confirmed": 0,
        "roots_back": 0,
        "roots_unlisted": 0,
        "roots_changed": 0,
    }
    assert (await got(live, f"/libraries/{music.library_id}"))["items"]["missing"] == 22


async def test_another_disk_in_the_place_of_a_root_is_listed_and_can_be_confirmed(
    live: Live, music: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/libraries/{music.library_id}/held"

    async def only() -> dict[str, Any]:
        (one,) = (await live.ask("GET", f"/api/v1{address}")).json()["items"]
        return one  # type: ignore[no-any-return]

    with contextlib.closing(Walkers()) as walkers:
        monkeypatch.setattr(music.pools, "walkers", walkers)
        ill = unplugging.failing(walkers, b"Abba", 0)
        ill.pull()
        await music.outcome()
        one = await only()
        assert (one["code"], one["files"], one["can_be_confirmed"]) == ("folder_unreadable", 1, False)
        assert one["path"] == str(music.tree.path / "Abba")
        ill.put_back()
        await music.scan()
        monkeypatch.undo()
    assert await got(live, address) == {"items": [], "next": None}
    unplugging.another(music.tree.path, "Zed/Other/9.mp3").pull()
    with pytest.raises(RootsUnavailable):
        await music.outcome()
    one = await only()
    assert (one["code"], one["files"], one["confirmed"]) == ("other_disk", 3, False)
    assert "is another filesystem than before" in one["reason"]
    done = (await live.ask("POST", f"/api/v1{address}/confirm", json={})).json()
    assert (done["items_removed"], done["roots_confirmed"]) == (0, 1)
    assert (await only())["confirmed"] is True
    assert await music.scan() == {"failed": 1, "removed": 3}
    assert await got(live, address) == {"items": [], "next": None}
