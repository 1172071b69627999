"""Missing files over HTTP: listed with since when and why, previewed, forgotten."""

from __future__ import annotations

import pytest

from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_d12_missing_files_are_listed_page_by_page_and_pruned_by_an_administrator(
    live: Live, music: Shelf
) -> None:
    address = f"/libraries/{music.library_id}/missing"
    prune = f"/api/v1/libraries/{music.library_id}/prune"
    assert await got(live, address) == {"items": [], "next": None}
    for name in ("1.mp3", "2.mp3"):
        (music.tree.path / "Björk/Début" / name).unlink()
    await music.scan()
    first = (await live.ask("GET", f"/api/v1{address}?limit=1")).json()
    second = (await live.ask("GET", f"/api/v1{address}?limit=1&after={first['next']}")).json()
    assert second["next"] is None
    items = first["items"] + second["items"]
    assert [(one["missing_reason"], one["path"].rpartition("/")[2]) for one in items] == [
        ("gone", "1.mp3"), ("gone", "2.mp3"),
    ]  # fmt: skip
    assert all(one["missing_since"] for one in items)
    for_readers = (await live.ask("GET", f"/api/v1{address}", token="read")).json()["items"]
    assert all("path" not in one for one in for_readers)
    assert (await live.ask("GET", f"/api/v1{address}?after=x")).status_code == 422
    refused: list[dict[str, object]] = [
        {},
        {"dry_run": True},
        {"all": True, "older_than_days": 1},
        {"file_ids": []},
    ]
    for body in refused:
        assert (await live.ask("POST", prune, json=body)).status_code == 422
    assert (await live.ask("POST", prune, token="scan", json={"all": True})).status_code == 403
    ahead = await live.ask("POST", prune, json={"all": True, "dry_run": True})
    assert ahead.json() == {"dry_run": True, "files": 2, "kept_back": []}
    assert (await live.ask("POST", prune, json={"older_than_days": 1})).json()["files"] == 0
    done = await live.ask("POST", prune, json={"file_ids": [items[0]["id"]]})
    assert done.json() == {"dry_run": False, "files": 1, "kept_back": []}
    assert [one["id"] for one in (await got(live, address))["items"]] == [items[1]["id"]]
    library = f"/api/v1/libraries/{music.library_id}"
    root_id = items[0]["root_id"]
    changed = await live.ask("PATCH", library, json={"roots": [{"id": root_id, "empty_ok": True}]})
    assert changed.json()["roots"][0]["empty_ok"] is True
    unknown = await live.ask("PATCH", library, json={"roots": [{"id": root_id + 1, "empty_ok": True}]})
    assert (unknown.status_code, "is no root of this library" in unknown.text) == (422, True)
    for given, kept in ((30, 30), (None, None)):
        changed = await live.ask("PATCH", library, json={"options": {"prune_days": given}})
        assert changed.json()["options"]["prune_days"] == kept
