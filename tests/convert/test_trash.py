"""`convert.trash`: what was converted is kept for a while, where anybody can fetch it back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shelfread.convert import trash
from shelfread.convert.place import Place

DAY_S = 86_400
NOW_S = 1_763_812_800.0  # 2025-11-22 12:00


def _put(root: Path, name: str, now_s: float = NOW_S) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name)
    folder, _, last = os.fsencode(name).rpartition(b"/")
    with Place(os.fsencode(root), folder) as place:
        return root / os.fsdecode(trash.put(place, last, os.fsencode(root), folder, now_s=now_s))


def test_c17_an_original_lies_in_the_trash_as_it_lay_on_the_shelf(tmp_path: Path) -> None:
    there = _put(tmp_path, "Series/Part/one.cbr")
    assert there == tmp_path / ".shelfread-trash" / "2025-11-22" / "Series" / "Part" / "one.cbr"
    assert there.read_text() == "Series/Part/one.cbr"
    assert not (tmp_path / "Series/Part/one.cbr").exists()
    again = _put(tmp_path, "Series/Part/one.cbr")
    assert again.name == "one (1).cbr"
    assert _put(tmp_path, "two.cbr").parent.name == "2025-11-22"


def test_c17_the_trash_is_emptied_by_whole_days_and_never_before(tmp_path: Path) -> None:
    old = _put(tmp_path, "a/old.cbr", NOW_S - 30 * DAY_S)
    young = _put(tmp_path, "a/young.cbr", NOW_S - 29 * DAY_S)
    (tmp_path / ".shelfread-trash" / "mine").mkdir()
    root = os.fsencode(tmp_path)
    assert trash.empty(root, 0, now_s=NOW_S) == 0
    assert trash.empty(root, 31, now_s=NOW_S) == 0
    assert trash.empty(root, 30, now_s=NOW_S) == 1
    assert not old.exists()
    assert young.exists()
    assert (tmp_path / ".shelfread-trash" / "mine").exists()
    assert trash.empty(root, 1, now_s=NOW_S) == 1
    (tmp_path / ".shelfread-trash" / "mine").rmdir()
    assert trash.empty(root, 1, now_s=NOW_S) == 0
    assert not (tmp_path / ".shelfread-trash").exists()
    assert trash.empty(os.fsencode(tmp_path / "away"), 1) == 0


def test_c17_links_in_the_place_of_the_trash_lead_nowhere(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    (elsewhere / "2020-01-01").mkdir(parents=True)
    (elsewhere / "2020-01-01" / "precious").touch()
    root.mkdir()
    (root / ".shelfread-trash").symlink_to(elsewhere)
    with pytest.raises(OSError, match=r"director|symbolic"):
        _put(root, "one.cbr")
    assert (root / "one.cbr").exists()
    assert trash.empty(os.fsencode(root), 1) == 0
    (root / ".shelfread-trash").unlink()
    (root / ".shelfread-trash").mkdir()
    (root / ".shelfread-trash" / "2020-01-01").symlink_to(elsewhere / "2020-01-01")
    assert trash.empty(os.fsencode(root), 1) == 0
    assert (elsewhere / "2020-01-01" / "precious").exists()
