"""What answers about artists, releases, tracks and problems look like: for /openapi.json.

Paths are only for those who may see them (PROMISES D12), and absent for others. Knows no route.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from shelfread.api.shapes import Time, WhyMissing


class ArtistRef(BaseModel):
    """An artist, by name."""

    id: int
    name: str


class ArtistShape(ArtistRef):
    """An artist."""

    kind: Literal["artist"]
    library_id: int
    sort_name: str | None
    mbid: str | None
    missing_since: Time = None
    missing_reason: WhyMissing = None


class CoverShape(BaseModel):
    """A small picture: `/covers/{digest}` has it."""

    digest: str
    mime: str = Field(examples=["image/webp"])
    width: int
    height: int


class ReleaseShape(BaseModel):
    """A release: an album, a single, a compilation."""

    kind: Literal["release"]
    id: int
    library_id: int
    title: str
    edition: str | None
    artist: str | None = Field(description="As it is shown; `artists` are the single ones.")
    artists: list[ArtistRef]
    date: str | None = Field(examples=["1997-05"])
    year: int | None
    original_date: str | None
    compilation: bool
    disc_total: int | None
    mbid: str | None
    releasegroup_mbid: str | None
    cover: CoverShape | None
    added_at: Time
    missing_since: Time = None
    missing_reason: WhyMissing = None


class CreditShape(ArtistRef):
    """Who did what in a track."""

    role: str = Field(examples=["artist"])


class TroubleShape(BaseModel):
    """An open problem of a file."""

    id: int
    code: str = Field(examples=["truncated"])
    detail: str
    ignored_at: Time = Field(description="Since when a person does not want to see it; null: nobody said so.")


class FormerPlaceShape(BaseModel):
    """A place in which a file was before."""

    path: str
    path_b64: str | None = None
    until: Time = Field(description="When it was found elsewhere, or to be gone.")


FormerPlaces = Annotated[
    list[FormerPlaceShape] | None,
    Field(
        description="Where the file was before, the newest place first. "
        "Only where one item is asked for, and for administrators."
    ),
]


class TrackShape(BaseModel):
    """A track, with the file it is in. Its id is the file's."""

    kind: Literal["track"]
    id: int
    library_id: int
    release_id: int | None
    title: str
    artist: str | None
    albumartist: str | None
    album: str | None
    edition: str | None
    genre: str | None
    genres: list[str]
    composer: str | None
    credits: list[CreditShape]
    track: int | None
    track_text: str | None
    track_total: int | None
    disc: int | None
    disc_total: int | None
    disc_subtitle: str | None
    date: str | None
    year: int | None
    original_date: str | None
    bpm: float | None
    compilation: bool | None
    recording_mbid: str | None
    track_mbid: str | None
    release_mbid: str | None
    releasegroup_mbid: str | None
    track_gain: float | None
    track_peak: float | None
    album_gain: float | None
    album_peak: float | None
    container: str | None
    codec: str | None
    duration_s: float | None
    bitrate_kbps: int | None
    sample_rate: int | None
    channels: int | None
    bit_depth: int | None
    has_cover: bool
    size: int
    modified_at: Time
    status: Literal["ready", "error", "missing"]
    added_at: Time
    updated_at: Time = Field(default=None, description="When a scan last recorded the file.")
    missing_since: Time = None
    missing_reason: WhyMissing = None
    problems: list[TroubleShape]
    comment: str | None = None
    lyrics: str | None = None
    pictures: list[dict[str, Any]] | None = None
    path: str | None = None
    path_b64: str | None = None
    former_places: FormerPlaces = None


class ArtistPage(BaseModel):
    """Artists. `next` is the cursor of the page behind this one, null on the last."""

    items: list[ArtistShape]
    next: str | None


class ReleasePage(BaseModel):
    """Releases. `next` is the cursor of the page behind this one, null on the last."""

    items: list[ReleaseShape]
    next: str | None


class TrackPage(BaseModel):
    """Tracks. `next` is the cursor of the page behind this one, null on the last."""

    items: list[TrackShape]
    next: str | None


class WholeArtist(ArtistShape):
    """An artist with the releases that are theirs, and those on which they appear, both by year."""

    releases: ReleasePage = Field(description="Goes on in /releases?artist_id=...&sort=year")
    appearances: ReleasePage = Field(description="Goes on in /releases?appearance_of=...&sort=year")


class WholeRelease(ReleaseShape):
    """A release with its tracks by disc and number."""

    tracks: TrackPage = Field(description="Goes on in /tracks?release_id=...&sort=number")
