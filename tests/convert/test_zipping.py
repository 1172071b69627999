"""`convert.zipping`: what it writes is a zip to others as well."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from shelfread.convert import zipping
from shelfread.convert.zipping import ZipWriter


def _written(path: Path, entries: list[tuple[str, bytes, bool]], mtime_s: float = 1.6e9) -> None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        writer = ZipWriter(fd, mtime_s)
        for name, content, deflate in entries:
            writer.begin(name, deflate=deflate)
            for start in range(0, len(content), 700):
                writer.write(content[start : start + 700])
            writer.end()
        writer.finish()
    finally:
        os.close(fd)


def test_c4_pages_are_stored_and_text_is_deflated_and_another_reader_finds_both(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    _written(
        path, [("名前.jpg", b"\xff" * 5000, False), ("ComicInfo.xml", b"<a/>" * 500, True), ("e", b"", False)]
    )
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        found = file.infolist()
        assert [entry.filename for entry in found] == ["名前.jpg", "ComicInfo.xml", "e"]
        assert [entry.compress_type for entry in found] == [0, 8, 0]
        assert file.read("ComicInfo.xml") == b"<a/>" * 500
        assert found[0].date_time == (2020, 9, 13, 12, 26, 40)
        assert found[1].compress_size < 100


def test_an_empty_zip_and_times_that_a_zip_does_not_have(tmp_path: Path) -> None:
    for number, mtime_s in enumerate((-1e9, 1e18, 9e9)):
        path = tmp_path / f"{number}.zip"
        _written(path, [("a", b"b", False)], mtime_s)
        with zipfile.ZipFile(path) as file:
            assert file.read("a") == b"b"
            assert 1980 <= file.infolist()[0].date_time[0] <= 2107
    _written(tmp_path / "empty.zip", [])
    assert zipfile.ZipFile(tmp_path / "empty.zip").namelist() == []


@pytest.mark.parametrize("most", ["_MOST_16", "_MOST_32"])
def test_beyond_the_limits_of_a_zip_it_is_a_zip64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    # The limits themselves would take gigabytes: they are lowered, and what is written says the same.
    path = tmp_path / "a.zip"
    if most == "_MOST_16":
        entries = [(f"{number}", b"", False) for number in range(70_000)]
        _written(path, entries)
        with zipfile.ZipFile(path) as file:
            assert len(file.namelist()) == 70_000
        return
    monkeypatch.setattr(zipping, "_far", lambda offset: offset > 2000)
    _written(path, [(f"{number}", bytes([number]) * 1000, False) for number in range(5)])
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as file:
        assert file.testzip() is None
        assert [file.read(name)[:1] for name in file.namelist()] == [bytes([number]) for number in range(5)]
