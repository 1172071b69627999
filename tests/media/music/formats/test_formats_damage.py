"""Torn, flipped, random, empty and misnamed files: a problem, what could be read, and never an exception."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from shelfread.model.problem import ProblemCode
from tests.media.music.formats import samples


@pytest.fixture(scope="module")
def tagged(plain: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tagged")
    found = {}
    for kind in samples.TAGGED:
        path = folder / plain[kind].name
        shutil.copy(plain[kind], path)
        found[kind] = samples.tag(path, pictures=(samples.jpeg(6_000),))
    return found


#: Kinds whose index or tags stand at the end: half a file has none of them.
_TAGS_LAST = {"aac", "alac", "aiff", "wav", "wav 24", "wavpack"}


@pytest.mark.parametrize("kind", samples.TAGGED)
def test_half_a_file_is_truncated_and_keeps_what_was_read(
    kind: str, tagged: dict[str, Path], tmp_path: Path
) -> None:
    data = tagged[kind].read_bytes()
    path = tmp_path / tagged[kind].name
    path.write_bytes(data[: len(data) // 2])
    raw = samples.read(path)
    assert raw.code is ProblemCode.TRUNCATED, raw.detail
    assert raw.detail
    assert "\n" not in raw.detail
    if kind not in _TAGS_LAST:
        assert raw.tags["title"] == [samples.TAGS["title"]]


@pytest.mark.parametrize("kind", samples.TAGGED)
@pytest.mark.parametrize("missing", [100, 1500, 9000])
def test_a_file_without_its_last_bytes_is_truncated(
    kind: str, missing: int, plain: dict[str, Path], tmp_path: Path
) -> None:
    data = plain[kind].read_bytes()
    if missing >= len(data) - 2000:
        pytest.skip("the sample is too short")
    path = tmp_path / plain[kind].name
    path.write_bytes(data[:-missing])
    raw = samples.read(path)
    if kind == "flac in ogg" or (kind == "flac" and missing < 9000):
        # The header of the last frame is still there: whether the frame is whole would take decoding.
        assert raw.code in (None, ProblemCode.TRUNCATED)
        return
    assert raw.code is ProblemCode.TRUNCATED, raw.detail


@pytest.mark.parametrize("kind", samples.KINDS)
@pytest.mark.parametrize("length", [1, 3, 16, 100, 300, 1024])
def test_the_first_bytes_alone_are_a_problem_and_no_exception(
    kind: str, length: int, plain: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / plain[kind].name
    path.write_bytes(plain[kind].read_bytes()[:length])
    raw = samples.read(path)
    assert raw.code in (ProblemCode.TRUNCATED, ProblemCode.DAMAGED, ProblemCode.WRONG_FORMAT), raw.detail
    assert raw.detail


@pytest.mark.parametrize("kind", samples.TAGGED)
def test_flipped_bytes_never_raise(kind: str, tagged: dict[str, Path], tmp_path: Path) -> None:
    data = tagged[kind].read_bytes()
    path = tmp_path / tagged[kind].name
    chance = random.Random(kind)
    for turn in range(40):
        broken = bytearray(data)
        reach = 2048 if turn % 2 else len(data)
        for _ in range(1 + turn % 4):
            broken[chance.randrange(min(reach, len(data)))] ^= 1 << chance.randrange(8)
        path.write_bytes(broken)
        samples.read(path)


@pytest.mark.parametrize("kind", samples.TAGGED)
def test_flipping_sound_bytes_keeps_the_tags(kind: str, tagged: dict[str, Path], tmp_path: Path) -> None:
    data = bytearray(tagged[kind].read_bytes())
    start = len(data) * 55 // 100
    if samples.TAGS["title"].encode() in data[start - 200 : start + 200]:
        pytest.skip("tags stand in the middle of this sample")
    for at in range(start, start + 40, 7):
        data[at] ^= 0x5A
    path = tmp_path / tagged[kind].name
    path.write_bytes(data)
    assert samples.read(path).tags["title"] == [samples.TAGS["title"]]


@pytest.mark.parametrize(
    "suffix", [".mp3", ".flac", ".m4a", ".ogg", ".opus", ".wav", ".aiff", ".wma", ".ape", ".aac"]
)
def test_random_bytes_are_of_the_wrong_format(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"noise{suffix}"
    for seed in range(6):
        path.write_bytes(random.Random(seed).randbytes(30_000))
        raw = samples.read(path)
        assert raw.code is ProblemCode.WRONG_FORMAT
        assert raw.tags == {}


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.touch()
    raw = samples.read(path)
    assert raw.code is ProblemCode.EMPTY_FILE
    assert raw.signature is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n" + bytes(5000), "a PDF document"),
        (b"PK\x03\x04" + bytes(5000), "a ZIP archive"),
        (b"This is a readme, and no music.\n" * 99, "text"),
        (bytes(9000), "nothing but zeros"),
    ],
)
def test_what_is_no_sound_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    raw = samples.read(path)
    assert raw.code is ProblemCode.WRONG_FORMAT
    assert words in (raw.detail or "")


@pytest.mark.parametrize(
    ("kind", "suffix", "container"),
    [
        ("mp3", ".m4a", "mp3"),
        ("adts", ".m4a", "aac"),
        ("mp3 without xing", ".flac", "mp3"),
        ("flac", ".mp3", "flac"),
        ("aac", ".mp3", "mp4"),
        ("vorbis", ".mp3", "ogg"),
        ("wav", ".mp3", "wav"),
        ("wma", ".mp3", "asf"),
        ("aiff", ".wav", "aiff"),
    ],
)
def test_a_misnamed_file_is_read_by_its_content_and_says_so(
    kind: str, suffix: str, container: str, plain: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / plain[kind].name
    shutil.copy(plain[kind], path)
    if kind in samples.TAGGED:
        samples.tag(path)
    path = path.rename(tmp_path / f"song{suffix}")
    raw = samples.read(path)
    assert raw.code is ProblemCode.WRONG_FORMAT
    assert container in (raw.detail or "")
    assert raw.container == container
    assert raw.duration_s == pytest.approx(1.2, abs=0.12)
    if kind in samples.TAGGED:
        assert raw.tags["title"] == [samples.TAGS["title"]]


@pytest.mark.parametrize(
    ("kind", "suffix"), [("aac", ".m4b"), ("aac", ".aac"), ("vorbis", ".oga"), ("mp3", ".MP3")]
)
def test_suffixes_of_one_family_are_no_problem(
    kind: str, suffix: str, plain: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / f"song{suffix}"
    shutil.copy(plain[kind], path)
    assert samples.read(path).code is None


def test_a_matroska_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "song.mka"
    path.write_bytes(b"\x1aE\xdf\xa3" + bytes(500))
    assert samples.read(path).code is ProblemCode.UNSUPPORTED
