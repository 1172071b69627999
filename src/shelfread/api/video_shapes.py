"""What answers about movies, shows and episodes look like: for /openapi.json.

Paths are only for those who may see them (PROMISES D12), and absent for others. Files are in
`video_file_shapes`. Knows no route.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from shelfread.api.item_shapes import CoverShape
from shelfread.api.shapes import Time, WhyMissing
from shelfread.api.video_file_shapes import BesideShape, Status, VersionShape, VideoShape

_IN_ALL = "error: one that is there has a problem; missing: all are."


class FileCounts(BaseModel):
    """How many files an item has, versions and parts together."""

    ready: int
    error: int
    missing: int


class EpisodeCounts(BaseModel):
    """How many episodes a show or a season has."""

    ready: int
    error: int
    missing: int


class Playable(BaseModel):
    """What a movie and an episode say of their best version; null where its file does not signal it."""

    status: Status = Field(description=f"Of its files: {_IN_ALL}")
    counts: FileCounts
    duration_s: float | None
    width: int | None
    height: int | None
    video_codec: str | None = Field(examples=["hevc"])
    hdr: str | None = Field(examples=["Dolby Vision 8.1"])


class MovieShape(Playable):
    """A film: all files that are it."""

    kind: Literal["movie"]
    id: int
    library_id: int
    title: str
    original_title: str | None
    year: int | None
    date: str | None = Field(examples=["1979-05-25"])
    age_rating: str | None
    rating: float | None = Field(description="0 to 10.")
    genres: list[str]
    added_at: Time
    missing_since: Time = None
    missing_reason: WhyMissing = None
    cover: CoverShape | None


class ShowShape(BaseModel):
    """A show: a series of episodes."""

    kind: Literal["show"]
    id: int
    library_id: int
    title: str
    original_title: str | None
    year: int | None
    date: str | None
    publication_status: str | None = Field(description="As it is said beside it.", examples=["Ended"])
    age_rating: str | None
    rating: float | None
    genres: list[str]
    status: Status = Field(description=f"Of its episodes: {_IN_ALL}")
    counts: EpisodeCounts
    season_count: int
    added_at: Time
    missing_since: Time = None
    missing_reason: WhyMissing = None
    cover: CoverShape | None


class EpisodeShape(Playable):
    """An episode: all files that are it."""

    kind: Literal["episode"]
    id: int
    library_id: int
    show_id: int
    show_title: str
    title: str | None
    season: int | None = Field(description="0 has the specials.")
    episode: int | None
    episode_end: int | None = Field(description="The last of several in one file.")
    absolute: int | None = Field(description="Counted through all seasons.")
    absolute_end: int | None
    air_date: str | None = Field(examples=["2008-01-20"])
    rating: float | None
    genres: list[str]
    added_at: Time
    missing_since: Time = None
    missing_reason: WhyMissing = None
    cover: CoverShape | None


class VideoCredit(BaseModel):
    """Who did what."""

    role: str = Field(examples=["actor"])
    name: str
    character: str | None = Field(description="Whom an actor plays.")


class VideoTag(BaseModel):
    """A word that an item is filed under."""

    type: str = Field(examples=["genre"])
    name: str


class Told(BaseModel):
    """What is said of a movie, a show or an episode in more words."""

    plot: str | None
    outline: str | None
    tagline: str | None
    runtime_min: int | None
    votes: int | None
    set: str | None
    provider_ids: dict[str, str] = Field(examples=[{"imdb": "tt0078748"}])
    credits: list[VideoCredit]
    tags: list[VideoTag]
    sources: list[str]
    guessed: list[str] = Field(description="What only names of files and folders say.")


class WholeMovie(MovieShape, Told):
    """A movie with everything that is known of it."""

    versions: list[VersionShape] = Field(description="The best first: /movies/{id}/file sends that.")
    extras: list[VideoShape]
    beside: list[BesideShape]


class WholeEpisode(EpisodeShape, Told):
    """An episode with everything that is known of it."""

    versions: list[VersionShape] = Field(description="The best first: /episodes/{id}/file sends that.")
    beside: list[BesideShape]


class SeasonShape(BaseModel):
    """A season of a show."""

    id: int
    show_id: int
    number: int = Field(description="0 has the specials.")
    title: str | None
    plot: str | None
    status: Status
    counts: EpisodeCounts
    added_at: Time
    cover: CoverShape | None


class WholeShow(ShowShape, Told):
    """A show with everything that is known of it; /episodes?show_id=...&sort=number has its episodes."""

    seasons: list[SeasonShape]
    extras: list[VideoShape]


class MoviePage(BaseModel):
    """Movies. `next` is the cursor of the page behind this one, null on the last."""

    items: list[MovieShape]
    next: str | None


class ShowPage(BaseModel):
    """Shows. `next` is the cursor of the page behind this one, null on the last."""

    items: list[ShowShape]
    next: str | None


class EpisodePage(BaseModel):
    """Episodes. `next` is the cursor of the page behind this one, null on the last."""

    items: list[EpisodeShape]
    next: str | None
