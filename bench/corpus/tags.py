"""Writes tags and covers into existing files, with mutagen, by Picard's mapping of names onto containers.

Canonical names (`title`, `albumartist`, `musicbrainz_trackid` ...) and plain text in, the container's
own way of saying it out. Lists become real multiple values. An unknown name is written as a custom
field of that name.
"""
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mutagen import id3
from mutagen.aiff import AIFF
from mutagen.apev2 import BINARY, APEv2File, APEValue
from mutagen.asf import ASF
from mutagen.asf._attrs import ASFByteArrayAttribute
from mutagen.dsf import DSF
from mutagen.flac import FLAC, Picture
from mutagen.monkeysaudio import MonkeysAudio
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.musepack import Musepack
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

from bench.corpus import names_of_tags as known

Tags = Mapping[str, str | list[str]]
Covers = list[tuple[int, bytes]]
FRONT, BACK = 3, 4
KINDS: Mapping[str, Any] = {
    ".mp3": MP3,
    ".flac": FLAC,
    ".m4a": MP4,
    ".m4b": MP4,
    ".mp4": MP4,
    ".ogg": OggVorbis,
    ".opus": OggOpus,
    ".wav": WAVE,
    ".aiff": AIFF,
    ".wma": ASF,
    ".ape": MonkeysAudio,
    ".wv": WavPack,
    ".mpc": Musepack,
    ".dsf": DSF,
    ".tta": TrueAudio,
}


def tag_file(path: Path, tags: Tags, cover: bytes | None = None, second_cover: bytes | None = None) -> None:
    """Replace all tags and pictures of an existing file, in place; the suffix says what kind it is."""
    stream = io.BytesIO(path.read_bytes())
    tag_stream(stream, path.suffix.lower(), tags, cover, second_cover)
    path.write_bytes(stream.getvalue())


def tag_stream(
    stream: io.BytesIO, suffix: str, tags: Tags, cover: bytes | None = None, second_cover: bytes | None = None
) -> None:
    """The same in memory, where the suffix has to be told."""
    covers = [(kind, image) for kind, image in ((FRONT, cover), (BACK, second_cover)) if image is not None]
    values = {key: [value] if isinstance(value, str) else list(value) for key, value in tags.items()}
    if suffix == ".aac":  # mutagen leaves the tags of these alone: ID3 goes in front by hand
        frames = id3.ID3()
        _id3(frames, values, covers)
        frames.save(stream, v2_version=4, padding=lambda _: 0)
        return
    # By suffix, not by mutagen.File: that takes a raw AAC with ID3 in front for an MP3, and is slower.
    audio: Any = KINDS[suffix](stream)
    stream.seek(0)
    if audio.tags is not None:
        audio.delete(fileobj=stream)
        stream.seek(0)
    if isinstance(audio, TrueAudio) or audio.tags is None:
        audio.tags = None
        audio.add_tags()
    if isinstance(audio, FLAC):
        audio.clear_pictures()
    if isinstance(audio.tags, id3.ID3):
        _id3(audio.tags, values, covers)
    elif isinstance(audio, MP4):
        _mp4(audio, values, covers)
    elif isinstance(audio, ASF):
        _asf(audio, values, covers)
    elif isinstance(audio, APEv2File):
        _ape(audio, values, covers)
    else:
        _vorbis(audio, values, covers)
    stream.seek(0)
    audio.save(fileobj=stream)


def _mime(image: bytes) -> str:
    return "image/png" if image.startswith(b"\x89PNG") else "image/jpeg"


def _id3(frames: Any, values: Mapping[str, list[str]], covers: Covers) -> None:
    for key, texts in values.items():
        if key == "musicbrainz_trackid":
            frames.add(id3.UFID(owner="http://musicbrainz.org", data=texts[0].encode()))
        elif key == "comment":
            frames.add(id3.COMM(encoding=3, lang="eng", desc="", text=texts))
        elif key == "lyrics":
            frames.add(id3.USLT(encoding=3, lang="eng", desc="", text="\n".join(texts)))
        elif key in known.ID3_FRAMES:
            frames.add(getattr(id3, known.ID3_FRAMES[key])(encoding=3, text=texts))
        else:
            name = known.MUSICBRAINZ.get(key, key.upper())
            frames.add(id3.TXXX(encoding=3, desc=name, text=texts))
    for kind, image in covers:
        # The description tells two pictures apart: frames of one description would replace each other.
        label = "" if kind == FRONT else "back"
        frames.add(id3.APIC(encoding=0, mime=_mime(image), type=kind, desc=label, data=image))


def _vorbis(audio: Any, values: Mapping[str, list[str]], covers: Covers) -> None:
    for key, texts in values.items():
        if key in ("tracknumber", "discnumber"):
            number, _, total = texts[0].partition("/")
            audio[key.upper()] = [number]
            if total:
                audio[f"{key[:5].rstrip('n')}TOTAL".upper()] = [total]
        else:
            audio[key.upper()] = texts
    blocks = [_block(kind, image) for kind, image in covers]
    if isinstance(audio, FLAC):
        for block in blocks:
            audio.add_picture(block)
    elif blocks:
        audio["METADATA_BLOCK_PICTURE"] = [base64.b64encode(block.write()).decode() for block in blocks]


def _block(kind: int, image: bytes) -> Picture:
    block = Picture()
    block.type, block.mime, block.data = kind, _mime(image), image
    if image.startswith(b"\x89PNG"):
        block.width, block.height = (int.from_bytes(image[at : at + 4], "big") for at in (16, 20))
        block.depth = 24
    return block


def _mp4(audio: Any, values: Mapping[str, list[str]], covers: Covers) -> None:
    for key, texts in values.items():
        atom = known.MP4_ATOMS.get(key)
        if key in ("tracknumber", "discnumber"):
            number, _, total = texts[0].partition("/")
            audio[atom] = [(int(number), int(total or 0))]
        elif key == "compilation":
            audio[atom] = texts[0] == "1"
        elif key == "bpm":
            audio[atom] = [round(float(texts[0]))]
        elif atom:
            audio[atom] = texts
        else:
            name = known.MUSICBRAINZ.get(key, key.upper())
            audio[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(text.encode()) for text in texts]
    if covers:
        kinds = {"image/png": MP4Cover.FORMAT_PNG, "image/jpeg": MP4Cover.FORMAT_JPEG}
        audio["covr"] = [MP4Cover(image, kinds[_mime(image)]) for _, image in covers]


def _ape(audio: Any, values: Mapping[str, list[str]], covers: Covers) -> None:
    for key, texts in values.items():
        audio[known.APE_KEYS.get(key, key.upper())] = texts
    for kind, image in covers:
        side, end = ("Front", _mime(image)[6:]) if kind == FRONT else ("Back", _mime(image)[6:])
        content = f"Cover Art ({side}).{end}".encode() + b"\0" + image
        audio[f"Cover Art ({side})"] = APEValue(content, BINARY)


def _asf(audio: Any, values: Mapping[str, list[str]], covers: Covers) -> None:
    for key, texts in values.items():
        name = known.MUSICBRAINZ.get(key)
        audio[known.ASF_NAMES.get(key) or (name.replace(" ", "/", 1) if name else key.upper())] = texts
    pictures = []
    for kind, image in covers:
        head = bytes([kind]) + len(image).to_bytes(4, "little")
        mime = _mime(image).encode("utf-16-le") + b"\0\0"
        pictures.append(ASFByteArrayAttribute(head + mime + b"\0\0" + image))
    if pictures:
        audio["WM/Picture"] = pictures
