"""What a scan takes a folder for when nobody said it: what there is more of decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.corpus import make_file
from bench.corpus.video import Film, film
from shelfread.app.guessing import Names, count_kinds, likeliest
from tests.books_on_disk import cbz
from tests.cli.conftest import Shelf


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ([b"01 one.mp3", b"02 two.FLAC", b"booklet.pdf"], "music"),
        ([b"1.cbz", b"2.CBR", b"theme.mp3"], "books"),
        ([b"novel.epub"], "books"),
        ([b"film.mkv", b"other.AVI", b"cover.jpg", b"theme.mp3"], "video"),
        ([b"1.mp3", b"clip.mp4", b"clip2.mp4"], "music"),
        ([b"notes.txt", b"no suffix"], None),
        ([], None),
    ],
)
def test_what_there_is_more_of_decides(names: list[bytes], kind: str | None) -> None:
    assert likeliest(count_kinds(iter(names))) == kind


def test_an_mp4_is_what_is_in_it(tmp_path: Path) -> None:
    song, clip = tmp_path / "song.mp4", tmp_path / "clip.mp4"
    make_file(song, "mp4", seed=1, seconds=1)
    clip.write_bytes(film(Film("mp4")))
    assert likeliest(count_kinds([bytes(song)])) == "music"
    assert likeliest(count_kinds([bytes(clip)])) == "video"
    link = tmp_path / "link.mp4"
    link.symlink_to(clip)
    assert likeliest(count_kinds([bytes(link)])) is None


def test_a_guess_ends_with_so_many_names_or_after_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        (tmp_path / f"{number}" / "below").mkdir(parents=True)
        (tmp_path / f"{number}.mp3").write_bytes(b"")
    names = Names([bytes(tmp_path)])
    assert (len(list(names)), names.looked_at, names.more) == (4, 4, False)
    hasty = Names([bytes(tmp_path)], within_s=-1.0)
    assert (list(hasty), hasty.more) == ([], True)
    monkeypatch.setattr("shelfread.app.guessing.LIMIT", 3)
    names = Names([bytes(tmp_path)])
    assert (len(list(names)), names.looked_at, names.more) == (3, 3, True)


def test_a_scan_without_a_kind_sees_it_and_stays_with_it(shelf: Shelf) -> None:
    comics = shelf.folder / "Comics"
    comics.mkdir()
    cbz(comics / "1.cbz")
    cbz(comics / "2.cbz")
    (comics / "theme.mp3").write_bytes(b"")
    first = shelf.call("scan", comics)
    assert first.code == 0
    assert "2 of books: scanning the books; --kind music scans the others" in first.err
    # What comes later does not make it another library.
    for number in range(3):
        shelf.sound(f"../Comics/{number}.mp3")
    assert shelf.call("scan", comics, "--json").json()["items_unchanged"] == 2
    assert [library["kind"] for library in shelf.libraries()] == ["books"]
    shelf.call("scan", comics, "--kind", "music", "--json")
    assert sorted(library["kind"] for library in shelf.libraries()) == ["books", "music"]
