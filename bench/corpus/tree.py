"""The tree corpus of the benchmarks: very many tiny files in folders both deep and wide, for the walk alone.

Audio files are the smallest valid ones (eight silent MP3 frames, one FLAC frame), pictures are one grey
pixel; each has bytes of its own. What is measured here is names and stamps, so nothing is tagged.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path

_YEARS = (1_420_070_400, 1_704_067_199)


def layout(folders: int, rng: random.Random) -> list[str]:
    """Relative folder names, parents first: a wide shelf, deep shafts, the rest artists and albums."""
    wide, deep = folders // 10, folders // 20
    names: list[str] = []
    if wide > 1:
        names.append("wide")
        names += [f"wide/shelf {number:05}" for number in range(wide - 1)]
    while len(names) < wide + deep:
        shaft = f"deep {len(names):05}"
        names.append(shaft)
        for level in range(min(rng.randrange(8, 40), wide + deep - len(names))):
            shaft += f"/{level:02}"
            names.append(shaft)
    letters: set[str] = set()
    while len(names) < folders:
        letter = chr(65 + len(names) % 26)
        if letter not in letters:
            letters.add(letter)
            names.append(letter)
        branch = [f"{letter}/Artist {len(names):05}"]
        branch += [f"{branch[0]}/Album {number}" for number in range(rng.randrange(1, 9))]
        names += branch[: folders - len(names)]
    return names


def build(dest: Path, *, files: int, folders: int, seed: int = 1) -> int:
    """Make the tree: `folders` below `dest`, `files` in all of them; returns its size in bytes."""
    rng = random.Random(f"tree {seed}")
    names = layout(folders, rng)
    makers = _makers(rng)
    dest.mkdir(parents=True, exist_ok=True)
    written = made = 0
    counts = _counts(rng, files, len(names) + 1)
    top = os.fspath(dest)
    for name, count in zip(["", *names], counts, strict=True):
        folder = f"{top}/{name}" if name else top
        if name:
            Path(folder).mkdir()
        # One time for all files of a folder: they came together.
        added = rng.randrange(*_YEARS)
        for number in range(count):
            suffix, make = makers[rng.randrange(len(makers))]
            content = make(made)
            path = f"{folder}/{number:04} item{suffix}"
            # Straight system calls: a Python file object costs more than the file does.
            target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.write(target, content)
            os.utime(target, (added, added))
            os.close(target)
            written += len(content)
            made += 1
    return written


def _counts(rng: random.Random, files: int, folders: int) -> list[int]:
    """Files per folder: most have a dozen or two, one in eight none, a few have very many."""
    weights = [0.0 if rng.random() < 0.125 else rng.paretovariate(1.6) for _ in range(folders)]
    weights[-1] += 1  # somewhere to put them
    total = sum(weights)
    counts = [int(files * weight / total) for weight in weights]
    for _ in range(files - sum(counts)):
        counts[rng.randrange(folders)] += 1
    return counts


def _makers(rng: random.Random) -> Sequence[tuple[str, Callable[[int], bytes]]]:
    """Suffixes and what makes their content, as often as they shall come."""
    salt = rng.getrandbits(16)

    def some_mp3(number: int) -> bytes:
        return mp3(number ^ salt)

    def flac(number: int) -> bytes:
        return _flac(number ^ salt)

    def text(number: int) -> bytes:
        return (b"%d %d\n" % (salt, number)) * (number % 14)

    return (
        [(".mp3", some_mp3)] * 9
        + [(".flac", flac)] * 4
        + [(".jpg", _jpeg)] * 3
        + [(".txt", text), (".nfo", text)] * 2
    )


def mp3(number: int) -> bytes:
    """Eight frames of 24 bytes: MPEG 2, layer III, 8 kbit/s, 24 kHz, mono; all side information is zero."""
    # After the side information come bytes that a silent frame doesn't use: the number goes there.
    frame = b"\xff\xf3\x14\xc0" + bytes(9) + number.to_bytes(8, "big") + b"\0\0\0"
    return frame * 8


def _flac(number: int) -> bytes:
    """One frame of two constant sides, each at a level of its own, with a true MD5."""
    left, right = number & 0x3FFF, number >> 14 & 0x3FFF
    samples = 192
    sound = (left.to_bytes(2, "little") + right.to_bytes(2, "little")) * samples
    head = samples.to_bytes(2, "big") * 2 + bytes(6)
    # 44.1 kHz in 20 bits, channels less one in 3, bits less one in 5, number of samples in 36.
    head += (44_100 << 44 | 1 << 41 | 15 << 36 | samples).to_bytes(8, "big") + hashlib.md5(sound).digest()
    frame = b"\xff\xf8\x19\x18\x00"
    frame += bytes([_crc(frame, 8, 0x07)])
    frame += b"".join(b"\0" + level.to_bytes(2, "big") for level in (left, right))
    return b"fLaC\x80\0\0\x22" + head + frame + _crc(frame, 16, 0x8005).to_bytes(2, "big")


def _crc(content: bytes, width: int, polynomial: int) -> int:
    value, top = 0, 1 << (width - 1)
    for byte in content:
        value ^= byte << (width - 8)
        for _ in range(8):
            value = (value << 1) ^ polynomial if value & top else value << 1
        value &= (top << 1) - 1
    return value


def _jpeg(number: int) -> bytes:
    """One grey pixel, its number in a comment."""
    comment = b"\xff\xfe\0\x0a" + number.to_bytes(8, "big")
    tables = b"\xff\xdb\0\x43\0" + bytes([1]) * 64
    frame = b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0"
    # Two Huffman tables of one code each: "no difference" and "end of block", both the bit 0.
    codes = b"".join(b"\xff\xc4\0\x14" + bytes([kind, 1]) + bytes(15) + b"\0" for kind in (0x00, 0x10))
    return b"\xff\xd8" + comment + tables + frame + codes + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x3f\xff\xd9"
