"""The rare formats, whose stream facts come from mutagen: APE, WavPack, Musepack, True Audio, AAC, AC-3, ASF.

Stands beside the other readers. Imported only when such a file turns up, and mutagen with it. Tags at the
end are read by `tail` like everywhere, those of ASF are mapped here after Picard. What mutagen does not say,
that a file is cut off, is found here from the Monkey's Audio descriptor (SDK, APEHeader), the WavPack block
header (WavPack 4 & 5 file format, 2), the True Audio seek table and the ASF specification (3.2, 5.1).
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct, error
from typing import Any

from mutagen import MutagenError
from mutagen.aac import AACInfo
from mutagen.ac3 import AC3Info
from mutagen.asf import ASF
from mutagen.monkeysaudio import MonkeysAudioInfo
from mutagen.musepack import MusepackInfo
from mutagen.trueaudio import TrueAudioInfo
from mutagen.wavpack import WavPackInfo

from shelfread.media.music.formats import pictures as pics
from shelfread.media.music.formats import signature, tail
from shelfread.media.music.formats.keys import NAMES, put
from shelfread.media.music.raw import Raw
from shelfread.media.pictures import measure
from shelfread.media.window import Memory, Readable, Window
from shelfread.model.problem import ProblemCode

_APE = Struct("<4sHHIIIIIII").unpack_from
_WAVPACK = Struct("<4sIHBBIIII").unpack_from
_ASF_OBJECT = Struct("<16sQ").unpack_from

_ASF_SOUND = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
#: First bytes of the objects that stand at the top level: header, data, three kinds of index.
_ASF_TOP = frozenset(
    bytes.fromhex(name) for name in ("3026b275", "3626b275", "90080033", "d329e2d6", "f803b1fe")
)
_ASF_NAMES = {
    "Title": "title", "Author": "artist", "WM/AlbumArtist": "albumartist", "WM/AlbumTitle": "album",
    "WM/Genre": "genre", "WM/Composer": "composer", "Description": "comment", "WM/TrackNumber": "tracknumber",
    "WM/PartOfSet": "discnumber", "WM/SetSubTitle": "discsubtitle", "WM/Year": "date",
    "WM/OriginalReleaseTime": "originaldate", "WM/OriginalReleaseYear": "originalyear",
    "WM/BeatsPerMinute": "bpm", "WM/IsCompilation": "compilation", "WM/Lyrics": "lyrics",
    "WM/Writer": "lyricist", "WM/Conductor": "conductor", "WM/Producer": "producer",
    "WM/ModifiedBy": "remixer", "WM/Director": "director", "WM/ArtistSortOrder": "artistsort",
    "WM/AlbumArtistSortOrder": "albumartistsort", "WM/TitleSortOrder": "titlesort",
    "WM/AlbumSortOrder": "albumsort", "WM/ComposerSortOrder": "composersort", "WM/Publisher": "label",
    "WM/CatalogNo": "catalognumber", "WM/Barcode": "barcode", "WM/ISRC": "isrc", "WM/Media": "media",
    "WM/ARTISTS": "artists", "WM/Engineer": "engineer", "WM/Mixer": "mixer", "WM/DJMixer": "djmixer",
    "WM/Arranger": "arranger",
}  # fmt: skip


class _File:
    """The source as the seekable file that mutagen wants; `start` and `end` bound what it sees."""

    def __init__(self, source: Readable, start: int, end: int) -> None:
        self._source = source
        self._start = start
        self._size = max(0, end - start)
        self._at = 0
        self.name = ""

    def read(self, length: int = -1) -> bytes:
        rest = max(0, self._size - self._at)
        length = rest if length < 0 else min(length, rest)
        found = self._source.read_at(self._start + self._at, length) if length else b""
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        at = offset + (self._at if whence == 1 else self._size if whence == 2 else 0)
        if at < 0:
            raise OSError(22, "negative seek")
        self._at = at
        return at

    def tell(self) -> int:
        return self._at


_Reader = Callable[[Any], Any]

_STREAMS: dict[str, tuple[_Reader, str, bytes]] = {
    "ape": (MonkeysAudioInfo, "ape", b"P"),
    "wavpack": (WavPackInfo, "wavpack", b"V"),
    "musepack": (MusepackInfo, "musepack", b"C"),
    "tta": (lambda file: TrueAudioInfo(file, None), "tta", b"T"),
    "aac": (AACInfo, "aac", b"a"),
    "ac3": (AC3Info, "ac3", b"3"),
}


def read(source: Readable, raw: Raw, start: int, head: bytes, container: str) -> None:
    """Read a file of `container` whose sound begins at `start`, of which `head` holds the first bytes."""
    if container == "asf":
        _read_asf(source, raw)
        return
    reader, raw.codec, mark = _STREAMS[container]
    raw.container = container
    end, _, _ = tail.strip(source, raw, start, trusted=container != "tta")
    short = _SHORT.get(container)
    if short is not None:
        detail = short(source, start, end, head)
        if detail is not None:
            raw.trouble(ProblemCode.TRUNCATED, detail)
    try:
        facts = reader(_File(source, start, end))
    except (MutagenError, ValueError, OSError, error, IndexError, KeyError, OverflowError) as trouble:
        raw.trouble(ProblemCode.DAMAGED, f"the {container} header is damaged: {_line(trouble)}")
    else:
        _facts(raw, facts, end - start)
        if container == "tta" and len(head) >= 10:
            # Not told by mutagen: channels and bits stand behind the format number (TTA1 header).
            raw.channels, raw.bit_depth = head[6] or None, head[8] or None
        elif container == "ac3":
            raw.codec = str(getattr(facts, "codec", "ac3")).replace("-", "").lower()
    raw.signature = signature.of_range(source, mark, start, end)


def _line(trouble: Exception) -> str:
    return " ".join(str(trouble).split())[:200] or type(trouble).__name__


def _facts(raw: Raw, facts: Any, payload: int) -> None:
    length = getattr(facts, "length", None)
    if isinstance(length, (int, float)) and 0 < length < 1e9:
        raw.duration_s = float(length)
    raw.sample_rate = int(getattr(facts, "sample_rate", 0) or 0) or None
    raw.channels = int(getattr(facts, "channels", 0) or 0) or None
    raw.bit_depth = int(getattr(facts, "bits_per_sample", 0) or 0) or None
    bitrate = int(getattr(facts, "bitrate", 0) or 0)
    if bitrate:
        raw.bitrate_kbps = round(bitrate / 1000) or None
    elif raw.duration_s:
        raw.bitrate_kbps = round(payload * 8 / raw.duration_s / 1000) or None


def _ape_short(source: Readable, start: int, end: int, head: bytes) -> str | None:
    """Sizes of all parts stand in the descriptor since version 3.98."""
    if len(head) < 36:
        return "the file ends inside its header"
    _, version, _, *sizes = _APE(head)
    if version < 3980:
        return None
    descriptor, header, seek, wav, frames, high, closing = sizes
    missing = descriptor + header + seek + wav + frames + (high << 32) + closing - (end - start)
    return f"{missing} bytes of sound are missing" if missing > 0 else None


def _wavpack_short(source: Readable, start: int, end: int, head: bytes) -> str | None:
    """The last block must be whole and hold the last sample."""
    if len(head) < 32:
        return "the file ends inside its header"
    _, _, _, _, _, total, first, _, _ = _WAVPACK(head)
    if total == 0xFFFFFFFF:
        return None
    span = 65536
    while True:
        base = max(start, end - span)
        buf = source.read_at(base, end - base)
        at = buf.rfind(b"wvpk")
        while at >= 0:
            if at + 32 <= len(buf):
                _, size, _, _, _, _, index, samples, _ = _WAVPACK(buf, at)
                if base + at + 8 + size > end:
                    return "the last block is cut off"
                if samples:
                    missing = total - (index - first) - samples
                    return f"the last {missing} samples are missing" if missing > 0 else None
            else:
                return "the last block is cut off"
            at = buf.rfind(b"wvpk", 0, at)
        if base == start or span >= 1 << 20:
            return None
        span *= 4


def _tta_short(source: Readable, start: int, end: int, head: bytes) -> str | None:
    """The seek table behind the 22 bytes of the header holds the size of every frame."""
    if len(head) < 22:
        return "the file ends inside its header"
    rate, samples = int.from_bytes(head[10:14], "little"), int.from_bytes(head[14:18], "little")
    frame = rate * 256 // 245
    if not frame or not samples:
        return None
    count = -(-samples // frame)
    if count > 1 << 18:
        return None
    table = source.read_at(start + 22, 4 * count)
    if len(table) < 4 * count:
        return "the file ends inside its seek table"
    missing = 22 + 4 * count + 4 + sum(Struct(f"<{count}I").unpack(table)) - (end - start)
    return f"{missing} bytes of sound are missing" if missing > 0 else None


def _aac_short(source: Readable, start: int, end: int, head: bytes) -> str | None:
    """The last ADTS frame (14496-3, 1.A.2.2) must be whole."""
    return _last_frame_short(source, start, end, head[:2], _aac_length)


def _ac3_short(source: Readable, start: int, end: int, head: bytes) -> str | None:
    """The last sync frame (ATSC A/52, 5.3.1 and E 2.2.1) must be whole."""
    return _last_frame_short(source, start, end, head[:2], _ac3_length)


def _aac_length(buf: bytes, at: int) -> int:
    return (buf[at + 3] & 3) << 11 | buf[at + 4] << 3 | buf[at + 5] >> 5


def _ac3_length(buf: bytes, at: int) -> int:
    if buf[at + 5] >> 3 > 10:  # E-AC-3 counts words
        return 2 * (((buf[at + 2] & 7) << 8 | buf[at + 3]) + 1)
    rate, code = buf[at + 4] >> 6, buf[at + 4] & 63
    if rate == 3 or code >= 2 * len(_AC3_KBPS):
        return 0
    kbps = _AC3_KBPS[code >> 1]
    if rate == 1:
        return 2 * (kbps * 96000 // 44100 + (code & 1))
    return kbps * (6 if rate else 4)


_AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def _last_frame_short(
    source: Readable, start: int, end: int, sync: bytes, length_at: Callable[[bytes, int], int]
) -> str | None:
    """Walk the frames of the last 16 KiB to the end: whether the last one is whole."""
    base = max(start, end - 16384)
    buf = source.read_at(base, end - base)
    stop = len(buf)
    at = -1
    while True:
        at = buf.find(sync, at + 1)
        if at < 0 or at + 7 > stop:
            return None
        position, seen = at, 0
        while position + 7 <= stop and buf[position : position + 2] == sync:
            length = length_at(buf, position)
            if length < 7:
                break
            position += length
            seen += 1
        if seen > 2 or (at == 0 and base == start):
            return "the last frame is cut off" if position > stop else None


def _musepack_short(source: Readable, start: int, end: int, head: bytes) -> str | None:
    """Stream version 8 closes with an SE packet; version 7 does not tell."""
    if head[:4] == b"MPCK" and end - start > 3 and source.read_at(end - 3, 2) != b"SE":
        return "the closing packet is missing"
    return None


_SHORT: dict[str, Callable[[Readable, int, int, bytes], str | None]] = {
    "ape": _ape_short,
    "wavpack": _wavpack_short,
    "tta": _tta_short,
    "aac": _aac_short,
    "ac3": _ac3_short,
    "musepack": _musepack_short,
}


def _read_asf(source: Readable, raw: Raw) -> None:
    """ASF: Windows Media Audio and what else Microsoft put in it."""
    raw.container = "asf"
    _asf_objects(source, raw)
    try:
        file: Any = ASF(_File(source, 0, source.size))  # type: ignore[no-untyped-call]
    except (MutagenError, ValueError, OSError, error, IndexError, KeyError, OverflowError) as trouble:
        raw.trouble(ProblemCode.DAMAGED, f"the ASF header is damaged: {_line(trouble)}")
        return
    _facts(raw, file.info, source.size)
    kind = str(getattr(file.info, "codec_type", "")) + str(getattr(file.info, "codec_name", ""))
    raw.codec = "wma" if "Windows Media" in kind or not kind else kind.split()[0].lower()[:32]
    for name, value in file.tags or ():
        if name == "WM/Picture":
            _asf_picture(raw, value.value)
            continue
        key = _ASF_NAMES.get(name) or NAMES.get(name.lower().replace("/", " ")) or NAMES.get(name.lower())
        if key is not None and not isinstance(value.value, bytes):
            text = str(int(value.value)) if isinstance(value.value, bool) else str(value.value)
            put(raw.tags, key, text.encode("utf-8", "replace").decode())


def _asf_picture(raw: Raw, data: Any) -> None:
    """`WM/Picture`: type, size, mime and description in UTF-16, picture."""
    if not isinstance(data, bytes) or len(data) < 9 or len(raw.pictures) >= pics.MOST_PICTURES:
        return
    size = int.from_bytes(data[1:5], "little")
    at = 5
    texts: list[str] = []
    for _ in range(2):
        stop = data.find(b"\0\0", at)
        while stop >= 0 and (stop - at) % 2:
            stop = data.find(b"\0\0", stop + 1)
        if stop < 0:
            return
        texts.append(data[at:stop].decode("utf-16-le", "replace"))
        at = stop + 2
    window = Window(Memory(data), data)
    size = min(size, len(data) - at)
    raw.pictures.append(measure(window, at, size, pics.type_name(data[0]), texts[0]))


def _asf_objects(source: Readable, raw: Raw) -> None:
    """Find the data object: whether it is whole, and the signature."""
    position, size = 0, source.size
    searched = False
    for _ in range(64):
        head = source.read_at(position, 24) if position < size else b""
        if len(head) < 24:
            break
        name, length = _ASF_OBJECT(head)
        if (name[:4] not in _ASF_TOP or length < 24) and not searched:
            # Some writers leave old tags behind the header and do not count them: look on.
            searched = True
            skip = source.read_at(position, 1 << 18 if size - position > 1 << 18 else size - position).find(
                _ASF_SOUND
            )
            if skip > 0:
                position += skip
                continue
        if length < 24:
            break
        if name == _ASF_SOUND:
            end = min(position + length, size)
            if position + length > size:
                raw.trouble(ProblemCode.TRUNCATED, f"{position + length - size} bytes of sound are missing")
            # Behind 50 bytes of header, which holds an id that some taggers renew.
            raw.signature = signature.of_range(source, b"w", position + 50, end)
            return
        position += length
    raw.trouble(ProblemCode.TRUNCATED, "the sound data is missing")
