"""Video: films with their versions, shows with seasons and episodes, who had a part in them.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
STALE = sa.text("stale")


def upgrade() -> None:
    """Make the tables of video."""
    _make_movies()
    _make_shows()
    _make_seasons()
    _make_episodes()
    _make_videos()
    _make_video_credits()
    _make_video_tags()


def _make_movies() -> None:
    op.create_table(
        "movies",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("library_id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("original_title", sa.Text()),
        sa.Column("year", sa.Integer()),
        sa.Column("date", sa.String(10)),
        sa.Column("plot", sa.Text()),
        sa.Column("age_rating", sa.Text()),
        sa.Column("rating", sa.Float()),
        sa.Column("more", sa.Text(), nullable=False),
        sa.Column("added_at", BIG, nullable=False),
        sa.Column("sort_key", KEY, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_movies"),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_movies_library_id_libraries", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("library_id", "key", name="uq_movies_library_id_key"),
    )
    op.execute(sa.text("INSERT INTO id_counters (name, next) VALUES ('movies', 1)"))
    op.create_index("ix_movies_added_at_id", "movies", ["added_at", "id"])
    op.create_index("ix_movies_sort_key_id", "movies", ["sort_key", "id"])
    op.create_index("ix_movies_year_id", "movies", ["year", "id"])


def _make_shows() -> None:
    op.create_table(
        "shows",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("library_id", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("named_year", sa.Integer()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("original_title", sa.Text()),
        sa.Column("year", sa.Integer()),
        sa.Column("date", sa.String(10)),
        sa.Column("status", sa.String(32)),
        sa.Column("plot", sa.Text()),
        sa.Column("age_rating", sa.Text()),
        sa.Column("rating", sa.Float()),
        sa.Column("more", sa.Text(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("added_at", BIG, nullable=False),
        sa.Column("sort_key", KEY, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_shows"),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_shows_library_id_libraries", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("library_id", "key", name="uq_shows_library_id_key"),
    )
    op.execute(sa.text("INSERT INTO id_counters (name, next) VALUES ('shows', 1)"))
    op.create_index("ix_shows_added_at_id", "shows", ["added_at", "id"])
    op.create_index("ix_shows_sort_key_id", "shows", ["sort_key", "id"])
    op.create_index(
        "ix_shows_stale", "shows", ["library_id", "id"], sqlite_where=STALE, postgresql_where=STALE
    )
    op.create_index("ix_shows_year_id", "shows", ["year", "id"])


def _make_seasons() -> None:
    op.create_table(
        "seasons",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("show_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("plot", sa.Text()),
        sa.Column("added_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seasons"),
        sa.ForeignKeyConstraint(
            ["show_id"], ["shows.id"], name="fk_seasons_show_id_shows", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("show_id", "number", name="uq_seasons_show_id_number"),
    )
    op.execute(sa.text("INSERT INTO id_counters (name, next) VALUES ('seasons', 1)"))


def _make_episodes() -> None:
    op.create_table(
        "episodes",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("library_id", BIG, nullable=False),
        sa.Column("show_id", BIG, nullable=False),
        sa.Column("season_id", BIG),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("season", sa.Integer()),
        sa.Column("episode", sa.Integer()),
        sa.Column("episode_end", sa.Integer()),
        sa.Column("absolute", sa.Integer()),
        sa.Column("absolute_end", sa.Integer()),
        sa.Column("air_date", sa.String(10)),
        sa.Column("plot", sa.Text()),
        sa.Column("rating", sa.Float()),
        sa.Column("more", sa.Text(), nullable=False),
        sa.Column("added_at", BIG, nullable=False),
        sa.Column("place", KEY, nullable=False),
        sa.Column("sort_key", KEY, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_episodes"),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_episodes_library_id_libraries", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["show_id"], ["shows.id"], name="fk_episodes_show_id_shows"),
        sa.ForeignKeyConstraint(["season_id"], ["seasons.id"], name="fk_episodes_season_id_seasons"),
        sa.UniqueConstraint("library_id", "key", name="uq_episodes_library_id_key"),
    )
    op.execute(sa.text("INSERT INTO id_counters (name, next) VALUES ('episodes', 1)"))
    op.create_index("ix_episodes_added_at_id", "episodes", ["added_at", "id"])
    op.create_index("ix_episodes_air_date_id", "episodes", ["air_date", "id"])
    op.create_index("ix_episodes_season_id_place_id", "episodes", ["season_id", "place", "id"])
    op.create_index("ix_episodes_show_id_place_id", "episodes", ["show_id", "place", "id"])
    op.create_index("ix_episodes_sort_key_id", "episodes", ["sort_key", "id"])


def _make_videos() -> None:
    op.create_table(
        "videos",
        sa.Column("file_id", BIG, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("movie_id", BIG),
        sa.Column("episode_id", BIG),
        sa.Column("root_id", BIG, nullable=False),
        sa.Column("base", sa.LargeBinary(), nullable=False),
        sa.Column("of_key", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("extra", sa.String(32)),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text()),
        sa.Column("part", sa.Integer()),
        sa.Column("disc", sa.Boolean(), nullable=False),
        sa.Column("three_d", sa.String(16)),
        sa.Column("container", sa.String(16)),
        sa.Column("duration_s", sa.Float()),
        sa.Column("bitrate_kbps", sa.Integer()),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("video_codec", sa.String(16)),
        sa.Column("hdr", sa.String(32)),
        sa.Column("audio_codec", sa.String(16)),
        sa.Column("channels", sa.Integer()),
        sa.Column("has_cover", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", name="pk_videos"),
        sa.ForeignKeyConstraint(
            ["file_id"], ["media_files.id"], name="fk_videos_file_id_media_files", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["movie_id"], ["movies.id"], name="fk_videos_movie_id_movies"),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name="fk_videos_episode_id_episodes"),
        sa.ForeignKeyConstraint(
            ["root_id"], ["roots.id"], name="fk_videos_root_id_roots", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_videos_episode_id", "videos", ["episode_id"])
    op.create_index("ix_videos_movie_id", "videos", ["movie_id"])
    op.create_index("ix_videos_root_id_base", "videos", ["root_id", "base"])


def _make_video_credits() -> None:
    op.create_table(
        "video_credits",
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", BIG, autoincrement=False, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("character", sa.Text()),
        sa.PrimaryKeyConstraint("kind", "item_id", "role", "position", name="pk_video_credits"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_video_credits_key_kind_item_id", "video_credits", ["key", "kind", "item_id"])


def _make_video_tags() -> None:
    op.create_table(
        "video_tags",
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", BIG, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.PrimaryKeyConstraint("kind", "item_id", "type", "position", name="pk_video_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_video_tags_key_type_kind_item_id", "video_tags", ["key", "type", "kind", "item_id"])
