"""What identity over time needs: files that are probably the same, and those that are missing.

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and what finds the missing files."""
    op.create_index(
        "ix_media_files_missing_at",
        "media_files",
        ["missing_at"],
        sqlite_where=sa.text("missing_at IS NOT NULL"),
        postgresql_where=sa.text("missing_at IS NOT NULL"),
    )
    op.create_table(
        "tidy_due",
        sa.Column("library_id", BIG, autoincrement=False, nullable=False),
        sa.Column("parent", sa.String(16), nullable=False),
        sa.Column("item_id", BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("library_id", "parent", "item_id", name="pk_tidy_due"),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_tidy_due_library_id_libraries", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "likenesses",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("library_id", BIG, nullable=False),
        sa.Column("old_file_id", BIG, nullable=False),
        sa.Column("new_file_id", BIG, nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("found_at", BIG, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_at", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_likenesses"),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_likenesses_library_id_libraries", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["old_file_id"],
            ["media_files.id"],
            name="fk_likenesses_old_file_id_media_files",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["new_file_id"],
            ["media_files.id"],
            name="fk_likenesses_new_file_id_media_files",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("old_file_id", "new_file_id", name="uq_likenesses_old_file_id_new_file_id"),
    )
    op.create_index("ix_likenesses_new_file_id", "likenesses", ["new_file_id"])
    op.create_index("ix_likenesses_library_id_state_id", "likenesses", ["library_id", "state", "id"])
    op.execute(sa.text("INSERT INTO id_counters (name, next) VALUES ('likenesses', 1)"))
