"""Covers: what small picture each item has, and which ones have to be made.

Revision 0006, after 0005. What is in the catalogue already is due: the next scan has its covers made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and note every release."""
    op.create_table(
        "covers",
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", BIG, autoincrement=False, nullable=False),
        sa.Column("library_id", BIG, nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("shape", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("mime", sa.String(32)),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("code", sa.String(32)),
        sa.Column("detail", sa.Text()),
        sa.Column("made_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("kind", "item_id", name="pk_covers"),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_covers_library_id_libraries", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_covers_library_id", "covers", ["library_id"])
    op.create_index("ix_covers_digest", "covers", ["digest"])
    op.create_table(
        "cover_due",
        sa.Column("library_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", BIG, autoincrement=False, nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("noted", BIG, nullable=False),
        sa.PrimaryKeyConstraint("library_id", "kind", "item_id", name="pk_cover_due"),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_cover_due_library_id_libraries", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    # 2: a release.
    op.execute(
        sa.text(
            "INSERT INTO cover_due (library_id, kind, item_id, again, noted) "
            "SELECT library_id, 2, id, (1 = 0), 0 FROM releases"
        )
    )
