"""`shelfread inspect`: files and names, JSON and blocks, and files that do their worst."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shelfread.app import KINDS
from shelfread.cli import as_is
from shelfread.cli.choices import KindChoice
from tests.cli.conftest import Shelf


def test_inspect_prints_one_object_a_line_in_the_order_of_the_arguments(bare_shelf: Shelf) -> None:
    good: list[bytes] = [
        bare_shelf.sound(f"{number:02}.{fmt}", fmt) for number, fmt in enumerate(["mp3", "flac"] * 20)
    ]
    odd = bare_shelf.sound(b"\xe9.mp3")
    empty = bare_shelf.music / "empty.mp3"
    empty.touch()
    files: list[str | bytes | Path] = [
        *good,
        odd,
        empty,
        bare_shelf.music,
        bare_shelf.folder / "gone.mp3",
        "/no/\x1b[2J\n.mp3",
    ]
    ended = bare_shelf.run("inspect", *files, "--json")
    assert (ended.code, ended.err) == (3, "")
    objects = [json.loads(line) for line in ended.out.splitlines()]
    assert [entry["path"] for entry in objects[:40]] == [os.fsdecode(path) for path in good]
    first = objects[0]
    assert (first["kind"], first["outcome"], first["code"]) == ("music", "ok", None)
    assert (first["title"], first["artist"], first["artists"], first["album"]) == (
        "Song",
        "Ann",
        ["Ann"],
        "One",
    )
    assert (first["track"], first["track_total"], first["has_cover"]) == (3, 12, False)
    assert first["duration_s"] == pytest.approx(0.5, abs=0.1)
    assert base64.b64decode(objects[40]["path_b64"]) == odd
    codes = [entry["code"] for entry in objects[41:]]
    assert codes == ["empty_file", "not_a_file", "vanished", "vanished"]
    assert not (bare_shelf.folder / "home").exists(), "no database was touched"


def test_inspect_for_people_is_a_block_without_control_characters(bare_shelf: Shelf) -> None:
    path = bare_shelf.sound("[red]x\x1b[2J.mp3")
    ended = bare_shelf.run("inspect", path)
    assert ended.code == 0
    assert "[red]x\\x1b[2J.mp3" in ended.out
    assert "\x1b" not in ended.out
    assert "title" in ended.out
    assert "Song" in ended.out
    assert bare_shelf.run("inspect", "/no/x.mp3").code == 3


def test_what_is_no_file_of_bytes_costs_nothing_but_itself(bare_shelf: Shelf) -> None:
    fifo = bare_shelf.music / "pipe.mp3"
    os.mkfifo(fifo)
    ended = bare_shelf.run("inspect", fifo, "/proc/self/mem", "/dev/zero", "--json")
    assert ended.code == 3
    assert [json.loads(line)["outcome"] for line in ended.out.splitlines()] == ["error"] * 3


def test_inspect_names_reads_standard_input(bare_shelf: Shelf) -> None:
    names = b"Ann/2001 - One/03 - Song.mp3\n\n./Bob/x\xff.flac\nno newline at the end"
    ended = bare_shelf.run("inspect", "--names", "--json", stdin=names)
    assert (ended.code, ended.err) == (0, "")
    first, second, third = map(json.loads, ended.out.splitlines())
    assert (first["kind"], first["outcome"], first["track"], first["title"]) == ("music", "ok", 3, "Song")
    assert (first["album"], first["year"]) == ("One", 2001)
    assert base64.b64decode(second["path_b64"]) == b"./Bob/x\xff.flac"
    assert third["path"] == "no newline at the end"
    ended = bare_shelf.run(
        "inspect", "--names", "-0", "--kind", "music", "--json", stdin=b"a\nb.mp3\0c.mp3\0"
    )
    assert [json.loads(line)["path"] for line in ended.out.splitlines()] == ["a\nb.mp3", "c.mp3"]
    ended = bare_shelf.run("inspect", "--names", stdin=b"Ann/\x1b[2J.mp3\n")
    assert "\x1b" not in ended.out
    assert bare_shelf.run("inspect", "--names", "--json", stdin=b"").out == ""
    assert not (bare_shelf.folder / "home").exists()


def test_every_kind_is_a_choice_and_has_its_reader() -> None:
    assert {kind.value for kind in KindChoice} == set(KINDS) == set(as_is.kinds())
    for name, parts in KINDS.items():
        assert as_is.reader_of(name) is parts.kind


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["inspect", "x.mp3"], ["scan", "--help"]])
def test_what_needs_no_database_does_not_import_one(tmp_path: Path, args: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "shelfread", *args],
        capture_output=True,
        text=True,
        check=False,
    )
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if "|" in line}
    assert "typer" in imported
    assert not {"sqlalchemy", "alembic", "shelfread.store"} & imported
