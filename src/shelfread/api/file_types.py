"""What kinds of files are sent, and how the description of the API says it. For `files`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ANY_TYPE = "application/octet-stream"
#: By container; what is not here is sent as bytes of no known kind.
TRACK_TYPES = {
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "mp4": "audio/mp4",
    "aac": "audio/aac",
    "wav": "audio/wav",
    "aiff": "audio/aiff",
    "asf": "audio/x-ms-wma",
    "ape": "audio/x-ape",
    "wavpack": "audio/x-wavpack",
    "musepack": "audio/x-musepack",
    "dsf": "audio/x-dsf",
    "tta": "audio/x-tta",
    "ac3": "audio/ac3",
    "matroska": "audio/x-matroska",
}
#: By format.
BOOK_TYPES = {
    "cbz": "application/vnd.comicbook+zip",
    "cbr": "application/vnd.comicbook-rar",
    "cb7": "application/x-cb7",
    "cbt": "application/x-cbt",
    "epub": "application/epub+zip",
    "pdf": "application/pdf",
}
#: By container; sound and pictures are often in the same.
VIDEO_TYPES = {
    "matroska": "video/x-matroska",
    "mp4": "video/mp4",
    "avi": "video/x-msvideo",
    "asf": "video/x-ms-wmv",
    "flv": "video/x-flv",
    "ogg": "video/ogg",
    "mpegps": "video/mpeg",
    "mpegvideo": "video/mpeg",
    "mpegts": "video/mp2t",
    "m2ts": "video/mp2t",
    "mxf": "application/mxf",
}
#: By the word for them in addresses, and there by container or format.
TYPES = {"tracks": TRACK_TYPES, "books": BOOK_TYPES, "videos": VIDEO_TYPES}
#: What a browser shows by itself, and without running anything of it.
INLINE = {"tracks": frozenset(TRACK_TYPES), "books": frozenset({"pdf"}), "videos": frozenset(VIDEO_TYPES)}
HEADERS = [
    {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": words}
    for name, words in (
        ("Range", "One part: `bytes=0-1023`."),
        ("If-Range", "The part only if the file is still that of this `ETag` or `Last-Modified`, else all."),
        ("If-None-Match", "Nothing (304) if it is still that of this `ETag`."),
        ("If-Modified-Since", "Nothing (304) if it did not change since."),
    )
]


def answers(types: Iterable[str]) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that sends files of these types, for the description of the API."""
    content = {
        kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted({*types, ANY_TYPE})
    }
    return {
        200: {"description": "The file.", "content": content},
        206: {"description": "A part of it.", "content": content},
        304: {"description": "The client has it."},
        308: {"description": "The file was moved, and another id is its own."},
    }


def answers_of_item(types: Iterable[str]) -> dict[int | str, dict[str, Any]]:
    """The same of an item that has files: which they are is its own, and none was moved to another id."""
    return {status: told for status, told in answers(types).items() if status != 308}
