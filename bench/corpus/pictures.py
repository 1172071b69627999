"""Makes real pictures, seeded: soft coloured blobs that compress about as well as cover art does."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Literal

from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

Kind = Literal["png", "jpeg"]
_PIXELS = {"png": "rgb24", "jpeg": "yuvj420p"}
_ENCODERS = {"png": "png", "jpeg": "mjpeg"}


def picture(kind: Kind, width: int, height: int, seed: int) -> bytes:
    """The bytes of a PNG or a JPEG; 500 by 500 pixels give a JPEG of about 50 kB."""
    rng = random.Random(f"picture {seed}")
    frame = _blobs(rng, max(2, width // 4), max(2, height // 4)).reformat(
        width=width, height=height, format=_PIXELS[kind], interpolation="BICUBIC"
    )
    encoder = CodecContext.create(_ENCODERS[kind], "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, _PIXELS[kind]
    encoder.framerate = Fraction(1)
    encoder.options = {"flags": "+bitexact"} | ({"qmin": "3", "qmax": "3"} if kind == "jpeg" else {})
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def _blobs(rng: random.Random, width: int, height: int) -> VideoFrame:
    """A small picture of a base colour and its neighbours; scaling it up makes it soft."""
    base = [rng.randrange(40, 180) for _ in range(3)]
    shade = [bytes(tone + (grain >> 2) for grain in range(256)) for tone in base]
    frame = VideoFrame(width, height, "rgb24")
    plane = frame.planes[0]
    rows = bytearray(plane.buffer_size)
    for row in range(height):
        pixels = bytearray(width * 3)
        for colour in range(3):
            pixels[colour::3] = rng.randbytes(width).translate(shade[colour])
        rows[row * plane.line_size : row * plane.line_size + width * 3] = pixels
    plane.update(bytes(rows))
    return frame
