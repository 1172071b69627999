"""Whatever the bytes, every reader gives a result whose texts can be stored."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shelfread.media.kind import Source
from shelfread.media.music.formats import read_raw
from shelfread.media.music.formats.id3_frames import genres
from shelfread.media.music.raw import Raw
from tests.media.music.formats import samples


class _Bytes(Source):
    """A source in memory, so that thousands of examples touch no disk."""

    __slots__ = ("data", "worst")

    def __init__(self, data: bytes, path: bytes) -> None:
        super().__init__(-1, path, len(data))
        self.data = data
        #: The largest read that was asked for; endless when one made no sense.
        self.worst = 0.0

    def read_at(self, offset: int, length: int) -> bytes:
        self.worst = max(self.worst, length if offset >= 0 and length >= 0 else float("inf"))
        return self.data[offset : offset + length]


_MAGIC = [
    b"ID3\3\0\0\0\0\1\0", b"ID3\4\0\0\0\0\1\0", b"ID3\2\0\0\0\0\1\0", b"fLaC\0\0\0\x22", b"OggS\0\2",
    b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFF", b"\0\0\0\x10ftypM4A \0\0\0\0",
    b"DSD \x1c" + bytes(23) + b"fmt ", b"MAC \x96\x0f", b"wvpk", b"TTA1",
    b"MP+\7", b"MPCK", b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel", b"\xff\xfb\x90\x64",
    b"\xff\xf1\x50\x80",
]  # fmt: skip
_SUFFIXES = st.sampled_from([b"a.mp3", b"a.flac", b"a.m4a", b"a.ogg", b"a.wav", b"a.wma", b"a", b"a.mpc"])
_LENIENT = settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def _sound(source: _Bytes) -> None:
    raw: Raw = read_raw(source)
    assert source.worst <= 1 << 22, "a claim of the file became an allocation"
    assert (raw.code is None) == (raw.detail is None)
    assert raw.signature is None or len(raw.signature) == 17
    assert len(raw.pictures) <= 100
    for values in raw.tags.values():
        assert 0 < len(values) <= 256
        for value in values:
            assert "\0" not in value
            value.encode()
    if raw.detail is not None:
        assert raw.detail.isprintable()


@_LENIENT
@given(magic=st.sampled_from(_MAGIC), rest=st.binary(max_size=600), name=_SUFFIXES)
def test_any_bytes_behind_any_magic_word_give_a_result(magic: bytes, rest: bytes, name: bytes) -> None:
    _sound(_Bytes(magic + rest, name))


@cache
def _sample(kind: str, folder: Path) -> bytes:
    path = samples.encode(folder / f"{kind}{samples.KINDS[kind][0]}".replace(" ", "_"), kind, 0.15)
    return samples.tag(path, pictures=(samples.jpeg(300),)).read_bytes()


@pytest.mark.parametrize(
    "kind", ["mp3", "flac", "aac", "alac", "vorbis", "opus", "wav", "aiff", "wma", "wavpack", "tta"]
)
@settings(_LENIENT, max_examples=60)
@given(data=st.data())
def test_any_changes_to_a_real_file_give_a_result(
    kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.getbasetemp() / "fuzz"
    base.mkdir(exist_ok=True)
    content = bytearray(_sample(kind, base))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, min(len(content), 3000) - 1))
        content[at : at + 4] = data.draw(
            st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1"])
            | st.binary(max_size=8)
        )
    length = data.draw(st.integers(1, len(content)) | st.just(len(content)))
    _sound(_Bytes(bytes(content[:length]), b"a" + os.fsencode(samples.KINDS[kind][0])))


@_LENIENT
@given(st.text(max_size=40) | st.from_regex(r"(\([0-9RXC]{0,4}\)?){0,6}[a-z]*", fullmatch=True))
def test_any_genre_text_gives_names(value: str) -> None:
    assert len(genres(value)) <= 300
