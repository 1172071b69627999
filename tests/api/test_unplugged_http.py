"""Disks that are away, as the API tells it: the library, its last scan, its problems (issue 7, done-line 3).

Every fault before a scan and during it, a root or something below it; after it the next scan changes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Any

import pytest

from shelfread.scan import roots as root_checks
from shelfread.scan.plan import RootsUnavailable
from tests.api.api_stand import Live
from tests.api.catalogue_stand import got
from tests.conftest import Shelf
from tests.scan import unplugging
from tests.scan.test_lifecycle_roots import Mounts, mounts
from tests.scan.unplugging import Plug, Walkers

__all__ = ["mounts"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

#: Of a root.
WORDS = {
    "missing": "cannot be listed: No such file or directory",
    "empty": "is empty, but the catalogue knows files in it",
    "another": "is another filesystem than before, and only 0 of 3 known files looked for are there",
    "mode 000": "cannot be listed: Permission denied",
    "eio": "cannot be listed: Input/output error",
}


@pytest.fixture
def walkers(music: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walkers]:
    with contextlib.closing(Walkers()) as made:
        monkeypatch.setattr(music.pools, "walkers", made)
        yield made


async def _told(
    live: Live, shelf: Shelf, ready: int = 3
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """The root, the last scan, the problems; and nothing is missing."""
    library = await got(live, f"/libraries/{shelf.library_id}")
    items = library["items"]
    assert (items["ready"], items["missing"], items["held"]) == (ready, 0, 0)
    answer = await live.ask("GET", f"/api/v1/libraries/{shelf.library_id}/scan-status")
    status = answer.json()["scan_status"]
    problems = (await got(live, f"/problems?library_id={shelf.library_id}"))["items"]
    return library["roots"][0], status, problems


async def _well_again(live: Live, shelf: Shelf, ready: int = 3) -> None:
    assert await shelf.scan() == {"unchanged": ready}
    assert shelf.opened == []
    root, status, problems = await _told(live, shelf, ready)
    assert (root["state"], root["reason"], problems) == ("available", None, [])
    assert (status["status"], status["reason"]) == ("completed", None)


def _of_root(sort: str, shelf: Shelf, walkers: Walkers, monkeypatch: pytest.MonkeyPatch) -> Plug:
    path = shelf.tree.path
    if sort == "missing":
        return unplugging.missing(path)
    if sort == "empty":
        return unplugging.empty(path)
    if sort == "another":
        return unplugging.another(path, "Zed/1.mp3")
    number, look_at = errno.EIO if sort == "eio" else errno.EACCES, root_checks._look_at

    def fails(_path: bytes) -> Any:
        raise OSError(number, os.strerror(number))

    def pull() -> None:
        monkeypatch.setattr(root_checks, "_look_at", fails)
        walkers.failing[b"Abba"] = 0

    def put_back() -> None:
        monkeypatch.setattr(root_checks, "_look_at", look_at)
        del walkers.failing[b"Abba"]

    return Plug(pull, put_back)


@pytest.mark.parametrize("sort", WORDS)
async def test_a_root_that_is_away_is_told_and_that_is_over_when_it_is_back(
    live: Live, music: Shelf, walkers: Walkers, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    plug, words = _of_root(sort, music, walkers, monkeypatch), WORDS[sort]
    # Before a scan: it fails.
    plug.pull()
    with pytest.raises(RootsUnavailable):
        await music.outcome()
    root, status, problems = await _told(live, music)
    assert (root["state"], root["reason"]) == ("unavailable", words)
    assert (status["status"], status["reason"]) == ("failed", "root_unavailable")
    assert status["error"].endswith(words)
    assert [(one["code"], one["detail"]) for one in problems] == [("root_unavailable", f"the root {words}")]
    plug.put_back()
    await _well_again(live, music)
    # During one: it ends, and says so.
    walkers.before = lambda relative: plug.pull() if relative == b"Abba" else None
    await music.outcome()
    root, status, problems = await _told(live, music)
    assert (root["state"], root["reason"]) == ("unavailable", words)
    assert (status["status"], status["reason"]) == ("completed", None)
    (away,) = status["report"]["unavailable"]
    assert (away["path"], away["reason"], away["during_scan"]) == (str(music.tree.path), words, True)
    assert "root_unavailable" in {one["code"] for one in problems}
    walkers.before = lambda _: None
    plug.put_back()
    await _well_again(live, music)


@pytest.mark.parametrize("during", [False, True], ids=["before", "during"])
@pytest.mark.parametrize(
    ("sort", "code", "words"),
    [
        ("mode 000", "permission_denied", "this folder cannot be listed"),
        ("eio", "folder_unreadable", "this folder cannot be listed"),
        ("mount", "mount_unavailable", "another disk was mounted here and is not now"),
    ],
)
async def test_what_is_away_below_a_root_is_told_and_that_is_over_when_it_is_back(
    live: Live,
    music: Shelf,
    walkers: Walkers,
    request: pytest.FixtureRequest,
    sort: str,
    code: str,
    words: str,
    during: bool,
) -> None:
    folder, ready = b"Abba", 3
    if sort == "mount":
        disk: Mounts = request.getfixturevalue("mounts")
        point = music.tree / "Usb"
        disk.mount(point)
        music.tree.add("Usb/Ada/1.mp3")
        assert await music.scan() == {"added": 1, "unchanged": 3}
        folder, ready = b"Usb", 4
        plug = Plug(lambda: disk.unmount(point), lambda: disk.mount(point))
    elif sort == "eio":
        plug = unplugging.failing(walkers, folder, 0)
    else:
        plug = unplugging.forbidden(music.tree.path / "Abba")
    if during:
        walkers.before = lambda relative: plug.pull() if relative == folder else None
    else:
        plug.pull()
    await music.outcome()
    root, status, problems = await _told(live, music, ready)
    assert (root["state"], root["reason"]) == ("available", None)
    assert (status["status"], status["reason"]) == ("completed", None)
    (problem,) = problems
    assert (problem["code"], words in problem["detail"]) == (code, True), problem
    walkers.before = lambda _: None
    plug.put_back()
    await _well_again(live, music, ready)
