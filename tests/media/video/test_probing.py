"""ffprobe as a second source: it fills in what is left open, and whatever it does, the file is read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.corpus.video import Film, Sound, Text
from shelfread.media.video import ffprobe, probing
from shelfread.media.video.streams import Streams, read_streams
from shelfread.model.video import Stream, Video
from tests.media.video.films_on_disk import made, opened
from tests.media.video.probes import answering, found_on_path, put_probe

FILM = Film(sounds=(Sound("aac"),), texts=(Text("subrip"),))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with found_on_path(tmp_path / "bin", monkeypatch):
        yield tmp_path


def _read(folder: Path, *, program_s: float = 5.0) -> Streams:
    path = folder / "film.mkv"
    path.write_bytes(made(FILM))
    with opened(path) as source:
        source.program_s = program_s
        return read_streams(source)


def _document(**sound: object) -> dict[str, object]:
    streams = [
        {"index": 0, "codec_type": "video", "codec_name": "vp9", "width": 7, "level": 31},
        {"index": 1, "codec_type": "audio", "codec_name": "aac", "disposition": {"forced": 0}, **sound},
        {"index": 2, "codec_type": "subtitle", "codec_name": "subrip", "disposition": {"forced": 1}},
    ]
    return {"format": {"format_name": "matroska,webm", "duration": "77"}, "streams": streams}


def test_what_the_container_leaves_open_is_filled_in_and_nothing_else_changed(folder: Path) -> None:
    plain = _read(folder, program_s=0.0)
    before = plain.video.streams[1]
    assert before.bitrate_kbps is None
    put_probe(folder / "bin", answering(_document(bit_rate="96000", tags={"title": "Owls"})))
    found = _read(folder)
    picture, sound, text = found.video.streams
    assert (sound.bitrate_kbps, sound.title) == (96, "Owls")
    assert (picture.codec, picture.width) == ("h264", 64)
    assert found.video.duration_s == plain.video.duration_s
    assert (found.trouble, found.signature) == (None, plain.signature)
    # FFmpeg says "no" of every flag that a container does not have.
    assert sound.forced == before.forced
    assert text.forced == plain.video.streams[2].forced or text.forced is True


def test_it_is_not_started_unless_the_library_wants_it(folder: Path) -> None:
    put_probe(folder / "bin", f"open({str(folder / 'ran')!r}, 'w')")
    _read(folder, program_s=0.0)
    assert not (folder / "ran").exists()
    _read(folder)
    assert (folder / "ran").exists()


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(1)",
        "os.kill(os.getpid(), 9)",
        "print('not JSON')",
        "print('[' * 100_000)",
        "print('[1, {\"streams\": 5}]')",
        'print(\'{"streams": [{"codec_type": "audio"}] * 3}\')',
        f"sys.stdout.write('x' * {ffprobe.MOST_ANSWER + 100_000})",
        "raise SystemError",
    ],
)
def test_one_that_is_broken_leaves_the_file_as_it_was_read(folder: Path, body: str) -> None:
    plain = _read(folder, program_s=0.0)
    put_probe(folder / "bin", body)
    assert _read(folder) == plain


def test_one_that_cannot_be_started_does_no_harm(folder: Path) -> None:
    plain = _read(folder, program_s=0.0)
    put_probe(folder / "bin", "").write_bytes(b"\x7fELF no program")
    assert probing.program() is not None
    assert _read(folder) == plain


def test_one_that_hangs_is_stopped_and_after_a_few_files_asked_no_more(folder: Path) -> None:
    # It closes its output as well: there is nothing to wait for but its end.
    put_probe(folder / "bin", f"open({str(folder / 'ran')!r}, 'a').write('x'); os.close(1); time.sleep(60)")
    began = time.monotonic()
    for _ in range(probing.MOST_SILENCE + 2):
        assert _read(folder, program_s=0.2).trouble is None
    assert time.monotonic() - began < 10
    assert len((folder / "ran").read_text()) <= probing.MOST_SILENCE


def test_without_the_program_nothing_is_missed(folder: Path) -> None:
    assert probing.program() is None
    assert _read(folder) == _read(folder, program_s=0.0)


def test_one_that_cannot_read_an_open_file_is_not_asked_about_any(folder: Path) -> None:
    old = put_probe(folder / "bin", f"open({str(folder / 'ran')!r}, 'w')", "Input:\n  file\n  pipe")
    assert not probing.reads_descriptors(str(old))
    assert _read(folder).trouble is None
    assert not (folder / "ran").exists()
    assert probing.reads_descriptors(str(put_probe(folder / "new", "")))
    assert not probing.reads_descriptors(str(folder / "nothing"))


def test_streams_are_paired_within_their_type() -> None:
    video = Video(streams=[Stream("video", 0), Stream("audio", 1)])
    more = Video(streams=[Stream("audio", 1, language="en"), Stream("audio", 2), Stream("subtitle", 3)])
    probing.filled(video, more)
    # Two sounds where one is known: which is which nobody can say.
    assert [(one.type, one.language) for one in video.streams] == [
        ("video", None),
        ("audio", None),
        ("subtitle", None),
    ]
