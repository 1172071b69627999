"""Disks that are away, as the command tells it: `scan`, `library show`, `problems`, and their exit codes."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests import powerless
from tests.cli.conftest import Shelf
from tests.scan import faulty, unplugging
from tests.scan.test_lifecycle_roots import Mounts, mounts

__all__ = ["mounts"]

_PROGRAM = "from shelfread.cli import program; raise SystemExit(program.run())"


def _bound(shelf: Shelf, *args: str | Path) -> subprocess.CompletedProcess[str]:
    """The command as somebody whom permissions bind."""
    with mock.patch.dict(os.environ, shelf.env, clear=True):
        return powerless.run(_PROGRAM, *map(str, args))


def _untouched(shelf: Shelf) -> None:
    items = shelf.libraries()[0]["items"]
    assert (items["ready"], items["missing"], items["held"]) == (2, 0, 0)


def test_a_root_that_is_away_is_told_in_words_and_nothing_changes_when_it_is_back(shelf: Shelf) -> None:
    shelf.sound("Ann/1.mp3")
    shelf.sound("Ben/2.mp3")
    assert shelf.call("scan", shelf.music).code == 0
    for plug, words in (
        (unplugging.missing(shelf.music), "cannot be listed: No such file or directory"),
        (unplugging.empty(shelf.music), "is empty, but the catalogue knows files in it"),
        (unplugging.another(shelf.music, "Zed/9.mp3"), "is another filesystem than before, and only 0 of 2"),
    ):
        plug.pull()
        ended = shelf.call("library", "scan", "1")
        assert ended.code == 1
        assert words in ended.out + ended.err
        shown = shelf.call("library", "show", "1")
        assert (shown.code, "unavailable" in shown.out, words in shown.out) == (0, True, True)
        (problem,) = shelf.call("problems", "--json").json()["problems"]
        assert (problem["code"], words in problem["detail"]) == ("root_unavailable", True)
        _untouched(shelf)
        plug.put_back()
    ended = shelf.call("library", "scan", "1", "--json")
    assert (ended.code, ended.json()["items_unchanged"], ended.json()["items_found"]) == (0, 2, 2)
    assert shelf.libraries()[0]["roots"][0]["state"] == "available"
    assert shelf.call("problems", "--json").json()["problems"] == []


def test_a_folder_or_a_root_of_mode_000_is_told_in_words_and_nothing_below_it_changes(shelf: Shelf) -> None:
    shelf.sound("Ann/1.mp3")
    shelf.sound("Ben/2.mp3")
    assert shelf.call("scan", shelf.music).code == 0
    folder, root = unplugging.forbidden(shelf.music / "Ann"), unplugging.forbidden(shelf.music)
    folder.pull()
    ended = _bound(shelf, "scan", shelf.music, "--json")
    folder.put_back()
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["status"], document["items_removed"]) == (3, "completed", 0)
    (problem,) = document["problems"]
    assert problem["code"] == "permission_denied"
    assert "everything in it stays as it was known" in problem["detail"]
    assert shelf.call("problems", "--json").json()["problems"][0]["code"] == "permission_denied"
    _untouched(shelf)
    root.pull()
    ended = _bound(shelf, "library", "scan", "1")
    shown = _bound(shelf, "library", "show", "1")
    root.put_back()
    assert ended.returncode == 1
    assert "cannot be listed: Permission denied" in ended.stdout + ended.stderr
    assert (shown.returncode, "cannot be listed: Permission denied" in shown.stdout) == (0, True)
    _untouched(shelf)
    document = shelf.call("scan", shelf.music, "--json").json()
    assert (document["items_unchanged"], document["items_found"], document["problems"]) == (2, 2, [])


class Layer:
    """Folders and files that fail in the real walkers and parsers of a command (`faulty/sitecustomize`)."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "faulty"
        self.path.mkdir()
        shutil.copy(Path(faulty.__path__[0]) / "sitecustomize.py", self.path)

    def plan(self, **plan: Any) -> None:
        (self.path / "plan.json").write_text(json.dumps(plan))

    def later(self, folder: Path, **plan: Any) -> None:
        """What is planned begins when a folder is about to be listed."""
        (self.path / "later.json").write_text(json.dumps(plan))
        self.plan(when=str(folder), run=f"cp '{self.path}/later.json' '{self.path}/plan.json'")


