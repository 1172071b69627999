"""Books and comics: series, books with credits and tags; what stands beside the media may say something.

Revision 0005, after 0004. The table of pictures becomes one of sidecars.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
STALE = sa.text("stale")


def upgrade() -> None:
    """Rename the table of pictures, make those of books."""
    op.rename_table("pictures", "sidecars")
    op.add_column("sidecars", sa.Column("facts", sa.Text()))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE sidecars RENAME CONSTRAINT pk_pictures TO pk_sidecars")
        op.execute(
            "ALTER TABLE sidecars RENAME CONSTRAINT fk_pictures_folder_id_folders "
            "TO fk_sidecars_folder_id_folders"
        )
    _make_series()
    _make_books()
    _make_belongings("book_credits", "role", sa.Column("sort_name", sa.Text()))
    op.create_index("ix_book_credits_key_file_id", "book_credits", ["key", "file_id"])
    _make_belongings("book_tags", "type")
    op.create_index("ix_book_tags_key_type_file_id", "book_tags", ["key", "type", "file_id"])


def _make_series() -> None:
    op.create_table(
        "series",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("library_id", BIG, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.String(32)),
        sa.Column("publisher", sa.Text()),
        sa.Column("imprint", sa.Text()),
        sa.Column("year", sa.Integer()),
        sa.Column("volume", sa.Integer()),
        sa.Column("total", sa.Integer()),
        sa.Column("language", sa.String(64)),
        sa.Column("direction", sa.String(3)),
        sa.Column("age_rating", sa.Text()),
        sa.Column("summary", sa.Text()),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("added_at", BIG, nullable=False),
        sa.Column("sort_key", KEY, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_series_library_id_libraries", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("library_id", "key", name="uq_series_library_id_key"),
    )
    for column in ("sort_key", "year", "added_at"):
        op.create_index(f"ix_series_{column}_id", "series", [column, "id"])
    op.execute(sa.text("INSERT INTO id_counters (name, next) VALUES ('series', 1)"))
    op.create_index(
        "ix_series_stale", "series", ["library_id", "id"], sqlite_where=STALE, postgresql_where=STALE
    )


def _make_books() -> None:
    op.create_table(
        "books",
        sa.Column("file_id", BIG, autoincrement=False, nullable=False),
        sa.Column("series_id", BIG),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("series", sa.Text()),
        sa.Column("series_sort", sa.Text()),
        sa.Column("number", sa.Text()),
        sa.Column("number_sort", sa.Float()),
        sa.Column("count", sa.Integer()),
        sa.Column("volume", sa.Integer()),
        sa.Column("volume_end", sa.Integer()),
        sa.Column("chapter", sa.Text()),
        sa.Column("date", sa.String(10)),
        sa.Column("year", sa.Integer()),
        sa.Column("publisher", sa.Text()),
        sa.Column("imprint", sa.Text()),
        sa.Column("language", sa.String(64)),
        sa.Column("isbn", sa.String(13)),
        sa.Column("summary", sa.Text()),
        sa.Column("comic_format", sa.Text()),
        sa.Column("one_shot", sa.Boolean()),
        sa.Column("special", sa.Boolean()),
        sa.Column("manga", sa.Boolean()),
        sa.Column("direction", sa.String(3)),
        sa.Column("black_and_white", sa.Boolean()),
        sa.Column("age_rating", sa.Text()),
        sa.Column("rating", sa.Float()),
        sa.Column("container", sa.String(8)),
        sa.Column("format", sa.String(8)),
        sa.Column("pages", sa.Integer()),
        sa.Column("first_page", sa.Text()),
        sa.Column("more", sa.Text(), nullable=False),
        sa.Column("place", KEY, nullable=False),
        sa.Column("sort_key", KEY, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("file_id", name="pk_books"),
        sa.ForeignKeyConstraint(
            ["file_id"], ["media_files.id"], name="fk_books_file_id_media_files", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_books_series_id_series"),
    )
    op.create_index("ix_books_series_id_place_file_id", "books", ["series_id", "place", "file_id"])
    for column in ("sort_key", "year"):
        op.create_index(f"ix_books_{column}_file_id", "books", [column, "file_id"])


def _make_belongings(table: str, sort: str, *more: sa.Column[str]) -> None:
    op.create_table(
        table,
        sa.Column("file_id", BIG, autoincrement=False, nullable=False),
        sa.Column(sort, sa.String(16), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", KEY, nullable=False),
        *more,
        sa.PrimaryKeyConstraint("file_id", sort, "position", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["file_id"], ["books.file_id"], name=f"fk_{table}_file_id_books", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
