"""The generator of films: the same bytes for the same seed, and what it puts in is there for FFmpeg too."""

from __future__ import annotations

import io

import av
import pytest
from av.stream import Disposition

from bench.corpus.video import CONTAINERS, Film, Picture, Sound, Text, film, suffix

_CODECS = {
    "webm": (Picture("vp9"), Sound("opus")),
    "avi": (Picture("mpeg4"), Sound("mp3")),
    "mpegps": (Picture("mpeg2"), Sound("ac3")),
    "asf": (Picture("wmv2"), Sound("wma")),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_seed_gives_the_same_film(container: str) -> None:
    picture, sound = _CODECS.get(container, (Picture(), Sound()))
    first, again, other = (film(Film(container, (picture,), (sound,), seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(first) < 100_000
    assert suffix(container).startswith(".")
    with av.open(io.BytesIO(first)) as opened:
        assert [stream.type for stream in opened.streams] == ["video", "audio"]
        assert len(list(opened.decode(video=0))) == 10  # type: ignore[union-attr]


def test_what_is_asked_for_is_there() -> None:
    what = Film(
        pictures=(Picture(language="eng", rotation=90),),
        texts=(Text("subrip", "ger", forced=True), Text("pgs", "fre", sdh=True)),
        chapters=((0.0, "One"), (0.2, "Two")),
        title="Owls",
    )
    with av.open(io.BytesIO(film(what))) as opened:
        assert opened.metadata["title"] == "Owls"
        assert [stream.metadata.get("language") for stream in opened.streams] == ["eng", None, "ger", "fre"]
        assert [chapter["metadata"]["title"] for chapter in opened.chapters()] == ["One", "Two"]
        flags = [stream.disposition for stream in opened.streams][2:]
        assert [bool(flag & Disposition.forced) for flag in flags] == [True, False]
