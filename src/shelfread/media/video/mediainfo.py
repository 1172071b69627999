"""The MediaInfo library, asked through ctypes: what it finds in the headers of one open file, as plain texts.

Between `streams`, which gives these texts their meaning, and the library that comes with pymediainfo. It is
never given a name or an address, only bytes of one descriptor: what a file refers to cannot be found, let
alone opened. It reads with the one parser that the caller has found by the first bytes, so that no playlist
is ever recognised. How much is read is counted here, not there.

pymediainfo itself is not imported: it takes 40 ms, writes XML and reads it again. Decision 19 has the
figures.
"""

from __future__ import annotations

import ctypes
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shelfread.media.window import Readable

#: Bytes handed over at a time.
_STEP = 64 << 10
#: Bytes read in one go before it is sent to the end of the file; there it has to do with what it has.
_RUN = 4 << 20
#: Bytes read of one file in all, and how often it may ask for another place.
_MOST = 16 << 20
_MOST_JUMPS = 64
#: Seconds of processor for all that.
_MOST_TIME_S = 0.7
#: Streams of one kind, and chapters.
_MOST_STREAMS = 100
_MOST_CHAPTERS = 2000
#: Characters of one text.
_MOST_TEXT = 4096

_NOWHERE = ctypes.c_uint64(-1).value
_FINISHED = 8

#: MediaInfo's numbers of what it calls kinds of streams.
GENERAL, VIDEO, AUDIO, TEXT, MENU = 0, 1, 2, 3, 6
_NAME, _VALUE = 0, 1
#: What is asked of each kind, in MediaInfo's words.
_FIELDS = {
    GENERAL: ("Format", "Format_Profile", "Duration", "OverallBitRate", "Cover", "IsTruncated", "Title"),
    VIDEO: (
        "StreamOrder", "ID", "Format", "Format_Version", "Format_Profile", "CodecID", "BitRate",
        "Width", "Height", "DisplayAspectRatio", "Rotation", "FrameRate",
        "FrameRate_Original", "FrameRate_Num", "FrameRate_Den", "BitDepth", "ScanType", "Language", "Title",
        "Default", "Forced", "colour_primaries", "transfer_characteristics", "matrix_coefficients",
        "HDR_Format", "HDR_Format_Profile", "HDR_Format_Compatibility",
    ),
    AUDIO: (
        "StreamOrder", "ID", "Format", "Format_Version", "Format_Profile", "Format_AdditionalFeatures",
        "Format_Commercial_IfAny", "CodecID", "BitRate", "Channels", "ChannelLayout",
        "SamplingRate", "BitDepth", "Language", "Title", "Default", "Forced", "ServiceKind",
    ),
    TEXT: (
        "StreamOrder", "ID", "Format", "CodecID", "Language", "Title", "Default", "Forced", "ServiceKind",
    ),
}  # fmt: skip
_OPTIONS = (
    ("CharSet", "UTF-8"),
    ("ReadByHuman", "0"),
    ("ParseSpeed", "0"),
    # References are read by nobody for a file that is one itself.
    ("File_IsReferenced", "1"),
    ("File_TestContinuousFileNames", "0"),
    ("File_TestDirectory", "0"),
)


@dataclass(slots=True)
class Look:
    """What the library found: fields by MediaInfo's names, only those that have a value."""

    general: dict[str, str] = field(default_factory=dict)
    #: Kind (VIDEO, AUDIO, TEXT) and fields of each stream.
    streams: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    #: When they begin, as "00:10:00.000", and what they are called.
    chapters: list[tuple[str, str]] = field(default_factory=list)


@cache
def _library() -> Any:
    """The library, loaded when the first video is read. Raises OSError where there is none."""
    spec = find_spec("pymediainfo")
    names = ("libmediainfo.0.dylib",) if sys.platform == "darwin" else ("libmediainfo.so.0",)
    folders = [] if spec is None else [Path(folder) for folder in spec.submodule_search_locations or ()]
    bundled = [str(folder / name) for folder in folders for name in names if (folder / name).is_file()]
    # A wheel without it leaves that to the system.
    library = ctypes.CDLL((bundled or list(names))[0])
    pointer, number, text = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_wchar_p
    long, whole = ctypes.c_uint64, ctypes.c_int
    for name, result, arguments in (
        ("New", pointer, ()),
        ("Delete", None, (pointer,)),
        ("Close", None, (pointer,)),
        ("Option", text, (pointer, text, text)),
        ("Open_Buffer_Init", number, (pointer, long, long)),
        ("Open_Buffer_Continue", number, (pointer, ctypes.c_char_p, number)),
        ("Open_Buffer_Continue_GoTo_Get", long, (pointer,)),
        ("Open_Buffer_Finalize", number, (pointer,)),
        ("Count_Get", number, (pointer, whole, number)),
        ("Get", text, (pointer, whole, number, text, whole, whole)),
        ("GetI", text, (pointer, whole, number, number, whole)),
    ):
        function = getattr(library, f"MediaInfo_{name}")
        function.restype, function.argtypes = result, arguments
    return library


