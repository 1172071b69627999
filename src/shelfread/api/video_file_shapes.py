"""What answers about video files look like, and about the versions that they make: for /openapi.json.

Paths are only for those who may see them (PROMISES D12), and absent for others. Knows no route.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from shelfread.api.item_shapes import FormerPlaces, TroubleShape
from shelfread.api.shapes import Time, WhyMissing

Status = Literal["ready", "error", "missing"]


class VideoShape(BaseModel):
    """A video file; null is what it does not signal."""

    kind: Literal["video"]
    id: int
    library_id: int
    type: Literal["movie", "episode", "extra", "sample"]
    movie_id: int | None
    episode_id: int | None
    title: str | None
    extra: str | None = Field(description="Of an extra.", examples=["trailer"])
    version: str | None = Field(examples=["1080p BluRay"])
    edition: str | None = Field(examples=["Director's Cut"])
    part: int | None = Field(description="Of a film in several files, from 1.")
    disc: bool = Field(description="A file of a disc, which is one item.")
    three_d: str | None = Field(examples=["3D SBS"])
    container: str | None = Field(examples=["matroska"])
    duration_s: float | None
    bitrate_kbps: int | None
    width: int | None
    height: int | None
    video_codec: str | None
    hdr: str | None
    audio_codec: str | None
    channels: int | None
    has_cover: bool
    size: int
    modified_at: Time
    status: Status
    added_at: Time
    updated_at: Time = Field(default=None, description="When a scan last recorded the file.")
    missing_since: Time = None
    missing_reason: WhyMissing = None
    problems: list[TroubleShape]
    path: str | None = None
    path_b64: str | None = None
    former_places: FormerPlaces = None


class StreamShape(BaseModel):
    """One stream of a file. What is not of its type is null, and so is what the container does not signal."""

    type: Literal["video", "audio", "subtitle"]
    index: int = Field(description="Its place among all streams of the file, from 0.")
    codec: str | None
    profile: str | None
    level: str | None
    language: str | None = Field(examples=["en"])
    title: str | None
    default: bool | None
    forced: bool | None
    bitrate_kbps: int | None
    width: int | None
    height: int | None
    aspect: str | None = Field(examples=["2.39:1"])
    frame_rate: float | None
    bit_depth: int | None
    interlaced: bool | None
    primaries: str | None
    transfer: str | None
    matrix: str | None
    hdr: list[str]
    rotation: int | None = Field(description="Degrees clockwise.")
    stereo_mode: str | None
    channels: int | None
    layout: str | None = Field(examples=["5.1"])
    sample_rate: int | None
    spatial: str | None = Field(examples=["Atmos"])
    commentary: bool | None
    sdh: bool | None = Field(description="Text for people with hearing loss.")
    pictures: bool | None = Field(description="Drawn and not written.")


class ChapterShape(BaseModel):
    """Where a chapter begins."""

    start_s: float
    title: str | None


class WholeVideo(VideoShape):
    """A video file with everything that was read of it."""

    streams: list[StreamShape]
    chapters: list[ChapterShape]
    resolution: str | None = Field(description="As its name says.", examples=["1080p"])
    source: str | None = Field(description="As its name says.", examples=["BluRay"])
    release_group: str | None
    provider_ids: dict[str, str]
    sources: list[str] = Field(description="Where all this comes from, the most believed first.")
    guessed: list[str] = Field(description="What only the name of the file or its folder says.")


class VersionShape(BaseModel):
    """What can be chosen of a movie or an episode: one file, the parts of one, or a disc."""

    id: int = Field(description="Of its first file.")
    version: str | None
    edition: str | None
    three_d: str | None
    disc: bool
    status: Status
    files: int = Field(description="How many it has; of a disc more than are its main title.")
    size: int
    container: str | None
    duration_s: float | None
    bitrate_kbps: int | None
    width: int | None
    height: int | None
    video_codec: str | None
    hdr: str | None
    audio_codec: str | None
    channels: int | None
    audio: list[StreamShape]
    subtitles: list[StreamShape]
    parts: list[VideoShape] = Field(description="In their order; of a disc those of its main title.")


class BesideShape(BaseModel):
    """A file with subtitles or sound beside a video. What its name does not say is null."""

    type: Literal["subtitle", "audio"]
    video_id: int | None = Field(description="The file that it goes with; null: with any of the item.")
    format: str = Field(examples=["srt"])
    language: str | None
    forced: bool | None
    sdh: bool | None
    default: bool | None
    title: str | None
    size: int
    path: str | None = None
    path_b64: str | None = None
