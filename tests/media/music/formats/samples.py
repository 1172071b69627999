"""Sound files for the tests of the readers: noise encoded by PyAV, tags written by mutagen."""

from __future__ import annotations

import base64
import os
import random
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import mutagen
import mutagen.apev2
import mutagen.asf
import mutagen.flac
import mutagen.id3
import mutagen.mp4

from shelfread.media.kind import Source
from shelfread.media.music.formats import read_raw
from shelfread.media.music.raw import Raw

#: mutagen without its half-finished types.
mut: Any = mutagen

#: Name -> (suffix, encoder, muxer, rate, bit rate, muxer options).
KINDS: dict[str, tuple[str, str, str, int, int | None, dict[str, str]]] = {
    "mp3": (".mp3", "libmp3lame", "mp3", 44100, 64000, {}),
    "mp3 without xing": (".mp3", "libmp3lame", "mp3", 22050, 64000, {"write_xing": "0"}),
    "mp2": (".mp2", "mp2", "mp2", 44100, 128000, {}),
    "flac": (".flac", "flac", "flac", 44100, None, {}),
    "aac": (".m4a", "aac", "ipod", 44100, 64000, {}),
    "aac first moov": (".m4a", "aac", "mp4", 44100, 64000, {"movflags": "faststart"}),
    "aac in fragments": (
        ".m4a",
        "aac",
        "mp4",
        48000,
        64000,
        {"movflags": "frag_keyframe+empty_moov+default_base_moof"},
    ),
    "alac": (".m4a", "alac", "ipod", 44100, None, {}),
    "vorbis": (".ogg", "vorbis", "ogg", 44100, 64000, {}),
    "opus": (".opus", "libopus", "ogg", 48000, 64000, {}),
    "flac in ogg": (".oga", "flac", "ogg", 44100, None, {}),
    "wav": (".wav", "pcm_s16le", "wav", 44100, None, {}),
    "wav 24": (".wav", "pcm_s24le", "wav", 48000, None, {}),
    "rf64": (".wav", "pcm_s16le", "wav", 44100, None, {"rf64": "always"}),
    "aiff": (".aiff", "pcm_s16be", "aiff", 44100, None, {}),
    "wma": (".wma", "wmav2", "asf", 44100, 64000, {}),
    "wavpack": (".wv", "wavpack", "wv", 44100, None, {}),
    "tta": (".tta", "tta", "tta", 44100, None, {}),
    "adts": (".aac", "aac", "adts", 44100, 64000, {}),
    "ac3": (".ac3", "ac3", "ac3", 44100, 128000, {}),
}
#: The kinds whose tags mutagen can write; the fragmented one loses its fragments on the way.
TAGGED = [name for name in KINDS if name not in ("adts", "ac3", "rf64", "aac in fragments")]

TAGS = {
    "title": "Ein Stück für Zwei",
    "artist": "Sigur Rós",
    "albumartist": "Various 日本",
    "album": "The Album",
    "genre": "Rock",
    "composer": "Someone Else",
    "date": "2004-05-06",
    "tracknumber": "3",
    "discnumber": "1",
    "bpm": "97",
    "lyrics": "line one\nline two",
}
MUSICBRAINZ = "9e873859-8aa4-4790-b985-5a953e8ef628"


def encode(path: Path, kind: str, seconds: float = 1.2, seed: int = 1, layout: str = "stereo") -> Path:
    """Noise of `seed` as a file of `kind`."""
    _, codec, muxer, rate, bit_rate, options = KINDS[kind]
    noise = random.Random(seed)
    channels = 2 if layout == "stereo" else 1
    with av.open(str(path), "w", format=muxer, options=options) as out:
        stream: Any = out.add_stream(codec, rate=rate)
        stream.layout = layout
        if bit_rate:
            stream.bit_rate = bit_rate
        stream.codec_context.options = {"strict": "-2"}
        resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate)
        frames: list[Any] = []
        total = int(rate * seconds)
        for start in range(0, total, 4096):
            count = min(4096, total - start)
            frame = av.AudioFrame(format="s16", layout=layout, samples=count)
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            data = noise.randbytes(count * 2 * channels)
            frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
            frames.extend(resampler.resample(frame))
        frames.extend(resampler.resample(None))
        for frame in [*frames, None]:
            for packet in stream.encode(frame):
                out.mux(packet)
    return path


