"""Streams, chapters and people of a video in lines for people, for the blocks of `show`.

Pure: the JSON of one file in, texts out. What is unknown has no word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shelfread.cli.texts import duration, number, shown

#: Chapters and people that are named; `--json` has all.
_CHAPTERS = 4
_PEOPLE = 12
#: Words that are added where a flag is set.
_FLAGS = (
    ("default", "default"),
    ("forced", "forced"),
    ("sdh", "for people with hearing loss"),
    ("commentary", "commentary"),
    ("interlaced", "interlaced"),
)


def streams(found: Sequence[Mapping[str, Any]]) -> str:
    """One line a stream: what it is first, then how it is encoded, for whom it is, and what it is called."""
    return "\n".join(_stream(stream) for stream in found)


def _stream(stream: Mapping[str, Any]) -> str:
    kind = stream["type"]
    said = [_codec(stream)]
    if kind == "video":
        said += _picture(stream)
    elif kind == "audio":
        said += _sound(stream)
    elif stream.get("pictures"):
        said.append("pictures")
    if "bitrate_kbps" in stream:
        said.append(f"{number(stream['bitrate_kbps'])} kbps")
    if "language" in stream:
        said.append(shown(stream["language"]))
    if "title" in stream:
        said.append(f'"{shown(stream["title"])}"')
    said += [word for name, word in _FLAGS if stream.get(name)]
    return f"{stream.get('index', 0):>2} {kind:<8} {', '.join(filter(None, said))}"


def _codec(stream: Mapping[str, Any]) -> str:
    words = [stream.get("codec", "unknown"), stream.get("profile"), stream.get("level")]
    return " ".join(shown(str(word)) for word in words if word)


def _picture(stream: Mapping[str, Any]) -> list[str]:
    said = []
    if {"width", "height"} <= stream.keys():
        shape = f" ({shown(stream['aspect'])})" if "aspect" in stream else ""
        said.append(f"{stream['width']} x {stream['height']}{shape}")
    if "rotation" in stream:
        said.append(f"turned by {stream['rotation']} degrees")
    if "frame_rate" in stream:
        said.append(f"{stream['frame_rate']:g} frames/s")
    if "bit_depth" in stream:
        said.append(f"{stream['bit_depth']} bit")
    colours = [stream.get(name) for name in ("primaries", "transfer", "matrix")]
    # Of one system they are all called the same.
    said.append(" ".join(shown(word) for word in dict.fromkeys(colours) if word))
    said.append(" + ".join(shown(word) for word in stream.get("hdr", ())))
    said.append(shown(stream.get("stereo_mode", "")))
    return said


def _sound(stream: Mapping[str, Any]) -> list[str]:
    said = [shown(stream.get("spatial", ""))]
    if "layout" in stream:
        said.append(shown(stream["layout"]))
    elif "channels" in stream:
        said.append(f"{stream['channels']} channels")
    if "sample_rate" in stream:
        said.append(f"{stream['sample_rate'] / 1000:g} kHz")
    if "bit_depth" in stream:
        said.append(f"{stream['bit_depth']} bit")
    return said


def chapters(found: Sequence[Mapping[str, Any]]) -> str:
    """How many, and where the first ones begin."""
    named = [" ".join(filter(None, (duration(one["start_s"]), shown(one.get("title", ""))))) for one in found]
    more = "; ..." if len(named) > _CHAPTERS else ""
    return f"{len(named)}: {'; '.join(named[:_CHAPTERS])}{more}"


def people(found: Sequence[Mapping[str, Any]]) -> str:
    """Who had a part in it, and which."""
    named = [
        f"{shown(one['role'])}: {shown(one['name'])}"
        + (f" ({shown(one['character'])})" if one.get("character") else "")
        for one in found[:_PEOPLE]
    ]
    more = len(found) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more > 0 else "")
