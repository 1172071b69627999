"""Our words for what is in a container: codecs, profiles, colours, HDR, layouts, shapes of the picture.

Below `streams` and `ffprobe`, which speak the languages of MediaInfo and of FFmpeg and end in the same
words. Pure: text in, a word or None out, for any text. It knows no file.
"""

from __future__ import annotations

import re
from math import isfinite

_ODD = re.compile(r"[^a-z0-9]+")

#: What MediaInfo calls a codec (some with a version), and what people call it.
VIDEO_CODECS = {
    "AVC": "h264", "HEVC": "hevc", "VVC": "vvc", "AV1": "av1", "VP8": "vp8", "VP9": "vp9", "VC-1": "vc1",
    "MPEG Video": "mpeg2", "MPEG-4 Visual": "mpeg4", "ProRes": "prores", "Theora": "theora", "JPEG": "mjpeg",
    "Sorenson Spark": "flv1", "H.263": "h263", "RealVideo 4": "rv40", "RealVideo 3": "rv30", "VC-3": "dnxhd",
    "VP90": "vp9", "VP80": "vp8", "AV01": "av1",
}  # fmt: skip
AUDIO_CODECS = {
    "AAC": "aac", "AC-3": "ac3", "E-AC-3": "eac3", "AC-4": "ac4", "MLP FBA": "truehd", "MLP": "mlp",
    "DTS": "dts",
    "FLAC": "flac", "Opus": "opus", "Vorbis": "vorbis", "PCM": "pcm", "ALAC": "alac", "WMA": "wma",
    "MPEG Audio": "mp2", "MPEG-H 3D Audio": "mpegh", "Wavpack": "wavpack", "ADPCM": "adpcm", "Cooker": "cook",
}  # fmt: skip
TEXT_CODECS = {
    "UTF-8": "subrip", "SubRip": "subrip", "ASS": "ass", "SSA": "ssa", "Timed Text": "mov_text",
    "tx3g": "mov_text",
    "PGS": "pgs", "VobSub": "vobsub", "RLE": "vobsub", "DVB Subtitle": "dvbsub", "Teletext": "teletext",
    "Teletext Subtitle": "teletext", "EIA-608": "eia608", "EIA-708": "eia708", "WebVTT": "webvtt",
    "D_WEBVTT/SUBTITLES": "webvtt", "S_TEXT/WEBVTT": "webvtt", "TTML": "ttml", "USF": "usf", "XSUB": "xsub",
    "ARIB STD B24/B37": "arib",
}  # fmt: skip
#: Subtitles that are drawn, not written.
DRAWN = frozenset(("pgs", "vobsub", "dvbsub", "xsub", "arib"))
#: FFmpeg's words that differ from ours.
FFMPEG_CODECS = {
    "mpeg2video": "mpeg2", "mpeg1video": "mpeg1", "hdmv_pgs_subtitle": "pgs", "dvd_subtitle": "vobsub",
    "dvb_subtitle": "dvbsub", "dvb_teletext": "teletext", "eia_608": "eia608", "text": "subrip",
    "dca": "dts",
    "wmav1": "wma", "wmav2": "wma", "wmapro": "wma", "msmpeg4v3": "msmpeg4", "mjpegb": "mjpeg",
    "srt": "subrip",
    "arib_caption": "arib", "mpeg2audio": "mp2", "flv": "flv1",
}  # fmt: skip

_PRIMARIES = {
    "BT.709": "bt709", "BT.2020": "bt2020", "BT.601 NTSC": "smpte170m", "BT.601 PAL": "bt470bg",
    "Display P3": "p3", "DCI P3": "dci-p3", "BT.470 System M": "bt470m", "SMPTE 240M": "smpte240m",
    "Generic film": "film",
}  # fmt: skip
_TRANSFERS = {
    "BT.709": "bt709", "PQ": "pq", "HLG": "hlg", "BT.601": "smpte170m", "BT.2020 (10-bit)": "bt2020-10",
    "BT.2020 (12-bit)": "bt2020-12", "sRGB/sYCC": "srgb", "Linear": "linear", "SMPTE 240M": "smpte240m",
    "BT.470 System M": "bt470m", "BT.470 System B/G": "bt470bg", "SMPTE 428M": "smpte428",
}  # fmt: skip
_MATRICES = {
    "BT.709": "bt709", "BT.2020 non-constant": "bt2020nc", "BT.2020 constant": "bt2020c",
    "BT.601": "smpte170m",
    "BT.470 System B/G": "bt470bg", "Identity": "rgb", "SMPTE 240M": "smpte240m", "FCC 73.682": "fcc",
    "ICtCp": "ictcp",
}  # fmt: skip
_FFMPEG_COLOURS = {
    "smpte2084": "pq", "arib-std-b67": "hlg", "smpte432": "p3", "smpte431": "dci-p3",
    "bt2020_ncl": "bt2020nc",
    "bt2020_cl": "bt2020c", "gbr": "rgb", "iec61966-2-1": "srgb",
}  # fmt: skip
_NO_COLOURS = frozenset(("", "unknown", "reserved", "unspecified"))