def read(path: Path) -> Raw:
    """What the readers make of a file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return read_raw(Source(descriptor, os.fsencode(path), os.fstat(descriptor).st_size))
    finally:
        os.close(descriptor)


def jpeg(size: int = 3000, width: int = 640, height: int = 480, exif: int = 0) -> bytes:
    """Something with the headers of a JPEG."""
    start = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    if exif:
        start += b"\xff\xe1" + struct.pack(">H", exif + 2) + bytes(exif)
    start += b"\xff\xdb\0\x43\0" + bytes(64)
    start += b"\xff\xc0\0\x11\x08" + struct.pack(">HH", height, width) + b"\3\1\x22\0\2\x11\1\3\x11\1\xff\xda"
    return start + random.Random(size).randbytes(max(0, size - len(start)))


def _picture(data: bytes, kind: int) -> Any:
    picture = mut.flac.Picture()
    picture.data, picture.type, picture.mime = data, kind, "image/jpeg"
    return picture


def tag(path: Path, values: dict[str, str] | None = None, pictures: tuple[bytes, ...] = ()) -> Path:
    """Write tags with mutagen as the format has them: first picture front, others back."""
    values = TAGS if values is None else values
    file: Any = mut.File(path)
    assert file is not None, path
    if file.tags is None:
        file.add_tags()
    name = type(file).__name__
    write = _WRITERS.get(name, _write_names)
    write(file, values, pictures)
    file.save()
    return path


def _write_id3(file: Any, values: dict[str, str], pictures: tuple[bytes, ...]) -> None:
    id3 = mut.id3
    frames = {
        "title": id3.TIT2, "artist": id3.TPE1, "albumartist": id3.TPE2, "album": id3.TALB, "genre": id3.TCON,
        "composer": id3.TCOM, "date": id3.TDRC, "tracknumber": id3.TRCK, "discnumber": id3.TPOS,
        "bpm": id3.TBPM,
    }  # fmt: skip
    tags = file.tags
    for key, value in values.items():
        if key == "lyrics":
            tags.add(id3.USLT(encoding=3, lang="eng", desc="", text=value))
        elif key in frames:
            tags.add(frames[key](encoding=3, text=value))
    tags.add(id3.TXXX(encoding=3, desc="MusicBrainz Album Id", text=MUSICBRAINZ))
    for number, data in enumerate(pictures):
        tags.add(
            id3.APIC(encoding=0, mime="image/jpeg", type=3 + min(number, 1), desc=str(number), data=data)
        )


def _write_mp4(file: Any, values: dict[str, str], pictures: tuple[bytes, ...]) -> None:
    names = {
        "title": "\xa9nam", "artist": "\xa9ART", "albumartist": "aART", "album": "\xa9alb",
        "genre": "\xa9gen",
        "composer": "\xa9wrt", "date": "\xa9day", "lyrics": "\xa9lyr",
    }  # fmt: skip
    for key, value in values.items():
        if key in names:
            file[names[key]] = value
    file["trkn"], file["disk"], file["tmpo"] = [(3, 0)], [(1, 0)], [97]
    file["----:com.apple.iTunes:MusicBrainz Album Id"] = MUSICBRAINZ.encode()
    if pictures:
        file["covr"] = [mut.mp4.MP4Cover(data) for data in pictures]


def _write_names(file: Any, values: dict[str, str], pictures: tuple[bytes, ...]) -> None:
    for key, value in values.items():
        file[key] = value
    file["musicbrainz_albumid"] = MUSICBRAINZ
    blocks = [_picture(data, 3 + min(number, 1)) for number, data in enumerate(pictures)]
    if type(file).__name__ == "FLAC":
        for block in blocks:
            file.add_picture(block)
    elif blocks:
        file["metadata_block_picture"] = [base64.b64encode(block.write()).decode() for block in blocks]


def _write_ape(file: Any, values: dict[str, str], pictures: tuple[bytes, ...]) -> None:
    names = {"tracknumber": "Track", "discnumber": "Disc", "date": "Year", "albumartist": "Album Artist"}
    for key, value in values.items():
        file[names.get(key, key.title())] = value
    file["MUSICBRAINZ_ALBUMID"] = MUSICBRAINZ
    for number, data in enumerate(pictures):
        file["Cover Art (Front)" if not number else "Cover Art (Back)"] = mut.apev2.APEBinaryValue(
            b"cover.jpg\0" + data
        )


def _write_asf(file: Any, values: dict[str, str], pictures: tuple[bytes, ...]) -> None:
    names = {
        "title": "Title", "artist": "Author", "albumartist": "WM/AlbumArtist", "album": "WM/AlbumTitle",
        "genre": "WM/Genre", "composer": "WM/Composer", "date": "WM/Year", "tracknumber": "WM/TrackNumber",
        "discnumber": "WM/PartOfSet", "bpm": "WM/BeatsPerMinute", "lyrics": "WM/Lyrics",
    }  # fmt: skip
    for key, value in values.items():
        file[names[key]] = value
    file["MusicBrainz/Album Id"] = MUSICBRAINZ
    mime = "image/jpeg\0".encode("utf-16-le") + b"\0\0"
    file["WM/Picture"] = [
        mut.asf.ASFByteArrayAttribute(
            bytes([3 + min(number, 1)]) + struct.pack("<I", len(data)) + mime + data
        )
        for number, data in enumerate(pictures)
    ]


_Writer = Callable[[Any, dict[str, str], tuple[bytes, ...]], None]
_WRITERS: dict[str, _Writer] = {
    **dict.fromkeys(("MP3", "WAVE", "AIFF", "TrueAudio", "DSF"), _write_id3),
    **dict.fromkeys(("WavPack", "MonkeysAudio", "Musepack"), _write_ape),
    "MP4": _write_mp4,
    "ASF": _write_asf,
}
