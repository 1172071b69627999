"""Where files were before they turned up elsewhere.

Revision 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table. Moves before this revision were written down nowhere."""
    op.create_table(
        "former_places",
        sa.Column("file_id", BIG, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("until", BIG, nullable=False),
        sa.PrimaryKeyConstraint("file_id", "number", name="pk_former_places"),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["media_files.id"],
            name="fk_former_places_file_id_media_files",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
