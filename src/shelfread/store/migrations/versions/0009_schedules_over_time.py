"""Schedules that rest, why a file is missing, roots that may be empty.

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add columns; what is there keeps its meaning."""
    op.add_column("schedules", sa.Column("paused_at", BIG))
    op.add_column("media_files", sa.Column("missing_reason", sa.String(16)))
    op.add_column("roots", sa.Column("empty_ok", sa.Boolean(), nullable=False, server_default=sa.false()))
