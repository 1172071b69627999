"""Conversions: the journal of what is made of which file.

Revision 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNDER_WAY = sa.text("state IN ('prepared', 'removing')")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "conversions",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("file_id", BIG),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("source_name", sa.LargeBinary(), nullable=False),
        sa.Column("source_name_text", sa.Text(), nullable=False),
        sa.Column("source_size", BIG, nullable=False),
        sa.Column("source_mtime_ns", BIG, nullable=False),
        sa.Column("source_ctime_ns", BIG, nullable=False),
        sa.Column("source_device", BIG, nullable=False),
        sa.Column("source_inode", BIG, nullable=False),
        sa.Column("target_name", sa.LargeBinary(), nullable=False),
        sa.Column("target_size", BIG, nullable=False),
        sa.Column("target_mtime_ns", BIG, nullable=False),
        sa.Column("temporary", sa.LargeBinary()),
        sa.Column("converter", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(32)),
        sa.Column("detail", sa.Text()),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversions"),
        sa.UniqueConstraint("file_id", name="uq_conversions_file_id"),
        sa.ForeignKeyConstraint(
            ["file_id"], ["media_files.id"], name="fk_conversions_file_id_media_files", ondelete="SET NULL"
        ),
    )
    op.execute(sa.text("INSERT INTO id_counters (name, next) VALUES ('conversions', 1)"))
    op.create_index("ix_conversions_source_name", "conversions", ["source_name"])
    op.create_index(
        "ix_conversions_under_way",
        "conversions",
        ["file_id"],
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
