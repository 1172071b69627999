"""Of which filesystem somebody said that a root is right.

Revision 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column. A word that was given before says of no filesystem: it has to be given again."""
    op.add_column("roots", sa.Column("confirmed_as", sa.Text()))
