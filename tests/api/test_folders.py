"""Choosing the root of a library in a browser: which folders are shown, and what kind is in one."""

from __future__ import annotations

import asyncio
import base64
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shelfread.app import folders
from shelfread.app.folders import Looks, TooManyLooks, Unlisted
from tests.api.api_stand import NO_SQL, Live
from tests.api.lasting_servers import LASTING

pytestmark = pytest.mark.asyncio(loop_scope="session")


@contextmanager
def _allowed(live: Live, *allowed: Path) -> Iterator[None]:
    before = live.app.settings
    roots = tuple(os.fsencode(folder) for folder in allowed)
    live.app.settings = before.model_copy(update={"allowed_roots": roots})
    try:
        yield
    finally:
        live.app.settings = before


async def _shown(live: Live, path: Path | None = None, **more: str) -> dict[str, Any]:
    params = more if path is None else {"path": str(path), **more}
    answer = await live.ask("GET", "/api/v1/folders", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _refused(live: Live, path: str, slug: str, address: str = "/api/v1/folders") -> str:
    answer = await live.ask("GET", address, params={"path": path})
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{slug}"), answer.text
    return str(answer.json()["detail"])


def _names(found: dict[str, Any]) -> list[str]:
    return [one["name"] for one in found["items"]]


@LASTING
@NO_SQL
async def test_folders_are_listed_as_people_sort_them_without_files_and_hidden_ones(
    live: Live, tmp_path: Path
) -> None:
    top = tmp_path / "top"
    for name in ("Disc 10", "disc 2", "Älter", ".hidden"):
        (top / name).mkdir(parents=True)
    (top / "file.mp3").write_bytes(b"")
    os.mkdir(os.fsencode(top) + b"/caf\xe9")
    found = await _shown(live, top)
    assert (found["path"], found["parent"], found["next"]) == (str(top), str(tmp_path), None)
    assert found["can_be_root"] is True
    assert _names(found) == ["caf�", "disc 2", "Disc 10", "Älter"]
    assert found["items"][1] == {"name": "disc 2", "path": f"{top}/disc 2"}
    odd = base64.b64encode(os.fsencode(top) + b"/caf\xe9").decode()
    assert found["items"][0]["path_b64"] == odd
    inside = await _shown(live, path_b64=odd)
    assert (inside["path_b64"], inside["parent"], inside["items"]) == (odd, str(top), [])
    both = await live.ask("GET", "/api/v1/folders", params={"path": "/srv", "path_b64": odd})
    assert both.status_code == 422


@LASTING
@NO_SQL
async def test_long_folders_come_page_by_page(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        (tmp_path / "top" / f"{number}").mkdir(parents=True)
    monkeypatch.setattr(folders, "PAGE", 3)
    seen: list[str] = []
    more: dict[str, str] = {}
    while True:
        found = await _shown(live, tmp_path / "top", **more)
        assert len(found["items"]) <= 3
        seen += _names(found)
        if found["next"] is None:
            break
        more = {"after": found["next"]}
    assert seen == [str(number) for number in range(7)]
    for params in ({"path": str(tmp_path), "after": "x"}, {"after": "x"}):
        assert (await live.ask("GET", "/api/v1/folders", params=params)).status_code == 422


@LASTING
@NO_SQL
async def test_what_may_be_no_root_and_leads_to_none_is_not_shown(live: Live, tmp_path: Path) -> None:
    top = await _shown(live, Path("/"))
    assert (top["parent"], top["can_be_root"]) == (None, False)
    assert {"etc", "proc", "sys", "dev", "boot"}.isdisjoint(_names(top))
    assert {"usr", "tmp"} <= set(_names(top))
    assert set(_names(await _shown(live, Path("/usr")))) <= {"local", "home", "share"}
    for path in ("/etc", "/proc/self", "/usr/bin", "/srv/../etc", "//etc", "etc", "."):
        await _refused(live, path, "path-refused")
    own = live.app.settings.data_dir
    await _refused(live, str(own), "path-refused")
    assert own.name not in _names(await _shown(live, own.parent))
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "in").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "below").mkdir(parents=True)
    assert {"in", "real"} <= set(_names(await _shown(live, tmp_path)))
    assert {"out", "round"}.isdisjoint(_names(await _shown(live, tmp_path)))
    assert _names(await _shown(live, tmp_path / "in")) == ["below"]
    await _refused(live, str(tmp_path / "out"), "path-refused")


