"""What a sound file literally says, before any rule of music is applied.

Stands between `media.music.formats`, which fills it from bytes, and the rules of `media.music`, which turn
it into `model.music.Audio`. It does not know which spelling of a name is right, what a date means or which
of two values wins: values are kept in the order of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shelfread.model.picture import Picture
from shelfread.model.problem import ProblemCode


@dataclass(slots=True)
class Raw:
    """One sound file as read. Mutable because readers fill it step by step and keep what they have."""

    #: mp3, flac, mp4, ogg, wav, aiff, asf, ape, wavpack, musepack, dsf, aac, tta.
    container: str | None = None
    #: mp3, flac, aac, alac, vorbis, opus, pcm, wma, ape, wavpack, musepack, dsd, tta, speex and so on.
    codec: str | None = None
    #: Canonical lower-case key (see `formats.keys`) to values in order; no NUL, no lone surrogate.
    tags: dict[str, list[str]] = field(default_factory=dict)
    duration_s: float | None = None
    bitrate_kbps: int | None = None
    sample_rate: int | None = None
    channels: int | None = None
    bit_depth: int | None = None
    #: Embedded pictures, measured from their headers.
    pictures: list[Picture] = field(default_factory=list)
    #: The first trouble found; None when the file is sound.
    code: ProblemCode | None = None
    detail: str | None = None
    #: What the sound is, whatever the tags say; equal before and after retagging.
    signature: bytes | None = None

    def trouble(self, code: ProblemCode, detail: str) -> None:
        """Remember trouble; the first one found is the one that is told."""
        if self.code is None:
            self.code = code
            self.detail = detail
