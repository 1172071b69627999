"""Reading sound files: bytes in, `Raw` out.

The readers of mp3, FLAC, Ogg, MP4, WAV, AIFF and DSF are ours, because a first scan is mostly this: a few
positioned reads and a few dozen microseconds a file. Everything else goes through mutagen (`foreign`).
Stands between the parser processes and the rules of `media.music`; knows no rule, no store, no scan.
"""

from __future__ import annotations

from shelfread.media.kind import Source
from shelfread.media.music.formats import dsf, flac, id3, mp4, mpeg, ogg, riff
from shelfread.media.music.formats.keys import settle
from shelfread.media.music.formats.signature import SPAN
from shelfread.media.music.formats.sniff import FAMILIES, UNREAD, container_of, described
from shelfread.media.music.raw import Raw
from shelfread.model.problem import ProblemCode

__all__ = ["Raw", "read_raw"]

#: The first read: most tags end inside of it.
HEAD = 8192
_NONE: frozenset[str] = frozenset()


def read_raw(source: Source) -> Raw:
    """Everything the file says, as far as it can be read; never an exception for any bytes."""
    raw = Raw()
    if source.size <= 0:
        raw.trouble(ProblemCode.EMPTY_FILE, "the file has no bytes")
        return raw
    try:
        _read(source, raw)
    except MemoryError:
        raise
    except OSError as trouble:
        raw.trouble(ProblemCode.IO_ERROR, trouble.strerror or type(trouble).__name__)
    except Exception as trouble:  # noqa: BLE001 - the bytes are hostile; what was read before them counts
        raw.trouble(
            ProblemCode.DAMAGED, f"the {raw.container or 'file'} structure is damaged ({trouble!r:.200})"
        )
    if raw.tags:
        settle(raw.tags)
    return raw


def _read(source: Source, raw: Raw) -> None:
    head = source.read_at(0, HEAD)
    start = 0
    if head[:3] == b"ID3":
        start, head = _leading_tags(source, raw, head)
        if start >= source.size:
            raw.container = "mp3"
            raw.trouble(ProblemCode.TRUNCATED, "the file ends inside its ID3 tag")
            return
    container = container_of(head)
    _, dot, suffix = source.path.rpartition(b".")
    family = FAMILIES.get(b"." + suffix.lower(), _NONE) if dot else _NONE
    if container is None or (container in ("mp3", "aac") and container not in family):
        container = _doubtful(source, raw, start, head, container, family)
        if container is None:
            return
    elif container == "mp3":
        if not mpeg.read(source, raw, start, head, False):
            _no_frames(raw, start, head)
        return
    if family and container not in family:
        raw.trouble(ProblemCode.WRONG_FORMAT, f"the content is {container}, not what the name says")
    if container in UNREAD:
        raw.trouble(ProblemCode.UNSUPPORTED, f"{container} files are not read by this version")
        return
    if start and container not in ("mp3", "aac", "tta"):
        # A tag that does not belong there: it fills the gaps of the format's own.
        before, raw.tags = raw.tags, {}
        _by_container(source, raw, start, head, container)
        raw.tags = before | raw.tags
    else:
        _by_container(source, raw, start, head, container)


def _by_container(source: Source, raw: Raw, start: int, head: bytes, container: str) -> None:
    if container == "flac":
        flac.read(source, raw, start, head)
    elif container == "mp4":
        mp4.read(source, raw, head)
    elif container == "ogg":
        ogg.read(source, raw, start, head)
    elif container == "wav":
        riff.read_wav(source, raw, head)
    elif container == "aiff":
        riff.read_aiff(source, raw, head)
    elif container == "dsf":
        dsf.read(source, raw, head)
    elif container != "mp3":
        # Imported late: few libraries hold such a file, and mutagen costs more than all of ours.
        from shelfread.media.music.formats import foreign

        foreign.read(source, raw, start, head, container)


def _leading_tags(source: Source, raw: Raw, head: bytes) -> tuple[int, bytes]:
    """Read the ID3v2 tags in front; where the sound begins, and the bytes from there."""
    start = 0
    at = 0
    for _ in range(4):
        length = id3.length_at(head, at)
        if not length:
            break
        if start == 0:
            detail = id3.parse(source, head, 0, 0, raw.tags, raw.pictures)
            if detail is not None and length <= source.size:
                raw.trouble(ProblemCode.DAMAGED, detail)
        start += length
        at += length
        if at + 16 > len(head):
            head = source.read_at(start, SPAN) if start < source.size else b""
            at = 0
    return start, head[at:]


def _doubtful(
    source: Source, raw: Raw, start: int, head: bytes, container: str | None, family: frozenset[str]
) -> str | None:
    """A file whose first bytes prove nothing: MPEG frames further in, or no sound at all."""
    if container == "aac":
        if start or _adts_follows(source, start, head):
            return container
        _not_sound(raw, head)
        return None
    if mpeg.read(source, raw, start, head, "mp3" not in family):
        if family and "mp3" not in family:
            raw.trouble(ProblemCode.WRONG_FORMAT, "the content is mp3, not what the name says")
        return None
    _no_frames(raw, start, head)
    return None


def _no_frames(raw: Raw, start: int, head: bytes) -> None:
    """An ID3 tag with nothing behind it, or something that is no sound."""
    if start:
        raw.container = "mp3"
        raw.trouble(ProblemCode.DAMAGED, "no sound was found behind the ID3 tag")
    else:
        _not_sound(raw, head)


def _not_sound(raw: Raw, head: bytes) -> None:
    raw.trouble(
        ProblemCode.WRONG_FORMAT, f"the content is {described(head)}".replace("is not a", "is not that of a")
    )


def _adts_follows(source: Source, start: int, head: bytes) -> bool:
    """Whether a second ADTS frame stands where the first one ends."""
    if len(head) < 7:
        return False
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length >= 7 and source.read_at(start + length, 2) == head[:2]