@pytest.fixture
def layer(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Layer:
    """Of all that the command starts, and of a command that is a process of its own."""
    made = Layer(shelf.folder)
    monkeypatch.syspath_prepend(str(made.path))
    shelf.env["PYTHONPATH"] = str(made.path)
    shelf.sound("Ann/1.mp3")
    shelf.sound("Ben/2.mp3")
    assert shelf.call("scan", shelf.music).code == 0
    return made


def _well_again(shelf: Shelf, layer: Layer, found: int = 2) -> None:
    """With nothing in the way a scan changes nothing; no file can be opened, so it reads none."""
    files = sorted(str(path) for path in shelf.music.rglob("*.mp3"))
    layer.plan(fails=dict.fromkeys(files, errno.EIO))
    document = shelf.call("library", "scan", "1", "--json").json()
    assert (document["items_unchanged"], document["items_found"], document["problems"]) == (found, found, [])
    assert shelf.libraries()[0]["roots"][0]["state"] == "available"
    assert shelf.call("problems", "--json").json()["problems"] == []


@pytest.mark.parametrize(
    ("sort", "words"),
    [
        ("missing", "cannot be listed: No such file or directory"),
        ("empty", "is empty, but the catalogue knows files in it"),
        ("another", "is another filesystem than before, and only 0 of 2"),
    ],
)
def test_a_root_that_is_pulled_during_a_scan_is_told_in_words(
    shelf: Shelf, layer: Layer, sort: str, words: str
) -> None:
    root, away, other = (f"'{shelf.music}{end}'" for end in ("", " away", " other"))
    os.makedirs(other.strip("'") + "/Zed")
    Path(other.strip("'"), "Zed/9.mp3").write_bytes(b"something else")
    then = {"missing": "true", "empty": f"mkdir {root}", "another": f"mv {other} {root}"}[sort]
    layer.plan(when=str(shelf.music / "Ann"), run=f"mv {root} {away} && {then}")
    ended = shelf.call("library", "scan", "1")
    assert (ended.code, words in ended.out) == (3, True), ended
    shown = shelf.call("library", "show", "1")
    assert (shown.code, "unavailable" in shown.out, words in shown.out) == (0, True, True)
    assert "root_unavailable" in {one["code"] for one in shelf.call("problems", "--json").json()["problems"]}
    _untouched(shelf)
    if sort != "missing":
        shutil.rmtree(shelf.music)
    Path(away.strip("'")).rename(shelf.music)
    _well_again(shelf, layer)


@pytest.mark.parametrize("during", [False, True], ids=["before", "during"])
def test_a_root_that_says_eio_is_told_in_words(shelf: Shelf, layer: Layer, during: bool) -> None:
    fails = {str(shelf.music): errno.EIO}
    if during:
        # In the parent, too: it asks the root again at the end.
        layer.later(shelf.music / "Ann", fails=fails)
    else:
        layer.plan(fails=fails)
    ended = shelf.typed("library", "scan", "1")
    words = "cannot be listed: Input/output error"
    assert (ended.code, words in ended.out + ended.err) == (3 if during else 1, True), ended
    shown = shelf.call("library", "show", "1")
    assert (shown.code, "unavailable" in shown.out, words in shown.out) == (0, True, True)
    _untouched(shelf)
    _well_again(shelf, layer)


@pytest.mark.parametrize(
    ("number", "code"), [(errno.EIO, "folder_unreadable"), (errno.EACCES, "permission_denied")]
)
def test_a_folder_that_fails_when_it_is_listed_is_told_in_words(
    shelf: Shelf, layer: Layer, number: int, code: str
) -> None:
    layer.later(shelf.music / "Ann", fails={str(shelf.music / "Ann"): number})
    document = shelf.call("library", "scan", "1", "--json").json()
    assert (document["status"], document["items_removed"]) == ("completed", 0)
    (problem,) = shelf.call("problems", "--json").json()["problems"]
    assert problem["code"] == code
    assert "everything in it stays as it was known" in problem["detail"]
    _untouched(shelf)
    _well_again(shelf, layer)


@pytest.mark.parametrize("during", [False, True], ids=["before", "during"])
def test_a_disk_inside_a_root_that_is_gone_is_told_in_words(
    shelf: Shelf, layer: Layer, mounts: Mounts, during: bool
) -> None:
    point = shelf.music / "Usb"
    mounts.mount(point)
    shelf.sound("Usb/3.mp3")
    assert shelf.call("library", "scan", "1", "--json").json()["items_added"] == 1
    if during:
        layer.plan(when=str(point), run=f"umount '{point}'")
    else:
        mounts.unmount(point)
    assert shelf.call("library", "scan", "1").code == 3
    (problem,) = shelf.call("problems", "--json").json()["problems"]
    assert problem["code"] == "mount_unavailable"
    assert "another disk was mounted here and is not now" in problem["detail"]
    items = shelf.libraries()[0]["items"]
    assert (items["ready"], items["missing"], items["held"]) == (3, 0, 0)
    mounts.mount(point)
    _well_again(shelf, layer, 3)
