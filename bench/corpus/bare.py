"""Writes by hand the formats that FFmpeg reads but has no encoder for: APE, Musepack and DSF.

DSF holds a real one-bit tone. APE and Musepack files are valid and play, but what they play is silence:
their frames say "nothing here" in their headers, which is all of those formats that can be written
without a whole encoder. Bytes no decoder looks at carry the seed, so that two files never hold the same
payload.
"""

from __future__ import annotations

import math
import random
import struct
import zlib

_RATE = 44_100


def ape(seed: int, seconds: float) -> bytes:
    """Monkey's Audio 3.99, 16-bit stereo; every frame is flagged as stereo silence."""
    rng = random.Random(f"ape {seed}")
    per_frame = 73_728
    blocks = max(1, round(seconds * _RATE))
    frames = -(-blocks // per_frame)
    last = blocks - (frames - 1) * per_frame
    bodies = []
    for number in range(frames):
        length = last if number == frames - 1 else per_frame
        # The checksum of the samples, halved; its top bit announces the flags, 3 is silence on both sides.
        checksum = (zlib.crc32(bytes(length * 4)) >> 1) | 0x8000_0000
        bodies.append(struct.pack("<II", checksum, 3) + rng.randbytes(16))
    first = 52 + 24 + 4 * frames
    seek = b"".join(struct.pack("<I", first + sum(map(len, bodies[:number]))) for number in range(frames))
    payload = b"".join(bodies)
    descriptor = struct.pack(
        "<4sHHIIIIIII16s", b"MAC ", 3990, 0, 52, 24, len(seek), 0, len(payload), 0, 0, rng.randbytes(16)
    )
    no_wave_header = 1 << 5
    header = struct.pack("<HHIIIHHI", 2000, no_wave_header, per_frame, last, frames, 16, 2, _RATE)
    return descriptor + header + seek + payload


def mpc(seed: int, seconds: float) -> bytes:
    """Musepack stream version 8, one frame a packet; no frame has a band with anything in it."""
    rng = random.Random(f"mpc {seed}")
    samples = max(1, round(seconds * _RATE))
    # Sample rate 0 is 44.1 kHz, 27 bands at most, two channels, no mid/side, one frame a packet.
    layout = bytes([0 << 5 | 26, 1 << 4])
    body = bytes([8]) + _length(samples) + _length(0) + layout
    header = _packet(b"SH", struct.pack(">I", zlib.crc32(body)) + body)
    gain = _packet(b"RG", struct.pack(">B4h", 1, 0, 0, 0, 0))
    encoder = _packet(b"EI", bytes([0x50 << 1 & 0xFF, 1, 30, 1]))
    frames = -(-samples // 1152)
    audio = b"".join(_packet(b"AP", b"\0" + rng.randbytes(1)) for _ in range(frames))
    return b"MPCK" + header + gain + encoder + audio + _packet(b"SE", b"")


def _packet(key: bytes, body: bytes) -> bytes:
    """Key, length of the whole packet (its own digits included), body."""
    size = len(key) + len(body) + 1
    if len(_length(size)) > 1:
        size += 1
    return key + _length(size) + body


def _length(number: int) -> bytes:
    """Seven bits a byte, the highest first; the top bit says that more follow."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def dsf(seed: int, seconds: float) -> bytes:
    """DSD64 stereo: a tone in one-bit samples, shaped by a first-order sigma-delta loop."""
    rng = random.Random(f"dsf {seed}")
    block = 4096
    rate = 64 * _RATE
    samples = max(8, round(seconds * rate))
    # A block of each side holds whole periods, so repeating it makes a clean tone at little cost.
    pair = b"".join(_one_bit(block, rng.randrange(3, 40), rng.random()) for _ in range(2))
    blocks = -(-samples // (block * 8))
    payload = pair * blocks
    chunk = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 2, 2, rate, 1, samples, block, 0)
    sound = struct.pack("<4sQ", b"data", 12 + len(payload)) + payload
    return struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(chunk) + len(sound), 0) + chunk + sound


def _one_bit(size: int, periods: int, phase: float) -> bytes:
    step = 2 * math.pi * periods / (size * 8)
    level, at = 0.0, 2 * math.pi * phase
    block = bytearray(size)
    for byte in range(size):
        bits = 0
        wanted = 0.4 * math.sin(at + step * 8 * byte)
        for bit in range(8):
            level += wanted
            if level >= 0:
                bits |= 1 << bit
                level -= 1
            else:
                level += 1
        block[byte] = bits
    return bytes(block)
