"""The queue: attempts, clocks and events of jobs, the workers, schedules and stored settings.

Revision 0002, after 0001. SQLite cannot change a column, so there the jobs and their logs are copied into new
tables. The logs go first: dropping the jobs would delete what refers to them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: New columns that must have a value, with that of the rows that are there.
FILLED: tuple[tuple[str, sa.types.TypeEngine[Any], str], ...] = (
    ("origin", sa.String(length=16), "'cli'"),
    ("priority", sa.Integer(), "0"),
    ("attempt", sa.Integer(), "1"),
    ("losses", sa.Integer(), "0"),
    ("max_attempts", sa.Integer(), "5"),
    ("run_at", BIG, "0"),
    ("timeout_s", BIG, "21600"),
    ("used_us", BIG, "0"),
    ("event_seq", BIG, "0"),
)
#: New columns that may be empty.
EMPTY: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("request_id", sa.String(length=36)),
    ("claimed_at", BIG),
    ("progress_at", BIG),
    ("cancel_requested_at", BIG),
    ("carried", sa.Text()),
    ("report", sa.Text()),
    ("rows_until", BIG),
)
#: The columns of revision 0001.
OLD = (
    "id, seq, library_id, type, status, scopes, unique_key, fence, worker_id, heartbeat_at, phase, "
    "items_found, items_total, items_added, items_updated, items_moved, items_restored, items_unchanged, "
    "items_removed, items_failed, items_skipped, current_path, error, reason, log_seq, queued_at, "
    "started_at, completed_at"
)


def upgrade() -> None:
    """Widen the jobs and add what belongs to them."""
    op.drop_index("uq_library_scan_jobs_queued", table_name="library_scan_jobs")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
    else:
        _alter()
    op.create_index(
        "uq_library_scan_jobs_queued",
        "library_scan_jobs",
        ["unique_key"],
        unique=True,
        sqlite_where=sa.text("status = 'queued' AND fence = 0"),
        postgresql_where=sa.text("status = 'queued' AND fence = 0"),
    )
    op.create_index(
        "ix_library_scan_jobs_waiting",
        "library_scan_jobs",
        ["priority", "seq"],
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    )
    _add_tables()
    op.execute(sa.text("INSERT INTO id_counters (name, next) VALUES ('schedules', 1)"))


def _alter() -> None:
    for name, kind, value in FILLED:
        op.add_column(
            "library_scan_jobs", sa.Column(name, kind, nullable=False, server_default=sa.text(value))
        )
        op.alter_column("library_scan_jobs", name, server_default=None)
    for name, kind in EMPTY:
        op.add_column("library_scan_jobs", sa.Column(name, kind, nullable=True))
    op.alter_column("library_scan_jobs", "library_id", nullable=True)


def _rebuild() -> None:
    op.drop_index("uq_library_scan_jobs_running", table_name="library_scan_jobs")
    op.drop_index("ix_library_scan_jobs_library_id_seq", table_name="library_scan_jobs")
    op.create_table(
        "new_jobs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("library_id", BIG, nullable=True),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("fence", BIG, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("run_at", BIG, nullable=False),
        sa.Column("worker_id", sa.String(length=36), nullable=True),
        sa.Column("claimed_at", BIG, nullable=True),
        sa.Column("heartbeat_at", BIG, nullable=True),
        sa.Column("progress_at", BIG, nullable=True),
        sa.Column("timeout_s", BIG, nullable=False),
        sa.Column("used_us", BIG, nullable=False),
        sa.Column("cancel_requested_at", BIG, nullable=True),
        sa.Column("phase", sa.String(length=16), nullable=True),
        *[
            sa.Column(f"items_{name}", BIG, nullable=True)
            for name in (
                "found",
                "total",
                "added",
                "updated",
                "moved",
                "restored",
                "unchanged",
                "removed",
                "failed",
                "skipped",
            )
        ],
        sa.Column("carried", sa.Text(), nullable=True),
        sa.Column("current_path", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("event_seq", BIG, nullable=False),
        sa.Column("log_seq", BIG, nullable=False),
        sa.Column("queued_at", BIG, nullable=True),
        sa.Column("started_at", BIG, nullable=True),
        sa.Column("completed_at", BIG, nullable=True),
        sa.Column("rows_until", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["library_id"],
            ["libraries.id"],
            name="fk_library_scan_jobs_library_id_libraries",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_library_scan_jobs"),
        sa.UniqueConstraint("seq", name="uq_library_scan_jobs_seq"),
    )
    fresh = ", ".join(name for name, _, _ in FILLED)
    values = ", ".join(value for _, _, value in FILLED)
    op.execute(f"INSERT INTO new_jobs ({OLD}, {fresh}) SELECT {OLD}, {values} FROM library_scan_jobs")  # noqa: S608
    op.create_table(
        "new_logs",
        sa.Column("job_seq", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_seq"], ["new_jobs.seq"], name="fk_job_logs_job_seq_library_scan_jobs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_seq", "seq", name="pk_job_logs"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO new_logs SELECT job_seq, seq, at, level, message, path FROM job_logs")
    op.drop_table("job_logs")
    op.drop_table("library_scan_jobs")
    # SQLite changes the reference of the logs along with the name.
    op.rename_table("new_jobs", "library_scan_jobs")
    op.rename_table("new_logs", "job_logs")
    op.create_index(
        "uq_library_scan_jobs_running",
        "library_scan_jobs",
        ["unique_key"],
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
    )
    op.create_index("ix_library_scan_jobs_library_id_seq", "library_scan_jobs", ["library_id", "seq"])


def _add_tables() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", BIG, nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "job_events",
        sa.Column("job_seq", BIG, autoincrement=False, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("fence", BIG, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("worker_id", sa.String(length=36), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_seq"],
            ["library_scan_jobs.seq"],
            name="fk_job_events_job_seq_library_scan_jobs",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_seq", "seq", name="pk_job_events"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "schedules",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("library_id", BIG, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("next_run_at", BIG, nullable=True),
        sa.Column("last_run_at", BIG, nullable=True),
        sa.Column("last_job_id", sa.String(length=36), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["library_id"], ["libraries.id"], name="fk_schedules_library_id_libraries", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        sa.UniqueConstraint("library_id", "type", name="uq_schedules_library_id_type"),
    )
    op.create_table(
        "config",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_config"),
    )
