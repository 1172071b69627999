"""Makes short, real, seeded films with PyAV, in memory: every stream with the facts it was asked to have.

Stands at the bottom of the corpus generator, beside `sound`. Pictures are small (64 x 36) and short (0.4 s).
What FFmpeg cannot write (Dolby Vision, Atmos) is put into the boxes of MP4 afterwards, in `video_boxes`.
Knows nothing of names or folders.
"""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.packet import Packet
from av.stream import Disposition
from av.subtitles.subtitle import SubtitleSet
from av.video.frame import VideoFrame

from bench.corpus import video_boxes

#: Container words to FFmpeg's muxers, and the suffix people know them by.
CONTAINERS: Mapping[str, tuple[str, str]] = {
    "matroska": ("matroska", ".mkv"),
    "webm": ("webm", ".webm"),
    "mp4": ("mp4", ".mp4"),
    "mov": ("mov", ".mov"),
    "avi": ("avi", ".avi"),
    "mpegts": ("mpegts", ".ts"),
    "mpegps": ("vob", ".mpg"),
    "flv": ("flv", ".flv"),
    "asf": ("asf", ".wmv"),
}
# The encoder of AV1 talks of itself otherwise.
os.environ.setdefault("SVT_LOG", "1")
_BITEXACT = {"fflags": "+bitexact"}
#: Codec words to encoders, and what makes them quick.
_VIDEO: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "h264": ("libx264", {"preset": "ultrafast"}),
    "hevc": ("libx265", {"preset": "ultrafast", "x265-params": "log-level=none:pools=1:frame-threads=1"}),
    "av1": ("libsvtav1", {"preset": "12", "svtav1-params": "lp=1"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8"}),
    "mpeg2": ("mpeg2video", {}),
    "mpeg4": ("mpeg4", {}),
    "wmv2": ("wmv2", {}),
    "prores": ("prores_ks", {}),
    "mjpeg": ("mjpeg", {}),
    "flv1": ("flv", {}),
}
_AUDIO: Mapping[str, tuple[str, str]] = {
    "aac": ("aac", "fltp"),
    "ac3": ("ac3", "fltp"),
    "eac3": ("eac3", "fltp"),
    "flac": ("flac", "s16"),
    "opus": ("libopus", "s16"),
    "mp3": ("libmp3lame", "fltp"),
    "mp2": ("mp2", "s16"),
    "vorbis": ("vorbis", "fltp"),
    "pcm": ("pcm_s16le", "s16"),
    "wma": ("wmav2", "fltp"),
}
#: Numbers of ISO/IEC 23091-2: primaries, transfer, matrix.
_COLOURS = {"bt709": (1, 1, 1), "bt2020 pq": (9, 16, 9), "bt2020 hlg": (9, 18, 9), "bt601": (6, 6, 6)}
_MASTERING = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
_ASS_HEADER = (
    b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
    b"Style: Default,Arial,16\n\n[Events]\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)


@dataclass(frozen=True)
class Picture:
    """A video stream."""

    codec: str = "h264"
    width: int = 64
    height: int = 36
    rate: Fraction = Fraction(25)
    bit_depth: int = 8
    #: A key of `_COLOURS`; empty: not signalled.
    colour: str = ""
    #: Mastering display and light levels, as HDR10 has them (hevc).
    mastering: bool = False
    #: HDR10+ for every picture (hevc).
    dynamic: bool = False
    #: Dolby Vision: profile, level and what else can show it (mp4).
    dolby: tuple[int, int, int] | None = None
    interlaced: bool = False
    #: Of one pixel.
    pixel: Fraction = Fraction(1)
    #: Degrees clockwise.
    rotation: int = 0
    language: str = ""
    title: str = ""
    default: bool = False
    #: Bits a second, as a tag says.
    counted: int = 0


@dataclass(frozen=True)
class Sound:
    """An audio stream."""

    codec: str = "aac"
    layout: str = "stereo"
    rate: int = 48_000
    language: str = ""
    title: str = ""
    default: bool = False
    forced: bool = False
    commentary: bool = False
    #: Signal Dolby Atmos (eac3 in mp4).
    atmos: bool = False


@dataclass(frozen=True)
class Text:
    """A subtitle stream: subrip, ass, mov_text, webvtt; pgs and vobsub have no picture that can be drawn."""

    codec: str = "subrip"
    language: str = ""
    title: str = ""
    default: bool = False
    forced: bool = False
    sdh: bool = False


@dataclass(frozen=True)
class Film:
    """A whole file."""

    container: str = "matroska"
    pictures: tuple[Picture, ...] = (Picture(),)
    sounds: tuple[Sound, ...] = (Sound(),)
    texts: tuple[Text, ...] = ()
    #: Starts in seconds, and titles.
    chapters: tuple[tuple[float, str], ...] = ()
    title: str = ""
    #: A JPEG or PNG, attached.
    cover: bytes = b""
    seconds: float = 0.4
    seed: int = 0
    #: More options of the muxer.
    muxing: tuple[tuple[str, str], ...] = ()


def suffix(container: str) -> str:
    """The file name suffix of a container, with its dot."""
    return CONTAINERS[container][1]


def film(what: Film) -> bytes:
    """The bytes of a film; the same ones for the same `what`, as far as the encoders are deterministic."""
    target = io.BytesIO()
    options = {**_BITEXACT, **dict(what.muxing)}
    container = CONTAINERS[what.container][0]
    with _as_urgent_as_before(), av.open(target, "w", format=container, options=options) as output:
        if what.title:
            output.metadata["title"] = what.title
        feeds = [_picture(output, one, what) for one in what.pictures]
        feeds += [_sound(output, one, what) for one in what.sounds]
        feeds += [_text(output, one) for one in what.texts]
        if what.cover and what.container in ("mp4", "mov"):
            feeds.append(_cover(output, what.cover))
        elif what.cover:
            output.add_attachment("cover.jpg", "image/jpeg", what.cover)
        if what.chapters:
            output.set_chapters(_chapters(what))  # type: ignore[arg-type]
        if what.texts or what.cover:
            output.start_encoding()
        packets = [packet for feed in feeds for packet in feed()]
        for packet in sorted(packets, key=_time):
            output.mux(packet)
    content = target.getvalue()
    for one in what.pictures:
        if one.dolby is not None:
            content = video_boxes.with_dolby_vision(content, *one.dolby)
    if any(one.atmos for one in what.sounds):
        content = video_boxes.with_atmos(content)
    return content


@contextmanager
def _as_urgent_as_before() -> Iterator[None]:
    """The encoder of AV1 makes the thread that calls it a real-time one where it may, and leaves it so.

    For root it may: all that such a process starts later goes before everything else on the machine.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != before[0]:
            os.sched_setscheduler(0, *before)


def _time(packet: Any) -> float:
    at = packet.dts if packet.dts is not None else packet.pts
    return float((at or 0) * packet.time_base) if packet.time_base else 0.0


def _named(stream: Any, one: Picture | Sound | Text) -> None:
    if one.language:
        stream.metadata["language"] = one.language
    if one.title:
        stream.metadata["title"] = one.title
    if isinstance(one, Picture) and one.counted:
        # As mkvmerge writes it.
        stream.metadata["BPS"] = str(one.counted)
    flags = Disposition(0)
    for name, flag in (
        ("default", Disposition.default),
        ("forced", Disposition.forced),
        ("commentary", Disposition.comment),
        ("sdh", Disposition.hearing_impaired),
    ):
        if getattr(one, name, False):
            flags |= flag
    stream.disposition = flags


def _picture(output: Any, one: Picture, what: Film) -> Any:
    encoder, options = _VIDEO[one.codec]
    # One thread: what several make depends on the machine.
    options = {"threads": "1", "flags": "+bitexact", **options}
    if one.mastering:
        options["x265-params"] += f":hdr10=1:repeat-headers=1:master-display={_MASTERING}:max-cll=1000,400"
    if one.codec == "vp9" and one.bit_depth > 8:
        options["profile"] = "2"
    if one.interlaced and one.codec == "h264":
        options["x264-params"] = "tff=1:interlaced=1"
    if one.interlaced and one.codec == "mpeg2":
        options["flags"] = "+bitexact+ildct+ilme"
    stream = output.add_stream(encoder, rate=one.rate, options=options)
    stream.width, stream.height = one.width, one.height
    context = stream.codec_context
    context.pix_fmt = "yuv422p10le" if one.codec == "prores" else _layout(one)
    context.sample_aspect_ratio = one.pixel
    if one.colour:
        context.color_primaries, context.color_trc, context.colorspace = _COLOURS[one.colour]
        context.color_range = 1
    if one.interlaced:
        context.field_order = 2
    if one.rotation:
        # FFmpeg counts against the clock.
        stream.set_display_rotation(-one.rotation)
    _named(stream, one)
    rng = random.Random(f"film {what.seed}")

    def feed() -> list[Packet[Any]]:
        packets: list[Packet[Any]] = []
        for number in range(max(2, round(what.seconds * one.rate))):
            packets += stream.encode(_frame(rng, context.pix_fmt, one, number))
        packets += stream.encode(None)
        return [_with_hdr10plus(packet, stream) for packet in packets] if one.dynamic else packets

    return feed


def _layout(one: Picture) -> str:
    if one.codec == "mjpeg":
        return "yuvj420p"
    return "yuv420p" if one.bit_depth == 8 else f"yuv420p{one.bit_depth}le"


def _frame(rng: random.Random, layout: str, one: Picture, number: int) -> VideoFrame:
    frame = VideoFrame(one.width, one.height, layout)
    for plane in frame.planes:
        level = rng.randrange(40, 120)
        line = bytes(level + at * 97 // plane.line_size for at in range(plane.line_size))
        if layout.endswith("le"):
            line = bytes(level if at % 2 == 0 else 1 for at in range(plane.line_size))
        plane.update(line * (plane.buffer_size // plane.line_size))
    frame.pts = number
    frame.time_base = 1 / one.rate
    if one.colour:
        frame.color_primaries, frame.color_trc, frame.colorspace = _COLOURS[one.colour]
        frame.color_range = 1
    return frame


def _hdr10plus() -> bytes:
    """A message of SMPTE ST 2094-40 with plain values, in a SEI prefix (39) with user data of ITU-T T.35."""
    # United States, Samsung, application 4 in its first version; one window, no curves.
    bits = f"{0xB5003C00010401:056b}01{400:027b}0" + f"{0x15555:017b}" * 4 + "0000" + f"{341:010b}" + "000"
    body = bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))
    unit = bytes([39 << 1, 1, 4, len(body)]) + body + b"\x80"
    return b"\0\0\0\1" + unit.replace(b"\0\0\1", b"\0\0\3\1")


def _with_hdr10plus(packet: Packet[Any], stream: Any) -> Packet[Any]:
    """A packet of hevc with the message before its first slice."""
    changed = Packet(_hdr10plus() + bytes(packet))
    changed.stream, changed.pts, changed.dts = stream, packet.pts, packet.dts
    changed.duration, changed.time_base = packet.duration, packet.time_base
    changed.is_keyframe = packet.is_keyframe
    return changed


def _sound(output: Any, one: Sound, what: Film) -> Any:
    encoder, layout = _AUDIO[one.codec]
    options = {"threads": "1", "flags": "+bitexact", "strict": "experimental"}
    stream = output.add_stream(encoder, rate=one.rate, options=options)
    stream.codec_context.layout = one.layout
    stream.codec_context.format = layout
    stream.codec_context.bit_rate = 32_000 * stream.codec_context.channels
    _named(stream, one)

    def feed() -> list[Packet[Any]]:
        packets: list[Packet[Any]] = []
        total = round(what.seconds * one.rate)
        for start in range(0, total, 1024):
            frame = AudioFrame(layout, one.layout, min(1024, total - start), align=True)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts, frame.time_base = one.rate, start, Fraction(1, one.rate)
            packets += stream.encode(frame)
        return [*packets, *stream.encode(None)]

    return feed


def _text(output: Any, one: Text) -> Any:
    drawn = {"pgs": "hdmv_pgs_subtitle", "vobsub": "dvd_subtitle"}.get(one.codec)
    if drawn is not None:
        stream = output.add_mux_stream(drawn)
    else:
        stream = output.add_stream(one.codec)
        stream.codec_context.subtitle_header = _ASS_HEADER
    _named(stream, one)

    def feed() -> list[Packet[Any]]:
        if drawn is None:
            line = SubtitleSet.create(b"0,0,Default,,0,0,0,,Hello", 0, 300)
            packet = stream.codec_context.encode_subtitle(line)
        else:
            packet = Packet(b"\x16\0\0")
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        packet.duration, packet.time_base = 300, Fraction(1, 1000)
        return [packet]

    return feed


def _cover(output: Any, content: bytes) -> Any:
    stream = output.add_stream("mjpeg", rate=1)
    stream.width, stream.height, stream.pix_fmt = 60, 90, "yuvj420p"
    stream.disposition = Disposition.attached_pic

    def feed() -> list[Packet[Any]]:
        packet = Packet(content)
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 1000)
        packet.is_keyframe = True
        return [packet]

    return feed


def _chapters(what: Film) -> list[dict[str, Any]]:
    ends = [start for start, _ in what.chapters[1:]] + [what.seconds]
    return [
        {
            "id": number,
            "start": round(start * 1000),
            "end": round(end * 1000),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": title},
        }
        for number, ((start, title), end) in enumerate(zip(what.chapters, ends, strict=True), 1)
    ]