def look(source: Readable, parser: str) -> Look:
    """Read the headers of one file.

    Args:
        source: The open file.
        parser: MediaInfo's name for the reader of its container: "Mk", "Mpeg4", "Riff" and so on.

    Raises:
        OSError: The file cannot be read, or there is no library.
    """
    library = _library()
    handle = library.MediaInfo_New()
    try:
        for name, value in (*_OPTIONS, ("File_ForceParser", parser)):
            library.MediaInfo_Option(handle, name, value)
        _feed(library, handle, source)
        return _taken(library, handle)
    finally:
        library.MediaInfo_Close(handle)
        library.MediaInfo_Delete(handle)


def _feed(library: Any, handle: int, source: Readable) -> None:
    """Hand over the bytes that the library wants to see, within bounds."""
    size = source.size
    library.MediaInfo_Open_Buffer_Init(handle, size, 0)
    position = run = total = jumps = 0
    sent_on = False
    until = time.thread_time() + _MOST_TIME_S
    while total < _MOST and time.thread_time() < until:
        content = source.read_at(position, _STEP)
        if not content:
            break
        position += len(content)
        run += len(content)
        total += len(content)
        if library.MediaInfo_Open_Buffer_Continue(handle, content, len(content)) & _FINISHED:
            break
        wanted = library.MediaInfo_Open_Buffer_Continue_GoTo_Get(handle)
        if wanted == _NOWHERE and run >= _RUN:
            # It looks for what is rare, or not there. The end has times, and lists of what is where.
            if sent_on or position >= size - _RUN:
                break
            sent_on, wanted = True, size - _RUN
        if wanted != _NOWHERE:
            jumps += 1
            if jumps > _MOST_JUMPS or wanted >= size:
                break
            position, run = wanted, 0
            library.MediaInfo_Open_Buffer_Init(handle, size, position)
    library.MediaInfo_Open_Buffer_Finalize(handle)


def _taken(library: Any, handle: int) -> Look:
    found = Look(general=_fields(library, handle, GENERAL, 0))
    for kind in (VIDEO, AUDIO, TEXT):
        for number in range(min(_count(library, handle, kind), _MOST_STREAMS)):
            found.streams.append((kind, _fields(library, handle, kind, number)))
    for number in range(min(_count(library, handle, MENU), _MOST_STREAMS)):
        # MP4 may have the same twice, as a list and as a track of which not every text is read.
        found.chapters = max(found.chapters, _chapters(library, handle, number), key=len)
    return found


def _count(library: Any, handle: int, kind: int) -> int:
    return int(library.MediaInfo_Count_Get(handle, kind, ctypes.c_size_t(-1)))


def _fields(library: Any, handle: int, kind: int, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _FIELDS[kind]:
        value = _text(library.MediaInfo_Get, handle, kind, number, name, _VALUE, _NAME)
        if value:
            found[name] = value
    return found


def _text(ask: Any, *arguments: object) -> str:
    try:
        value = ask(*arguments)
    except ValueError:  # a character that does not exist
        return ""
    return value[:_MOST_TEXT] if value else ""


def _chapters(library: Any, handle: int, number: int) -> list[tuple[str, str]]:
    """The chapters in one menu: fields whose names are their times."""
    ends = [
        _text(library.MediaInfo_Get, handle, MENU, number, f"Chapters_Pos_{end}", _VALUE, _NAME)
        for end in ("Begin", "End")
    ]
    if not all(end.isascii() and end.isdecimal() and len(end) < 9 for end in ends):
        return []
    first, last = map(int, ends)
    found: list[tuple[str, str]] = []
    for place in range(first, min(last, first + _MOST_CHAPTERS)):
        start, title = (
            _text(library.MediaInfo_GetI, handle, MENU, number, place, what) for what in (_NAME, _VALUE)
        )
        if start[:1].isdecimal():
            found.append((start, title))
    return found
