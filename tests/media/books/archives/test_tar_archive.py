"""Tar archives in the forms that programs write."""

from __future__ import annotations

import io
import tarfile

import pytest

from tests.media.books.archive_makers import tar_entry, tar_header
from tests.media.books.archives.conftest import Opened

LONG = "a very long folder name/" * 8 + "p2.png"


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_python_wrote_is_read(form: int, opened: Opened) -> None:
    contents = {"p1.png": b"first", LONG: b"second" * 300, "漫画/p3.png": b"", "./p4.png": b"x" * 512}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as other:
        folder = tarfile.TarInfo("Book")
        folder.type = tarfile.DIRTYPE
        other.addfile(folder)
        for name, content in contents.items():
            if form == tarfile.USTAR_FORMAT and len(name.rpartition("/")[0]) > 155:
                continue
            about = tarfile.TarInfo(name)
            about.size = len(content)
            other.addfile(about, io.BytesIO(content))
    archive = opened(made.getvalue())
    found = {entry.name: archive.read(entry) for entry in archive.entries}
    wanted = {name.removeprefix("./"): content for name, content in contents.items()}
    if form == tarfile.USTAR_FORMAT:
        del wanted[LONG]
    assert found == wanted
    assert archive.warnings == []


def test_a_pax_size_is_that_of_the_next_entry_only(opened: Opened) -> None:
    record = b"10 size=3\n"
    made = tar_entry(b"pax", record, b"x") + tar_header(b"a", 0) + b"abc".ljust(512, b"\0")
    archive = opened(made + tar_entry(b"b", b"defg") + bytes(1024))
    assert [archive.read(entry) for entry in archive.entries] == [b"abc", b"defg"]


def test_a_number_in_base_256_is_read(opened: Opened) -> None:
    archive = opened(tar_header(b"a", b"\x80" + (5).to_bytes(11, "big")) + b"12345".ljust(512, b"\0"))
    assert archive.read(archive.entries[0]) == b"12345"


def test_an_archive_without_its_last_blocks_is_whole(opened: Opened) -> None:
    archive = opened(tar_entry(b"a.png", b"page"))
    assert archive.warnings == []
    assert archive.head(archive.entries[0], 2) == b"pa"


def test_what_follows_a_damaged_header_is_lost_and_that_is_said(opened: Opened) -> None:
    made = tar_entry(b"a.png", b"page") + b"damage".ljust(512, b"x") + tar_entry(b"b.png", b"page")
    archive = opened(made)
    assert [entry.name for entry in archive.entries] == ["a.png"]
    assert [trouble.code for trouble in archive.warnings] == ["damaged"]
