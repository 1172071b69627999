"""ffprobe's JSON as another source of the same facts: own documents, and the command that would be run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelfread.media.video.ffprobe import arguments, from_ffprobe
from shelfread.model.video import Stream, Video

PICTURE: dict[str, Any] = {
    "index": 0, "codec_type": "video", "codec_name": "hevc", "profile": "Main 10", "level": 153,
    "width": 3840, "height": 2160, "sample_aspect_ratio": "1:1", "display_aspect_ratio": "16:9",
    "pix_fmt": "yuv420p10le", "field_order": "progressive", "avg_frame_rate": "24000/1001",
    "color_primaries": "bt2020", "color_transfer": "smpte2084", "color_space": "bt2020nc",
    "disposition": {"default": 1, "forced": 0, "attached_pic": 0, "hearing_impaired": 0, "comment": 0},
    "tags": {"language": "und", "title": "The film"},
}  # fmt: skip
DOVI = {
    "side_data_type": "DOVI configuration record", "dv_profile": 8, "dv_level": 6,
    "dv_bl_signal_compatibility_id": 1,
}  # fmt: skip


def _document(*streams: dict[str, Any], **form: Any) -> dict[str, Any]:
    return {"streams": list(streams), "format": {"format_name": "matroska,webm", **form}}


def _picture(**changed: Any) -> Stream:
    (stream,) = from_ffprobe(_document({**PICTURE, **changed})).streams
    return stream


def _sound(**facts: Any) -> Stream:
    (stream,) = from_ffprobe(_document({"index": 1, "codec_type": "audio", **facts})).streams
    return stream


def _text(**facts: Any) -> Stream:
    (stream,) = from_ffprobe(_document({"index": 2, "codec_type": "subtitle", **facts})).streams
    return stream


def test_a_picture_says_everything() -> None:
    sides = [DOVI, {"side_data_type": "HDR Dynamic Metadata SMPTE2094-40 (HDR10+)"}]
    assert _picture(side_data_list=sides) == Stream(
        "video", 0, "hevc", "Main 10", "5.1", None, "The film", True, False, width=3840, height=2160,
        aspect="16:9", frame_rate=23.976, bit_depth=10, interlaced=False, primaries="bt2020", transfer="pq",
        matrix="bt2020nc", hdr=["Dolby Vision 8.1", "HDR10+", "HDR10"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "name", "value"),
    [
        ({"codec_name": "mpeg2video"}, "codec", "mpeg2"),
        ({"codec_name": "h264", "level": 41}, "level", "4.1"),
        ({"codec_name": "h264", "level": -99}, "level", None),
        ({"codec_name": "vp9", "level": 3}, "level", None),
        ({"profile": "unknown"}, "profile", None),
        ({"field_order": "tt"}, "interlaced", True),
        ({"field_order": "unknown"}, "interlaced", None),
        ({"pix_fmt": "yuv420p"}, "bit_depth", 8),
        ({"pix_fmt": "p010le"}, "bit_depth", 10),
        ({"pix_fmt": None}, "bit_depth", None),
        ({"bits_per_raw_sample": "12"}, "bit_depth", 12),
        ({"color_transfer": "arib-std-b67"}, "hdr", ["HLG"]),
        ({"color_transfer": "unknown"}, "transfer", None),
        ({"color_transfer": "bt709"}, "hdr", []),
        ({"side_data_list": [{"side_data_type": "Display Matrix", "rotation": -90}]}, "rotation", 90),
        ({"side_data_list": [{"side_data_type": "Display Matrix", "rotation": -90}]}, "aspect", "9:16"),
        ({"side_data_list": [{"side_data_type": "Display Matrix", "rotation": 0}]}, "rotation", None),
        ({"tags": {"rotate": "90"}}, "rotation", 90),
        (
            {"display_aspect_ratio": "0:1", "width": 4, "height": 3, "sample_aspect_ratio": "4:3"},
            "aspect",
            "16:9",
        ),
        ({"display_aspect_ratio": "240:101"}, "aspect", "2.38:1"),
        ({"avg_frame_rate": "0/0", "r_frame_rate": "25/1"}, "frame_rate", 25.0),
        ({"avg_frame_rate": "0/0"}, "frame_rate", None),
        ({"bit_rate": "5000000"}, "bitrate_kbps", 5000),
        ({"tags": {"BPS": "4000000"}}, "bitrate_kbps", 4000),
        ({"tags": {"language": "ger"}}, "language", "de"),
        ({"disposition": {}}, "default", None),
    ],
)  # fmt: skip
def test_facts_of_pictures(changed: dict[str, Any], name: str, value: object) -> None:
    assert getattr(_picture(**changed), name) == value


def test_the_bitrate_of_the_container_is_not_that_of_the_picture() -> None:
    video = from_ffprobe(_document(PICTURE, bit_rate="9000000", duration="60.5"))
    assert (video.bitrate_kbps, video.duration_s, video.streams[0].bitrate_kbps) == (9000, 60.5, None)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            {"codec_name": "truehd", "profile": "Dolby TrueHD + Dolby Atmos", "channels": 8,
             "channel_layout": "7.1"},
            ("truehd", None, "Atmos", 8, "7.1"),
        ),
        (
            {"codec_name": "eac3", "profile": "Dolby Digital Plus + Dolby Atmos", "channels": 6,
             "channel_layout": "5.1(side)"},
            ("eac3", None, "Atmos", 6, "5.1"),
        ),
        (
            {"codec_name": "dts", "profile": "DTS-HD MA + DTS:X", "channels": 8, "channel_layout": "7.1"},
            ("dts", "DTS-HD MA", "DTS:X", 8, "7.1"),
        ),
        ({"codec_name": "dts", "profile": "DTS", "channels": 6}, ("dts", None, None, 6, None)),
        (
            {"codec_name": "aac", "profile": "LC", "channels": 2, "channel_layout": "stereo"},
            ("aac", "LC", None, 2, "stereo"),
        ),
        ({"codec_name": "pcm_s16le", "channels": 1}, ("pcm", None, None, 1, "mono")),
    ],
)  # fmt: skip
def test_facts_of_sound(facts: dict[str, Any], said: tuple[object, ...]) -> None:
    stream = _sound(**facts)
    assert (stream.codec, stream.profile, stream.spatial, stream.channels, stream.layout) == said


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"codec_name": "subrip", "disposition": {"forced": 1}}, ("subrip", False, True, None)),
        ({"codec_name": "hdmv_pgs_subtitle", "tags": {"title": "English (SDH)"}}, ("pgs", True, None, True)),
        ({"codec_name": "dvd_subtitle", "tags": {"title": "Forced"}}, ("vobsub", True, True, None)),
        ({"codec_name": "mov_text", "disposition": {"hearing_impaired": 1}}, ("mov_text", False, None, True)),
        ({"codec_name": "ass", "disposition": {"forced": 0}}, ("ass", False, False, None)),
    ],
)
def test_facts_of_subtitles(facts: dict[str, Any], said: tuple[object, ...]) -> None:
    stream = _text(**facts)
    assert (stream.codec, stream.pictures, stream.forced, stream.sdh) == said


def test_a_cover_is_no_stream_and_an_attached_font_no_cover() -> None:
    cover = {"index": 1, "codec_type": "video", "codec_name": "mjpeg", "disposition": {"attached_pic": 1}}
    font = {"index": 2, "codec_type": "attachment", "tags": {"mimetype": "font/ttf"}}
    assert from_ffprobe(_document(PICTURE, cover)).has_cover
    assert not from_ffprobe(_document(PICTURE, font)).has_cover
    assert len(from_ffprobe(_document(PICTURE, cover, font)).streams) == 1


def test_containers_and_chapters() -> None:
    quicktime = _document(format_name="mov,mp4,m4a,3gp,3g2,mj2", tags={"major_brand": "qt  ", "title": "A"})
    assert (from_ffprobe(quicktime).container, from_ffprobe(quicktime).title) == ("mov", "A")
    assert from_ffprobe(_document(format_name="mov,mp4,m4a,3gp,3g2,mj2")).container == "mp4"
    chapters = {"chapters": [{"start_time": "0.000000", "tags": {"title": "One"}}, {"start_time": "61.5"}]}
    assert [(one.start_s, one.title) for one in from_ffprobe(chapters).chapters] == [
        (0.0, "One"),
        (61.5, None),
    ]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["streams", "format", "chapters", "tags", "codec_type", "disposition", "width", "level"]
            ),
            inner,
        )
    ),
    max_leaves=20,
)


@given(_VALUES)
def test_whatever_the_document_there_is_a_video(document: object) -> None:
    assert isinstance(from_ffprobe(document), Video)


def test_a_document_of_lies_gives_nothing() -> None:
    lies = {"index": 10**400, "codec_type": "video", "width": "1e999", "height": -5, "level": float("nan")}
    stream = from_ffprobe({"streams": [lies], "format": {"duration": "inf", "bit_rate": 10**400}}).streams[0]
    assert (stream.width, stream.height, stream.level) == (None, None, None)


def test_the_command_names_no_file_and_reaches_nothing_else() -> None:
    command = arguments("/opt/ff/ffprobe", 7)
    assert command[0] == "/opt/ff/ffprobe"
    assert command[command.index("-protocol_whitelist") + 1] == "fd"
    assert command[-4:] == ["-fd", "7", "-i", "fd:"]
    formats = command[command.index("-format_whitelist") + 1].split(",")
    assert not {"hls", "concat", "dash", "image2"} & set(formats)
