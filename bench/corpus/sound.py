"""Makes short, real, seeded audio and encodes it with PyAV, in memory.

Stands at the bottom of the corpus generator: seed and length in, the bytes of an untagged file out. The
three formats that FFmpeg can read but not write are in `bare`. Knows nothing of tags, names or folders.
"""

from __future__ import annotations

import io
import math
import random
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import av
from av.audio.format import AudioFormat
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from bench.corpus import bare

RATE = 44_100
_BAR = RATE // 10  # tones are multiples of 10 Hz, so that a bar repeats without a click
_BITEXACT = {"fflags": "+bitexact"}  # no random serial numbers, no creation times: same seed, same bytes


@dataclass(frozen=True)
class Recipe:
    """How one format is written: FFmpeg's names, and the suffix people know it by."""

    suffix: str
    container: str
    encoder: str
    bit_rate: int = 0
    rate: int = RATE
    depth: str = ""
    muxing: Mapping[str, str] = field(default_factory=dict)
    encoding: Mapping[str, str] = field(default_factory=dict)


RECIPES: Mapping[str, Recipe] = {
    # Without the bit reservoir every MP3 frame stands alone: the benchmark corpus deals them in a new order.
    "mp3": Recipe(
        ".mp3", "mp3", "libmp3lame", 192_000, muxing={"id3v2_version": "0"}, encoding={"reservoir": "0"}
    ),
    "flac": Recipe(".flac", "flac", "flac", encoding={"compression_level": "2"}),
    "m4a": Recipe(".m4a", "ipod", "aac", 128_000),
    "alac": Recipe(".m4a", "ipod", "alac", depth="s16p"),
    "m4b": Recipe(".m4b", "ipod", "aac", 64_000),
    "mp4": Recipe(".mp4", "mp4", "aac", 128_000),
    # FFmpeg's own Vorbis encoder asks for this option; the wheels carry no other.
    "ogg": Recipe(".ogg", "ogg", "vorbis", 128_000, encoding={"strict": "experimental"}),
    "opus": Recipe(".opus", "opus", "libopus", 96_000, rate=48_000),
    "wav": Recipe(".wav", "wav", "pcm_s16le"),
    "aiff": Recipe(".aiff", "aiff", "pcm_s16be"),
    "wma": Recipe(".wma", "asf", "wmav2", 128_000),
    "wv": Recipe(".wv", "wv", "wavpack", depth="s16p"),
    "aac": Recipe(".aac", "adts", "aac", 128_000),
    "tta": Recipe(".tta", "tta", "tta", depth="s16"),
}
_BARE = {"ape": bare.ape, "mpc": bare.mpc, "dsf": bare.dsf}

FORMATS: tuple[str, ...] = (*RECIPES, *_BARE)


def suffix(fmt: str) -> str:
    """The file name suffix of a format, with its dot (`alac` lives in `.m4a`)."""
    return RECIPES[fmt].suffix if fmt in RECIPES else f".{fmt}"


def pcm(seed: int, seconds: float, noise: int = 3, bars: int = 8) -> bytes:
    """Stereo 16-bit samples at 44.1 kHz: a melody with a little noise in it.

    Args:
        seed: The same seed gives the same melody.
        seconds: The length.
        bars: Tenths of a second after which melody and noise begin again.
        noise: Bits of noise; what makes lossless formats as large as they are for real music.
    """
    rng = random.Random(f"pcm {seed}")
    wanted = round(seconds * RATE)
    melody = array("h")
    for _ in range(min(bars, -(-wanted // _BAR))):
        left, right = (_tone(rng.randrange(20, 160)) for _ in range(2))
        bar = array("h", bytes(_BAR * 4))
        bar[0::2], bar[1::2] = left, right
        melody.extend(bar)
    shift = 8 - noise
    hiss = array("b", rng.randbytes(len(melody)))
    melody = array("h", [tone + (grain >> shift) for tone, grain in zip(melody, hiss, strict=True)])
    once = melody.tobytes()
    size = wanted * 4
    return (once * (size // len(once) + 1))[:size] if size else b""


def _tone(tens_of_hertz: int) -> array[int]:
    step = 2 * math.pi * tens_of_hertz / _BAR
    return array("h", [round(6000 * math.sin(step * at)) for at in range(_BAR)])


def encode(fmt: str, samples: bytes) -> bytes:
    """An untagged file of one of the `RECIPES`, from stereo samples as `pcm` makes them."""
    recipe = RECIPES[fmt]
    target = io.BytesIO()
    with av.open(target, "w", format=recipe.container, options={**_BITEXACT, **recipe.muxing}) as container:
        # The flag keeps the names of library versions out of the file: tags are the tagger's business.
        options = {"flags": "+bitexact", **recipe.encoding}
        stream = container.add_stream(recipe.encoder, rate=recipe.rate, options=options)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = "stereo"
        if recipe.depth:  # left alone, some encoders take the first they know: 8 or 24 bits
            stream.codec_context.format = AudioFormat(recipe.depth)
        if recipe.bit_rate:
            stream.codec_context.bit_rate = recipe.bit_rate
        for frame in _frames(samples):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def _frames(samples: bytes, size: int = 4096) -> list[AudioFrame]:
    frames = []
    for start in range(0, len(samples), size * 4):
        part = samples[start : start + size * 4]
        frame = AudioFrame(format="s16", layout="stereo", samples=len(part) // 4, align=True)
        plane = frame.planes[0]
        plane.update(part.ljust(plane.buffer_size, b"\0"))
        frame.sample_rate = RATE
        frame.pts = start // 4
        frames.append(frame)
    return frames


def audio(fmt: str, seed: int, seconds: float) -> bytes:
    """An untagged file of any of the `FORMATS`."""
    if fmt in _BARE:
        return _BARE[fmt](seed, seconds)
    return encode(fmt, pcm(seed, seconds))
