"""Browsing and searching: keys to sort by, indexes for every order, and what a search looks through.

Revision 0004, after 0003. The keys of rows that are there are filled in here; their words are noted as due,
and made by whoever brings the search up to date.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shelfread.store.folding import sort_key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ODD = sa.text("status <> 'ready'")
#: Table, its id, what it is sorted by, the number of its kind, its indexes beside the key.
SORTED: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("artists", "id", "COALESCE(sort_name, name)", "1", ()),
    ("releases", "id", "title", "2", ("year", "added_at")),
    ("tracks", "file_id", "title", "3", ("year",)),
)
#: Rows that are read and filled at a time, and noted as due in one.
SLICE = 500


def upgrade() -> None:
    """Add the keys, the indexes and the tables of the search."""
    _add_tables()
    for table, row_id, shown, kind, columns in SORTED:
        op.add_column(table, sa.Column("sort_key", KEY, nullable=False, server_default=""))
        _fill(table, row_id, shown, kind)
        for column in ("sort_key", *columns):
            op.create_index(f"ix_{table}_{column}_{row_id}", table, [column, row_id])
    op.create_index("ix_media_files_added_at_id", "media_files", ["added_at", "id"])
    op.create_index(
        "ix_media_files_odd", "media_files", ["status", "id"], sqlite_where=ODD, postgresql_where=ODD
    )


def _add_tables() -> None:
    op.create_table(
        "search_rows",
        sa.Column("key", BIG, autoincrement=False, nullable=False),
        sa.Column("library_id", BIG, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("words", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_search_rows"),
    )
    op.create_index("ix_search_rows_name_key", "search_rows", ["name", "key"])
    op.create_table(
        "search_due",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_search_due"),
    )
    if op.get_bind().dialect.name == "sqlite":
        # The words are cut and folded before they come here: this tokenizer parts them at blanks only.
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5("
            "words, content='search_rows', content_rowid='key', tokenize='ascii', columnsize=0)"
        )
    else:
        # Without its list of pending entries a search needs no luck with the last VACUUM.
        op.execute("CREATE INDEX search_index ON search_rows USING gin (words) WITH (fastupdate = off)")


def _fill(table: str, row_id: str, shown: str, kind: str) -> None:
    connection = op.get_bind()
    # The names are those of our own tables.
    select = sa.text(
        f"SELECT {row_id}, {shown} FROM {table} WHERE {row_id} > :after ORDER BY {row_id} LIMIT {SLICE}"  # noqa: S608
    )
    update = sa.text(f"UPDATE {table} SET sort_key = :key WHERE {row_id} = :id")  # noqa: S608
    due = sa.text("INSERT INTO search_due (items) VALUES (:items)")
    after = 0
    while rows := connection.execute(select, {"after": after}).all():
        after = rows[-1][0]
        connection.execute(update, [{"id": row[0], "key": sort_key(row[1])} for row in rows])
        connection.execute(due, {"items": json.dumps({kind: [row[0] for row in rows]})})
