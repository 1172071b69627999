"""`convert.place`: a name that is taken is never replaced, and what dead conversions left goes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shelfread.convert import place as module
from shelfread.convert.place import Place
from shelfread.model.conversion import Refused


@pytest.fixture(params=["in one step", "by a second name", "after a look"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every way to rename, as systems and filesystems have them."""
    if request.param != "in one step":
        monkeypatch.setattr(module, "_rename_in_one", lambda *_: errno.EINVAL)
    if request.param == "after a look":

        def no_links(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", no_links)
    return str(request.param)


@pytest.mark.usefixtures("ways")
def test_c4_a_rename_replaces_nothing_in_any_way(tmp_path: Path) -> None:
    with Place(os.fsencode(tmp_path), b"") as place:
        fd, name = place.new_file()
        os.write(fd, b"new")
        (tmp_path / "taken").write_text("old")
        with pytest.raises(Refused, match="there already") as caught:
            place.rename(name, b"taken")
        assert caught.value.code == "target_exists"
        (tmp_path / "dangling").symlink_to("nowhere")
        with pytest.raises(Refused, match="there already"):
            place.rename(name, b"dangling")
        place.rename(name, b"free")
        os.close(fd)
    assert sorted(os.listdir(tmp_path)) == ["dangling", "free", "taken"]
    assert (tmp_path / "taken").read_text() == "old"
    assert (tmp_path / "free").read_text() == "new"


def test_c4_what_a_dead_conversion_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    code = (
        "import os, sys; from shelfread.convert.place import Place; "
        "p = Place(os.fsencode(sys.argv[1]), b''); p.new_file(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    (tmp_path / ".shelfread-mine.part").touch()
    (tmp_path / "one.cbr").touch()
    assert len(os.listdir(tmp_path)) == 3
    with Place(os.fsencode(tmp_path), b"") as place:
        fd, name = place.new_file()
        assert place.tidy() == 1
        assert sorted(os.listdir(tmp_path)) == sorted([os.fsdecode(name), ".shelfread-mine.part", "one.cbr"])
        os.close(fd)
        assert place.tidy() == 1
    assert sorted(os.listdir(tmp_path)) == [".shelfread-mine.part", "one.cbr"]


def test_only_temporary_files_can_be_removed(tmp_path: Path) -> None:
    (tmp_path / "one.cbr").touch()
    with Place(os.fsencode(tmp_path), b"") as place:
        place.remove(b"one.cbr")
        assert place.stamp(b"one.cbr") is not None
        assert place.stamp(b"two.cbr") is None


def test_a_folder_that_is_away_is_refused_for_now(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        Place(os.fsencode(tmp_path), b"gone")
    assert not caught.value.lasting
