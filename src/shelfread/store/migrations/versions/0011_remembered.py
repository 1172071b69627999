"""What an import told: parents that are not there yet, and until when rows were known before.

Revision 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, and add the column; what is there keeps its meaning."""
    op.create_table(
        "remembered",
        sa.Column("library_id", BIG, autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("row_id", BIG, nullable=False),
        sa.Column("added_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("library_id", "subject", "key", name="pk_remembered"),
        sa.ForeignKeyConstraint(
            ["library_id"],
            ["libraries.id"],
            name="fk_remembered_library_id_libraries",
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    op.add_column("libraries", sa.Column("known_until", BIG))
