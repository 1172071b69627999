"""What FFmpeg's ffprobe says of a file, as a source of the same facts: for people who have it and want that.

Beside `streams`. `arguments` is what `probing` runs, `from_ffprobe` reads the JSON that comes back; nothing
is started here, and nothing here is needed. The file is an open descriptor, so that no name is ever part of
a command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shelfread.media import values
from shelfread.media.video import words
from shelfread.model.video import Chapter, Stream, Video

#: Seconds after which it is stopped, and bytes of its answer.
TIMEOUT_S = 15.0
MOST_ANSWER = 4 << 20
_MOST_STREAMS = 200
_MOST_CHAPTERS = 2000

#: FFmpeg's names of containers; the first that is listed counts, and the brand tells MOV from MP4.
_CONTAINERS = {
    "matroska": "matroska", "mov": "mp4", "avi": "avi", "mpegts": "mpegts", "mpeg": "mpegps", "asf": "asf",
    "flv": "flv", "ogg": "ogg", "rm": "rm", "mxf": "mxf", "ivf": "ivf", "dv": "dv", "mpegvideo": "mpegvideo",
}  # fmt: skip
_DEPTH = re.compile(r"(?:p|gray|p0)(9|10|12|14|16)(?:le|be)?$")
_LAYOUT = re.compile(r"([0-9]{1,2}\.[0-9])(?:\.[0-9])?(?:\([a-z]+\))?")


def arguments(program: str, descriptor: int) -> list[str]:
    """The command that reads an open file: an argument list, for no shell.

    Args:
        program: Where ffprobe is.
        descriptor: The open file, inherited by the process; the only thing it may open.
    """
    return [
        program,
        *("-hide_banner", "-loglevel", "error", "-nostdin"),
        # Playlists and references lead nowhere: no network, no file, nothing but this descriptor.
        *("-protocol_whitelist", "fd", "-format_whitelist", ",".join(_FORMATS)),
        *("-analyzeduration", "5000000", "-probesize", str(16 << 20)),
        *("-print_format", "json", "-show_format", "-show_streams", "-show_chapters"),
        *("-fd", str(descriptor), "-i", "fd:"),
    ]


#: Demuxers that read one file and no other: no hls, no concat, no dash.
_FORMATS = (
    "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "avi", "mpegts", "mpeg", "mpegvideo", "asf", "flv", "ogg",
    "rm", "mxf", "ivf", "dv",
)  # fmt: skip


def from_ffprobe(document: object) -> Video:
    """The facts in a JSON document of ffprobe, for any document; what is not there is None."""
    video = Video(sources=["container"])
    whole = _mapping(document)
    form = _mapping(whole.get("format"))
    tags = _tags(form)
    video.container = _container(form, tags)
    seconds = _number(form.get("duration"))
    video.duration_s = round(seconds, 3) if seconds and 0 < seconds < 1e7 else None
    video.bitrate_kbps = _kbps(form.get("bit_rate"))
    video.title = values.name(tags.get("title"))
    for facts in _list(whole.get("streams"))[:_MOST_STREAMS]:
        flags = _mapping(facts.get("disposition"))
        if facts.get("codec_type") == "attachment" or flags.get("attached_pic") == 1:
            kind = str(_tags(facts).get("mimetype", "image/"))
            video.has_cover = video.has_cover or kind.startswith("image/")
        elif facts.get("codec_type") in ("video", "audio", "subtitle"):
            video.streams.append(_stream(facts, flags))
    for chapter in _list(whole.get("chapters"))[:_MOST_CHAPTERS]:
        start = _number(chapter.get("start_time"))
        if start is not None and 0 <= start < 1e7:
            video.chapters.append(Chapter(round(start, 3), values.name(_tags(chapter).get("title"))))
    return video


def _container(form: Mapping[str, Any], tags: Mapping[str, Any]) -> str | None:
    written = str(form.get("format_name", "")).split(",")[0]
    found = _CONTAINERS.get(written) or words.slug(written)
    return "mov" if found == "mp4" and str(tags.get("major_brand", "")).strip() == "qt" else found


def _stream(facts: Mapping[str, Any], flags: Mapping[str, Any]) -> Stream:
    tags = _tags(facts)
    stream = Stream(str(facts["codec_type"]), _whole(facts.get("index")) or 0)
    written = values.name(facts.get("codec_name"))
    stream.codec = None if written is None else words.FFMPEG_CODECS.get(written, written)
    if stream.codec is not None and stream.codec.startswith("pcm_"):
        stream.codec = "pcm"
    stream.title = values.name(tags.get("title"))
    stream.language = values.language(tags.get("language"))
    stream.default, stream.forced = _flag(flags, "default"), _flag(flags, "forced")
    stream.bitrate_kbps = _kbps(facts.get("bit_rate")) or _kbps(tags.get("BPS")) or _kbps(tags.get("BPS-eng"))
    stream.commentary = _flag(flags, "comment") or words.says_commentary(stream.title)
    profile = values.name(facts.get("profile"))
    stream.profile = None if profile is None or profile.lower() == "unknown" else profile
    if stream.type == "video":
        _picture(stream, facts)
    elif stream.type == "audio":
        _sound(stream, facts)
    else:
        stream.pictures = None if stream.codec is None else stream.codec in words.DRAWN
        stream.sdh = _flag(flags, "hearing_impaired") or words.says_sdh(stream.title)
        stream.forced = stream.forced or words.says_forced(stream.title) or stream.forced
    return stream


def _picture(stream: Stream, facts: Mapping[str, Any]) -> None:
    level = _whole(facts.get("level"))
    if level is not None and level > 0:
        # H.264 counts in tenths, HEVC in thirtieths; of the others the numbers mean other things.
        ways = {"h264": level / 10, "hevc": level / 30}
        stream.level = f"{ways[stream.codec]:g}" if stream.codec in ways else None
    stream.width, stream.height = _whole(facts.get("width")), _whole(facts.get("height"))
    sides = [_mapping(side) for side in _list(facts.get("side_data_list"))]
    turned = next(
        (turn for turn in (_number(side.get("rotation")) for side in sides) if turn is not None), None
    )
    if turned is None:
        turned = _number(_tags(facts).get("rotate"))
        turned = None if turned is None else -turned
    # FFmpeg counts against the clock.
    stream.rotation = (round(-turned) % 360 or None) if turned is not None else None
    stream.aspect = words.aspect(_shape(stream, facts))
    rate = _ratio(facts.get("avg_frame_rate")) or _ratio(facts.get("r_frame_rate"))
    stream.frame_rate = round(rate, 3) if rate and 0 < rate < 10_000 else None
    stream.bit_depth = _depth(facts)
    order = facts.get("field_order")
    if order in ("progressive", "tt", "bb", "tb", "bt"):
        stream.interlaced = order != "progressive"
    stream.primaries = words.primaries(values.name(facts.get("color_primaries")))
    stream.transfer = words.transfer(values.name(facts.get("color_transfer")))
    stream.matrix = words.matrix(values.name(facts.get("color_space")))
    kinds = {str(side.get("side_data_type")): side for side in sides}
    dolby = kinds.get("DOVI configuration record", {})
    profile = _whole(dolby.get("dv_profile"))
    stream.hdr = words.hdr(
        None if profile is None else (profile, _whole(dolby.get("dv_bl_signal_compatibility_id"))),
        dynamic=any("2094-40" in kind or "HDR10+" in kind for kind in kinds),
        transfer=stream.transfer,
    )
    stream.stereo_mode = values.name(_tags(facts).get("stereo_mode"))


def _shape(stream: Stream, facts: Mapping[str, Any]) -> float | None:
    shape = _ratio(facts.get("display_aspect_ratio"))
    if not shape and stream.width and stream.height:
        shape = stream.width / stream.height * (_ratio(facts.get("sample_aspect_ratio")) or 1)
    return 1 / shape if shape and stream.rotation in (90, 270) else shape


def _depth(facts: Mapping[str, Any]) -> int | None:
    written = _whole(facts.get("bits_per_raw_sample"))
    if written:
        return written
    layout = str(facts.get("pix_fmt", ""))
    match = _DEPTH.search(layout)
    if match is not None:
        return int(match[1])
    return 8 if layout.startswith(("yuv4", "yuvj4", "nv12")) else None


def _sound(stream: Stream, facts: Mapping[str, Any]) -> None:
    profile = stream.profile or ""
    if "Atmos" in profile:
        stream.spatial = "Atmos"
    elif "DTS:X" in profile or "IMAX" in profile:
        stream.spatial = "DTS:X"
    if stream.codec in ("eac3", "truehd"):
        stream.profile = None
    elif stream.codec == "dts":
        # "DTS-HD MA + DTS:X"; "DTS" itself is none.
        stream.profile = profile.partition(" + ")[0] if profile not in ("", "DTS") else None
    stream.channels = _whole(facts.get("channels"))
    layout = str(facts.get("channel_layout", ""))
    match = _LAYOUT.fullmatch(layout)
    if match is not None:
        stream.layout = match[1]
    elif layout in ("mono", "stereo"):
        stream.layout = layout
    elif stream.channels is not None and stream.channels <= 2:
        stream.layout = words.layout(stream.channels)
    stream.sample_rate = _whole(facts.get("sample_rate"))
    stream.bit_depth = _whole(facts.get("bits_per_raw_sample")) or _whole(facts.get("bits_per_sample"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _tags(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(facts.get("tags"))


def _flag(flags: Mapping[str, Any], name: str) -> bool | None:
    value = flags.get(name)
    return bool(value) if isinstance(value, int) else None


def _number(value: object) -> float | None:
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # NaN is not less either.
    return float(value) if abs(value) < 1e15 else None


def _whole(value: object) -> int | None:
    found = _number(value)
    return int(found) if found is not None and 0 <= found < 1e9 else None


def _kbps(value: object) -> int | None:
    found = _number(value)
    return round(found / 1000) if found is not None and 500 <= found < 1e12 else None


def _ratio(value: object) -> float | None:
    """The value of "24000/1001" and "16:9"; None where it is 0 or no number."""
    over, _, under = str(value).replace(":", "/").partition("/")
    first, second = _number(over), _number(under or "1")
    return first / second if first and second and first > 0 < second else None