#: Shapes of pictures that have names; others are told by their width to a height of 1.
_SHAPES = (
    (16 / 9, "16:9"), (4 / 3, "4:3"), (9 / 16, "9:16"), (3 / 4, "3:4"), (1.0, "1:1"), (5 / 4, "5:4"),
    (3 / 2, "3:2"), (2 / 3, "2:3"),
)  # fmt: skip


def slug(written: str) -> str | None:
    """A name that has no word here, as one."""
    return _ODD.sub("-", written.lower()).strip("-")[:40] or None


def primaries(written: str | None) -> str | None:
    """Colour primaries, as MediaInfo or FFmpeg write them."""
    return _colour(_PRIMARIES, written)


def transfer(written: str | None) -> str | None:
    """Transfer characteristics: bt709, pq, hlg."""
    return _colour(_TRANSFERS, written)


def matrix(written: str | None) -> str | None:
    """Matrix coefficients: bt709, bt2020nc."""
    return _colour(_MATRICES, written)


def _colour(table: dict[str, str], written: str | None) -> str | None:
    if written is None or written.lower() in _NO_COLOURS:
        return None
    return table.get(written) or _FFMPEG_COLOURS.get(written) or slug(written)


def hdr(dolby: tuple[int, int | None] | None, *, dynamic: bool, transfer: str | None) -> list[str]:
    """The kinds of HDR that are signalled.

    Args:
        dolby: Profile of Dolby Vision, and what else can show it (1 HDR10, 2 SDR, 4 HLG, 6 Blu-ray).
        dynamic: Whether there is metadata of SMPTE ST 2094-40 (HDR10+).
        transfer: Our word for the transfer characteristics.
    """
    found: list[str] = []
    if dolby is not None:
        profile, compatible = dolby
        # Only profiles from 7 on have a second number: what the base layer is.
        found.append(f"Dolby Vision {profile}" + (f".{compatible}" if profile > 6 and compatible else ""))
    if dynamic:
        found.append("HDR10+")
    if transfer == "pq":
        found.append("HDR10")
    elif transfer == "hlg":
        found.append("HLG")
    return found


def aspect(shape: float | None) -> str | None:
    """Width to height as shown, as people write it: "16:9", "2.39:1"."""
    if shape is None or not isfinite(shape) or not 0.1 < shape < 20:
        return None
    for ratio, name in _SHAPES:
        if abs(shape / ratio - 1) < 0.012:
            return name
    return f"{shape:.2f}:1"


def layout(channels: int | None, low: int | None = 0) -> str | None:
    """Channels as people count them: "5.1", "stereo", "mono".

    Args:
        channels: All of them.
        low: How many carry low frequencies only; None where that is not known.
    """
    if channels is None or channels < 1:
        return None
    if channels <= 2 and not low:
        return ("mono", "stereo")[channels - 1]
    return None if low is None or low >= channels else f"{channels - low}.{low}"


def dts_profile(features: str) -> str | None:
    """What the extensions of a DTS stream make of it, in MediaInfo's letters: "XLL X"."""
    parts = features.split()
    if "XLL" in parts:
        return "DTS-HD MA"
    if "LBR" in parts:
        return "DTS Express"
    if "XBR" in parts or "XXCH" in parts or "X96" in parts:
        return "DTS-HD HRA" if "XBR" in parts or "XXCH" in parts else "DTS 96/24"
    return "DTS-ES" if "ES" in parts or "XCh" in parts else None


def aac_profile(features: str) -> str | None:
    """The profile of an AAC stream: "LC", "HE-AAC", "HE-AACv2"."""
    parts = features.split()
    if "PS" in parts:
        return "HE-AACv2"
    if "SBR" in parts:
        return "HE-AAC"
    return parts[0] if parts else None


def spatial(codec: str | None, features: str, commercial: str) -> str | None:
    """Sound with objects, where it is signalled."""
    parts = features.split()
    if (
        "Atmos" in commercial
        or (codec == "eac3" and "JOC" in parts)
        or (codec == "truehd" and "16-ch" in parts)
    ):
        return "Atmos"
    if "DTS:X" in commercial or "IMAX" in commercial or (codec == "dts" and "X" in parts):
        return "DTS:X"
    return None


_SDH = re.compile(r"\b(?:SDH|CC|HoH|hearing[ -]impaired|closed captions?)\b", re.IGNORECASE)
_COMMENTARY = re.compile(r"\bcommentar(?:y|ies)\b|\bKommentar\b|\bcommentaires?\b", re.IGNORECASE)
_FORCED = re.compile(r"\bforced\b", re.IGNORECASE)


def says_sdh(title: str | None) -> bool | None:
    """True where the title of a subtitle says that it is for people with hearing loss; else None."""
    return True if title is not None and _SDH.search(title) else None


def says_commentary(title: str | None) -> bool | None:
    """True where the title of a stream says that it is a commentary; else None."""
    return True if title is not None and _COMMENTARY.search(title) else None


def says_forced(title: str | None) -> bool | None:
    """True where the title of a subtitle says that it is a forced one; else None."""
    return True if title is not None and _FORCED.search(title) else None
