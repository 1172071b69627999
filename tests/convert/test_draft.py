"""`convert.draft`: the new file is the original, entry by entry, or there is no new file."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shelfread.convert.draft import Draft
from shelfread.convert.place import Place
from shelfread.convert.unpack import Begun, Ended, Frame, Opened, Portion, Wanted, unpacked
from shelfread.model.conversion import Refused
from tests import powerless
from tests.convert.drafting import PAGES, Change, content, convert, left, made


@pytest.mark.parametrize("suffix", ["cbr", "cb7", "cbt"])
def test_c4_every_entry_is_in_the_new_file_in_its_order(tmp_path: Path, suffix: str) -> None:
    original = made(tmp_path / f"one.{suffix}")
    original.chmod(0o640)
    before = original.read_bytes()
    target = convert(tmp_path, original.name)
    assert target.name == "one.cbz"
    assert content(target) == PAGES
    with zipfile.ZipFile(target) as file:
        pages = {entry.filename: entry.compress_type for entry in file.infolist()}
    assert pages["page 01.jpg"] == zipfile.ZIP_STORED
    assert pages["ComicInfo.xml"] == zipfile.ZIP_DEFLATED
    # PROMISES C17: the original is untouched beside it.
    assert original.read_bytes() == before
    assert left(tmp_path) == sorted([original.name, "one.cbz"])
    assert target.stat().st_mtime_ns == original.stat().st_mtime_ns
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_c4_names_that_lead_elsewhere_are_safe_in_the_new_file_and_none_is_lost(tmp_path: Path) -> None:
    made(tmp_path / "evil.cbt", [("../../x.jpg", b"1"), ("x.jpg", b"2"), ("/etc/x.jpg", b"3")])
    assert content(convert(tmp_path, "evil.cbt")) == [
        ("x.jpg", b"1"),
        ("x (2).jpg", b"2"),
        ("etc/x.jpg", b"3"),
    ]
    assert left(tmp_path) == ["evil.cbt", "evil.cbz"]


def test_c4_a_large_entry_goes_through_in_portions(tmp_path: Path) -> None:
    big = os.urandom(3 << 20)
    made(tmp_path / "one.cb7", [("big.jpg", big), ("empty.jpg", b""), ("last.jpg", b"x")])
    portions: list[int] = []

    def watch(frame: Frame) -> Frame:
        if isinstance(frame, Portion):
            portions.append(len(frame.content))
        return frame

    target = convert(tmp_path, "one.cb7", watch)
    assert content(target) == [("big.jpg", big), ("empty.jpg", b""), ("last.jpg", b"x")]
    assert max(portions) <= 256 << 10


def _refused(root: Path, name: str, change: Change | None = None, second: Change | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        convert(root, name, change or (lambda frame: frame), second)
    return caught.value


def test_c4_a_byte_that_got_lost_on_the_way_is_no_conversion(tmp_path: Path) -> None:
    made(tmp_path / "one.cbr")

    def spoil(frame: Frame) -> Frame:
        return Portion(b"\0" + frame.content[1:]) if isinstance(frame, Portion) else frame

    assert _refused(tmp_path, "one.cbr", spoil).code == "copy_differs"
    assert left(tmp_path) == ["one.cbr"]


@pytest.mark.parametrize("what", [Begun, Ended, Opened])
def test_c4_a_new_file_that_reads_otherwise_is_no_conversion(tmp_path: Path, what: type) -> None:
    made(tmp_path / "one.cbr")

    def other(frame: Frame) -> Frame:
        if not isinstance(frame, what):
            return frame
        if isinstance(frame, Begun):
            return Begun("another name", frame.crc)
        if isinstance(frame, Ended):
            return Ended(frame.size, b"another digest..", frame.crc)
        assert isinstance(frame, Opened)
        return Opened(frame.container, frame.stamp, frame.names[:-1], frame.size)

    refused = _refused(tmp_path, "one.cbr", second=other)
    assert (refused.code, refused.lasting) == ("copy_differs", True)
    assert left(tmp_path) == ["one.cbr"]


def test_c4_an_entry_that_cannot_be_read_is_no_conversion(tmp_path: Path) -> None:
    path = made(tmp_path / "one.cbr")
    spoiled = bytearray(path.read_bytes())
    spoiled[spoiled.rindex(bytes([3]) * 900) + 5] ^= 1
    path.write_bytes(spoiled)
    refused = _refused(tmp_path, "one.cbr")
    assert (refused.code, refused.lasting) == ("damaged", True)
    assert left(tmp_path) == ["one.cbr"]


def test_c4_a_torn_archive_is_no_conversion_though_much_of_it_can_be_read(tmp_path: Path) -> None:
    for suffix in ("cbr", "cb7", "cbt"):
        path = made(tmp_path / f"torn.{suffix}")
        path.write_bytes(path.read_bytes()[:-2500])
        assert _refused(tmp_path, path.name).lasting
    assert left(tmp_path) == ["torn.cb7", "torn.cbr", "torn.cbt"]


def test_c4_what_is_a_zip_already_or_has_nothing_in_it_stays(tmp_path: Path) -> None:
    made(tmp_path / "a.cbz").rename(tmp_path / "zip.cbr")
    assert _refused(tmp_path, "zip.cbr").code == "wrong_format"
    made(tmp_path / "none.cbt", [])
    assert _refused(tmp_path, "none.cbt").lasting
    (tmp_path / "text.cbr").write_text("not an archive")
    assert _refused(tmp_path, "text.cbr").code == "wrong_format"


def test_c4_a_file_that_is_there_already_is_never_replaced(tmp_path: Path) -> None:
    made(tmp_path / "one.cbr")
    (tmp_path / "one.cbz").write_text("mine")
    assert _refused(tmp_path, "one.cbr").code == "target_exists"
    assert (tmp_path / "one.cbz").read_text() == "mine"
    assert left(tmp_path) == ["one.cbr", "one.cbz"]


def test_c4_a_source_that_changes_while_it_is_read_is_no_conversion(tmp_path: Path) -> None:
    path = made(tmp_path / "one.cbr")

    def touch(frame: Frame) -> Frame:
        if isinstance(frame, Ended):
            os.utime(path)
        return frame

    refused = _refused(tmp_path, "one.cbr", touch)
    assert (refused.code, refused.lasting) == ("source_changed", False)
    # After its last byte as well.
    made(path)
    assert _refused(tmp_path, "one.cbr", second=touch).code == "source_changed"
    assert left(tmp_path) == ["one.cbr"]


def test_c4_a_link_is_left_alone(tmp_path: Path) -> None:
    made(tmp_path / "elsewhere" / "one.cbr")
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "one.cbr").symlink_to(tmp_path / "elsewhere" / "one.cbr")
    assert _refused(tmp_path, "books/one.cbr").code == "not_a_file"
    (tmp_path / "books" / "folder").symlink_to(tmp_path / "elsewhere")
    assert _refused(tmp_path / "books", "folder/one.cbr").code == "outside_root"
    assert left(tmp_path / "elsewhere") == ["one.cbr"]


def test_c4_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    made(tmp_path / "one.cbr")
    tmp_path.chmod(0o555)
    try:
        code = (
            "import pathlib, sys; sys.path.insert(0, sys.argv[2]); "
            "from tests.convert.drafting import convert; convert(pathlib.Path(sys.argv[1]), 'one.cbr')"
        )
        done = powerless.run(code, str(tmp_path), str(Path(__file__).parents[2]))
    finally:
        tmp_path.chmod(0o755)
    assert "nothing can be written in this folder" in done.stderr.splitlines()[-1]
    assert left(tmp_path) == ["one.cbr"]


@contextlib.contextmanager
def _no_file_larger_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 10, 900, 2000, 5000])
def test_c4_a_disk_that_gets_full_leaves_the_original_and_nothing_else(tmp_path: Path, size: int) -> None:
    made(tmp_path / "one.cbr")
    with _no_file_larger_than(size):
        refused = _refused(tmp_path, "one.cbr")
    assert (refused.code, refused.lasting) == ("no_space", False)
    assert left(tmp_path) == ["one.cbr"]


def test_c4_room_is_asked_for_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "one.cbr")
    monkeypatch.setattr(Place, "free", lambda _: 1 << 20)
    refused = _refused(tmp_path, "one.cbr")
    assert refused.code == "no_space"
    assert "1 MiB" in refused.detail


def test_c4_frames_that_stop_early_are_no_conversion(tmp_path: Path) -> None:
    path = made(tmp_path / "one.cbr")
    with Place(os.fsencode(tmp_path), b"") as place, place.opened(b"one.cbr") as fd:
        draft = Draft(place, fd)
        for frame in list(unpacked(Wanted(os.fsencode(path))))[:-4]:
            draft.take(frame)
        with pytest.raises(Refused, match="not every entry"):
            draft.seal()
        draft.close()
    assert left(tmp_path) == ["one.cbr"]
