"""How each root is watched.

Revision 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "watches",
        sa.Column("root_id", BIG, autoincrement=False, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("since", BIG, nullable=False),
        sa.Column("swept_at", BIG),
        sa.PrimaryKeyConstraint("root_id", name="pk_watches"),
        sa.ForeignKeyConstraint(
            ["root_id"], ["roots.id"], name="fk_watches_root_id_roots", ondelete="CASCADE"
        ),
    )
