"""Breaks files the way the world breaks them, seeded. Every function returns the path of the broken file."""

from __future__ import annotations

import random
from pathlib import Path


def cut(path: Path, keep: float | int) -> Path:
    """Cut the end off, as a broken download does: a float keeps that fraction, an int that many bytes."""
    content = path.read_bytes()
    size = int(len(content) * keep) if isinstance(keep, float) else keep
    path.write_bytes(content[:size])
    return path


def torn(path: Path) -> Path:
    """Zero the middle third, as a lost extent does; the size stays."""
    content = bytearray(path.read_bytes())
    start, stop = len(content) // 3, len(content) * 2 // 3
    content[start:stop] = bytes(stop - start)
    path.write_bytes(content)
    return path


def flip(path: Path, count: int, seed: int, start: int = 0, stop: int | None = None) -> Path:
    """Turn over one bit in each of `count` bytes between `start` and `stop`; no byte is hit twice."""
    content = bytearray(path.read_bytes())
    rng = random.Random(f"flip {seed}")
    places = range(start, len(content) if stop is None else min(stop, len(content)))
    for place in rng.sample(places, min(count, len(places))):
        content[place] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return path


def empty(path: Path) -> Path:
    """Leave a file of no bytes."""
    path.write_bytes(b"")
    return path


def misname(path: Path, suffix: str) -> Path:
    """Rename, so that the suffix lies about the content."""
    return path.rename(path.with_suffix(suffix))
