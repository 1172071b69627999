"""What a container says of its streams: codecs, sizes, colours, sound, subtitles, chapters.

Between the scan's reader of videos and the readers of containers: `containers` tells what it is,
`mediainfo` asks the library, `matroska` and `mp4` add what it leaves out, `words` has our words. Nothing is
decoded. What the container does not signal is None; its bitrate is that of the file, never that of the
picture. It knows no names of files and no sidecars.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shelfread.media import values
from shelfread.media.kind import Source
from shelfread.media.trouble import MediaTrouble
from shelfread.media.video import matroska, mediainfo, mp4, probing, signature, words
from shelfread.media.video.containers import HEAD, MATROSKA, MP4, container_of, disc_of, other
from shelfread.model.problem import ProblemCode
from shelfread.model.video import Chapter, Stream, Video

#: Containers that count the bytes of each stream; elsewhere a picture's bitrate is what the sound leaves.
_COUNTED = frozenset(("mp4", "mov", "avi"))
_ISO_MARK = 32769
_MOST_TRACKS = 300
_TYPES = {mediainfo.VIDEO: "video", mediainfo.AUDIO: "audio", mediainfo.TEXT: "subtitle"}
_COMPATIBLE = {"HDR10": 1, "SDR": 2, "HLG": 4, "Blu-ray": 6}
_PROFILE = re.compile(r"\.([0-9]{2})")
_LEADING = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_TIME = re.compile(r"([0-9]{1,6}):([0-9]{2}):([0-9]{2}(?:\.[0-9]{1,9})?)")


class Streams(NamedTuple):
    """What was read of one file."""

    video: Video
    trouble: MediaTrouble | None
    #: At most 32 bytes; None for what is no video.
    signature: bytes | None


def read_streams(source: Source) -> Streams:
    """Read the headers of one file: always a result, whatever the bytes. Raises OSError only."""
    video = Video(sources=["container"])
    if source.size == 0:
        return Streams(video, MediaTrouble(ProblemCode.EMPTY_FILE, "the file is empty"), None)
    head = source.read_at(0, HEAD)
    video.container = "strm" if source.path.lower().endswith(b".strm") else disc_of(head)
    if video.container is not None:
        # An address is shown by its name and never followed; the index of a disc says nothing of its streams.
        return Streams(video, None, signature.of_ends(source))
    container = container_of(head)
    if container is None:
        what, is_known = other(head, source.read_at(_ISO_MARK, 5))
        code = ProblemCode.UNSUPPORTED if is_known else ProblemCode.WRONG_FORMAT
        return Streams(video, MediaTrouble(code, f"this is {what}"), signature.of_ends(source))
    video.container = container.name
    segment = matroska.read(source) if container is MATROSKA else None
    movie = mp4.read(source) if container is MP4 else None
    own = segment or movie
    if own is not None and own.described > _MOST_TRACKS:
        # MediaInfo compares each with each.
        detail = f"the file has {own.described:,} tracks; {_MOST_TRACKS:,} are read"
        return Streams(video, MediaTrouble(ProblemCode.LIMIT_EXCEEDED, detail), signature.of_ends(source))
    found = mediainfo.look(source, container.parser)
    _general(video, found)
    numbered = _streams(video, found)
    video.streams = [stream for _, stream in numbered]
    by_id = {number: stream for number, stream in numbered if number is not None}
    trouble = None if own is None else own.trouble
    signed: bytes | None = None
    if segment is not None:
        signed = _of_matroska(source, segment, video, by_id)
    elif movie is not None:
        signed = _of_mp4(source, movie, by_id)
    elif found.general.get("IsTruncated") == "Yes":
        trouble = MediaTrouble(ProblemCode.TRUNCATED, "the file ends before its header says it should")
    if source.program_s:
        probing.fill(source, video)
    return Streams(video, trouble or _lacking(video), signed or signature.of_ends(source))


def _lacking(video: Video) -> MediaTrouble | None:
    if all(stream.codec is None for stream in video.streams):
        return MediaTrouble(ProblemCode.DAMAGED, f"no streams were found in the {video.container} file")
    if not any(stream.type == "video" for stream in video.streams):
        return MediaTrouble(ProblemCode.WRONG_FORMAT, "the file has no pictures")
    return None


def _general(video: Video, found: mediainfo.Look) -> None:
    general = found.general
    if general.get("Format") == "WebM":
        video.container = "webm"
    elif general.get("Format_Profile") == "QuickTime":
        video.container = "mov"
    milliseconds = _number(general.get("Duration"))
    # Cut off, a file may say less than nothing, and damaged ones that they last for centuries.
    if milliseconds is not None and 0 < milliseconds < 1e10:
        video.duration_s = round(milliseconds / 1000, 3)
    video.bitrate_kbps = _kbps(general.get("OverallBitRate"))
    video.title = values.name(general.get("Title"))
    video.has_cover = "Yes" in general.get("Cover", "")
    for start, title in found.chapters:
        match = _TIME.match(start)
        if match is not None:
            seconds = int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])
            video.chapters.append(Chapter(round(seconds, 3), values.name(title)))


def _streams(video: Video, found: mediainfo.Look) -> list[tuple[int | None, Stream]]:
    """All streams with their numbers in the container, in the order of the file where it is known."""
    made = [
        (_order(facts), _whole(facts.get("ID")), _stream(video, kind, facts)) for kind, facts in found.streams
    ]
    if all(order is not None for order, _, _ in made):
        made.sort(key=lambda one: one[0] or ())
    for place, (order, _, stream) in enumerate(made):
        # Streams that are none of ours, such as timecodes, leave gaps.
        stream.index = order[0] if order is not None and len(order) == 1 else place
    return [(number, stream) for _, number, stream in made]


def _order(facts: dict[str, str]) -> tuple[int, ...] | None:
    parts = facts.get("StreamOrder", "").split("-")
    if all(part.isascii() and part.isdecimal() and len(part) < 7 for part in parts):
        return tuple(map(int, parts))
    return None


def _stream(video: Video, kind: int, facts: dict[str, str]) -> Stream:
    stream = Stream(_TYPES[kind])
    stream.title = values.name(facts.get("Title"))
    stream.language = values.language(facts.get("Language"))
    stream.default = _yes(facts.get("Default"))
    stream.forced = _yes(facts.get("Forced"))
    if kind == mediainfo.VIDEO:
        _picture(video, stream, facts)
    elif kind == mediainfo.AUDIO:
        _sound(stream, facts)
    else:
        _text(stream, facts)
    return stream


def _picture(video: Video, stream: Stream, facts: dict[str, str]) -> None:
    stream.codec = _codec(words.VIDEO_CODECS, facts)
    if stream.codec == "mpeg2" and facts.get("Format_Version", "").endswith("1"):
        stream.codec = "mpeg1"
    profile, _, rest = facts.get("Format_Profile", "").partition(" / ")[0].partition("@")
    level = rest.partition("@")[0]
    stream.profile = profile or None
    stream.level = (level[1:] if re.fullmatch(r"L[0-9.]+", level) else level) or None
    if video.container in _COUNTED:
        stream.bitrate_kbps = _kbps(facts.get("BitRate"))
    stream.width, stream.height = _whole(facts.get("Width")), _whole(facts.get("Height"))
    turned = _number(facts.get("Rotation"))
    stream.rotation = round(turned) % 360 if turned else None
    shape = _number(facts.get("DisplayAspectRatio"))
    if shape and stream.rotation in (90, 270):
        shape = 1 / shape
    stream.aspect = words.aspect(shape)
    rate = _number(facts.get("FrameRate") or facts.get("FrameRate_Original"))
    stream.frame_rate = round(rate, 3) if rate and 0 < rate < 10_000 else None
    stream.bit_depth = _whole(facts.get("BitDepth"))
    scan = facts.get("ScanType")
    stream.interlaced = None if scan is None else scan != "Progressive"
    stream.primaries = words.primaries(facts.get("colour_primaries"))
    stream.transfer = words.transfer(facts.get("transfer_characteristics"))
    stream.matrix = words.matrix(facts.get("matrix_coefficients"))
    kinds = facts.get("HDR_Format", "").split(" / ")
    dynamic = any("2094 App 4" in kind for kind in kinds)
    stream.hdr = words.hdr(_dolby(kinds, facts), dynamic=dynamic, transfer=stream.transfer)


def _dolby(kinds: list[str], facts: dict[str, str]) -> tuple[int, int | None] | None:
    """Profile and compatibility of Dolby Vision; MediaInfo gives a list for each, side by side."""
    place = next((place for place, kind in enumerate(kinds) if kind.startswith("Dolby Vision")), None)
    if place is None:
        return None
    profiles = facts.get("HDR_Format_Profile", "").split(" / ")
    match = _PROFILE.search(profiles[place]) if place < len(profiles) else None
    if match is None:
        return None
    compatible = facts.get("HDR_Format_Compatibility", "").split(" / ")
    return int(match[1]), _COMPATIBLE.get(compatible[place]) if place < len(compatible) else None


def _sound(stream: Stream, facts: dict[str, str]) -> None:
    stream.codec = _codec(words.AUDIO_CODECS, facts)
    features = facts.get("Format_AdditionalFeatures", "")
    commercial = facts.get("Format_Commercial_IfAny", "")
    if stream.codec == "mp2":
        layer = facts.get("Format_Profile", "")[-1:]
        stream.codec = {"1": "mp1", "3": "mp3"}.get(layer, "mp2")
    elif stream.codec == "aac":
        stream.profile = words.aac_profile(features)
    elif stream.codec == "dts":
        stream.profile = words.dts_profile(features)
    else:
        stream.profile = facts.get("Format_Profile")
    stream.spatial = words.spatial(stream.codec, features, commercial)
    stream.bitrate_kbps = _kbps(facts.get("BitRate"))
    stream.channels = _whole(facts.get("Channels"))
    places = facts.get("ChannelLayout", "").partition(" / ")[0].split()
    low = sum(place.startswith("LFE") for place in places) if places else None
    stream.layout = words.layout(stream.channels, low)
    stream.sample_rate = _whole(facts.get("SamplingRate"))
    if stream.codec in ("pcm", "flac", "alac", "truehd", "mlp", "wavpack") or stream.profile == "DTS-HD MA":
        # What is lossy has none, whatever its container was told.
        stream.bit_depth = _whole(facts.get("BitDepth"))
    stream.commentary = words.says_commentary(stream.title)


def _text(stream: Stream, facts: dict[str, str]) -> None:
    stream.codec = _codec(words.TEXT_CODECS, facts)
    stream.pictures = None if stream.codec is None else stream.codec in words.DRAWN
    heard = "HI" in facts.get("ServiceKind", "").split(" / ")
    stream.sdh = True if heard else words.says_sdh(stream.title)
    stream.forced = stream.forced or words.says_forced(stream.title) or stream.forced
    stream.commentary = words.says_commentary(stream.title)


def _of_matroska(
    source: Source, segment: matroska.Segment, video: Video, by_id: dict[int, Stream]
) -> bytes | None:
    """Add what MediaInfo leaves out of Matroska; the signature of its clusters."""
    for number, track in segment.tracks.items():
        stream = by_id.get(number)
        if stream is None:
            continue
        if stream.type == "subtitle":
            stream.sdh = stream.sdh or track.sdh
        elif stream.type == "video":
            stream.stereo_mode = track.stereo_mode
        stream.commentary = stream.commentary or track.commentary
        if track.bitrate is not None:
            stream.bitrate_kbps = round(track.bitrate / 1000)
    video.chapters = segment.chapters or video.chapters
    video.has_cover = video.has_cover or segment.has_cover
    if segment.clusters is None:
        return None
    begin, end = segment.clusters
    return signature.of_payload(source, (begin, end), (begin, end), end - begin)


def _of_mp4(source: Source, movie: mp4.Movie, by_id: dict[int, Stream]) -> bytes | None:
    """Add what MediaInfo leaves out of MP4; the signature of its payload."""
    for number, track in movie.tracks.items():
        stream = by_id.get(number)
        if stream is None:
            continue
        stream.forced = track.forced or stream.forced
        stream.commentary = track.commentary or stream.commentary
        if stream.type == "subtitle":
            stream.sdh = track.sdh or stream.sdh
        elif stream.type == "video":
            stream.interlaced = track.interlaced if stream.interlaced is None else stream.interlaced
        else:
            stream.spatial = "Atmos" if track.atmos else stream.spatial
            if stream.channels is None and track.channels is not None:
                stream.channels = track.channels
                stream.layout = words.layout(track.channels, 0 if track.channels <= 2 else None)
    if not movie.payload:
        return None
    return signature.of_payload(source, movie.first, movie.last, movie.payload)


def _codec(table: dict[str, str], facts: dict[str, str]) -> str | None:
    written = facts.get("Format") or facts.get("CodecID")
    return None if written is None else table.get(written) or words.slug(written)


def _yes(written: str | None) -> bool | None:
    return None if written is None else written.startswith("Yes")


def _number(written: str | None) -> float | None:
    """The first number of a text: MediaInfo lists several where a stream has several."""
    match = _LEADING.match(written) if written else None
    return None if match is None or len(match[0]) > 20 else float(match[0])


def _whole(written: str | None) -> int | None:
    found = _number(written)
    return int(found) if found is not None and 0 < found < 1e9 else None


def _kbps(written: str | None) -> int | None:
    found = _number(written)
    return round(found / 1000) if found is not None and 500 <= found < 1e12 else None