@NO_SQL
async def test_where_roots_are_confined_nothing_else_is_shown(live: Live, tmp_path: Path) -> None:
    allowed, other = tmp_path / "allowed", tmp_path / "other"
    (allowed / "music").mkdir(parents=True)
    (other / "music").mkdir(parents=True)
    (allowed / "out").symlink_to(other)
    (allowed / "home").symlink_to(allowed / "music")
    with _allowed(live, allowed, Path("/etc")):
        begin = await _shown(live)
        assert begin == {
            "path": None,
            "parent": None,
            "can_be_root": False,
            "items": [{"name": str(allowed), "path": str(allowed)}],
            "next": None,
        }
        found = await _shown(live, allowed)
        assert (_names(found), found["parent"]) == (["home", "music"], None)
        for path in (other, tmp_path, allowed / "out", allowed / "out" / "music", f"{allowed}/../other", "/"):
            assert "SHELFREAD_ALLOWED_ROOTS" in await _refused(live, str(path), "path-refused")
            await _refused(live, str(path), "path-refused", "/api/v1/folders/kind")


@LASTING
@NO_SQL
async def test_what_cannot_be_listed_says_so_in_words(live: Live, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert "Not a directory" in await _refused(live, str(file), "unreadable")
    assert "No such file" in await _refused(
        live, str(tmp_path / "gone"), "unreadable", "/api/v1/folders/kind"
    )
    assert "too long" in await _refused(live, f"{tmp_path}/{'x' * 300}", "unreadable")
    await _refused(live, "/" + "x" * 5000, "invalid-request")
    for address in ("/api/v1/folders?path=/srv%00/etc", "/api/v1/folders?path=%FF"):
        assert (await live.ask("GET", address)).status_code == 422
    zero = base64.b64encode(b"/srv\0/etc").decode()
    assert (await live.ask("GET", "/api/v1/folders", params={"path_b64": zero})).status_code == 422
    assert (await live.ask("GET", "/api/v1/folders", params={"path_b64": "?"})).status_code == 422


@LASTING
@NO_SQL
async def test_the_places_to_begin_with_are_there_and_of_people(live: Live) -> None:
    begin = await _shown(live)
    assert (begin["path"], begin["parent"]) == (None, None)
    places = [one["path"] for one in begin["items"]]
    assert os.path.expanduser("~") in places
    assert all(os.path.isdir(place) for place in places)
    assert not [place for place in places if place == "/" or place.startswith(("/proc", "/sys", "/dev"))]


@LASTING
@NO_SQL
async def test_the_kind_of_a_folder_is_that_of_most_of_its_files(live: Live, tmp_path: Path) -> None:
    (tmp_path / "shelf" / "A").mkdir(parents=True)
    for name in ("A/1.mp3", "A/2.flac", "booklet.pdf", "notes.txt"):
        (tmp_path / "shelf" / name).write_bytes(b"")
    asked = {"path": str(tmp_path / "shelf")}
    assert (await live.ask("GET", "/api/v1/folders/kind", params=asked)).json() == {
        "kind": "music",
        "found": {"music": 2, "books": 1, "video": 0},
        "looked_at": 4,
        "more": False,
    }
    (tmp_path / "empty").mkdir()
    asked = {"path": str(tmp_path / "empty")}
    found = (await live.ask("GET", "/api/v1/folders/kind", params=asked)).json()
    assert (found["kind"], found["looked_at"]) == (None, 0)
    assert (await live.ask("GET", "/api/v1/folders/kind")).status_code == 422
    await _refused(live, "/etc", "path-refused", "/api/v1/folders/kind")


async def test_a_disk_that_does_not_answer_costs_one_look_and_nobody_else() -> None:
    looks, answered = Looks(most=1, within_s=0.05), threading.Event()
    try:
        with pytest.raises(Unlisted, match="did not answer within"):
            await looks.look(answered.wait)
        with pytest.raises(TooManyLooks):
            await looks.look(lambda: 1)
    finally:
        answered.set()
    async with asyncio.timeout(20):
        while True:
            try:
                assert await looks.look(lambda: 7) == 7
                break
            except TooManyLooks:
                await asyncio.sleep(0.01)
    with pytest.raises(ZeroDivisionError):
        await looks.look(lambda: 1 // 0)
