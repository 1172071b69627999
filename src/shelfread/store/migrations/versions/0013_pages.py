"""What pages about jobs and problems ask for.

Revision 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Widen an index, for jobs are counted by what it holds; add columns."""
    op.drop_index("ix_library_scan_jobs_library_id_seq", table_name="library_scan_jobs")
    op.create_index(
        "ix_library_scan_jobs_library_id_seq_type_status",
        "library_scan_jobs",
        ["library_id", "seq", "type", "status"],
    )
    op.add_column("problems", sa.Column("ignored_at", BIG))
    op.add_column("media_files", sa.Column("changed_by", BIG))
    op.add_column("media_files", sa.Column("change", sa.String(8)))
    op.create_index("ix_media_files_changed_by_change_id", "media_files", ["changed_by", "change", "id"])
