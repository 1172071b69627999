"""What the database itself saw: triggers that no program of the run knows of.

They judge each row of the catalogue as it is written, by the tag of the transaction that writes it (`inside`)
and by the job's row at that moment, so that I2 and I9 hold or not whatever the history says. And they
keep the true time and order of every event, since the clocks of the workers are made to lie.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from bench.chaos.stage import Postgres, Sqlite

#: Tables that only scans write.
CATALOGUE = (
    "folders",
    "media_files",
    "aliases",
    "removals",
    "sidecars",
    "problems",
    "artists",
    "releases",
    "release_credits",
    "tracks",
    "track_credits",
    "genres",
    "track_genres",
)
_TABLES = """
CREATE TABLE chaos_trail (n {serial}, at BIGINT, seq BIGINT, number BIGINT, fence BIGINT, kind TEXT);
CREATE TABLE chaos_wrong (n {serial}, at BIGINT, tbl TEXT, op TEXT, seq BIGINT, fence BIGINT, status TEXT,
    held BIGINT);
CREATE TABLE chaos_missing (n {serial}, at BIGINT, root_id BIGINT, folder {bytes}, name {bytes}, seq BIGINT,
    fence BIGINT);
"""
#: A scan of a part says without a fence that the folders above it are there (`scan.rootwalk`): rows without a
#: digest, which settle nothing. Tagged writes are judged there too.
_SPARED = {
    ("folders", "INSERT"): " AND NOT (NEW.digest IS NULL AND EXISTS (SELECT 1 FROM chaos_tag WHERE seq = 0))"
}
_SQLITE_NOW = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"
_PG_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_PG_SEQ = "coalesce(nullif(current_setting('chaos.seq', true), ''), '0')::bigint"
_PG_FENCE = "coalesce(nullif(current_setting('chaos.fence', true), ''), '0')::bigint"


class Seen(NamedTuple):
    """An event at its true time."""

    at: int
    seq: int
    number: int
    fence: int
    kind: str


class Wrong(NamedTuple):
    """Rows that were written for a job that was not the writer's any more."""

    rows: int
    seq: int
    fence: int
    status: str
    held: int
    #: The first table of them, and what was done there.
    where: str


class Missing(NamedTuple):
    """A file was marked missing."""

    at: int
    root_id: int
    path: str
    seq: int
    fence: int


def install(stage: Sqlite | Postgres) -> None:
    """Begin to look."""
    with stage.connect() as connection:
        for statement in _statements(stage.kind):
            connection.execute(statement)


def _statements(kind: str) -> list[str]:
    if kind == "sqlite":
        made = _TABLES.format(serial="INTEGER PRIMARY KEY AUTOINCREMENT", bytes="BLOB")
        found = [one for one in made.split(";") if one.strip()]
        found += [
            "CREATE TABLE chaos_tag (seq INTEGER, fence INTEGER)",
            "INSERT INTO chaos_tag VALUES (0, 0)",
            f"CREATE TRIGGER chaos_events AFTER INSERT ON job_events BEGIN INSERT INTO chaos_trail "
            f"(at, seq, number, fence, kind) VALUES ({_SQLITE_NOW}, NEW.job_seq, NEW.seq, NEW.fence, NEW.kind"
            "); END",
            "CREATE TRIGGER chaos_gone AFTER UPDATE OF status ON media_files WHEN NEW.status = 'missing' AND "
            "OLD.status <> 'missing' BEGIN INSERT INTO chaos_missing (at, root_id, folder, name, seq, fence) "
            f"SELECT {_SQLITE_NOW}, f.root_id, f.path, NEW.name, t.seq, t.fence FROM chaos_tag t, folders f "
            "WHERE f.id = NEW.folder_id; END",
        ]
        for table in CATALOGUE:
            for op in ("INSERT", "UPDATE", "DELETE"):
                found.append(
                    f"CREATE TRIGGER chaos_{table}_{op} AFTER {op} ON {table} WHEN NOT EXISTS (SELECT 1 FROM "
                    "chaos_tag t JOIN library_scan_jobs j ON j.seq = t.seq WHERE j.fence = t.fence AND "
                    f"j.status = 'running'){_SPARED.get((table, op), '')} "
                    "BEGIN INSERT INTO chaos_wrong (at, tbl, op, seq, fence, status, held) "
                    f"SELECT {_SQLITE_NOW}, '{table}', '{op}', t.seq, t.fence, j.status, j.fence FROM "
                    "chaos_tag t LEFT JOIN library_scan_jobs j ON j.seq = t.seq; END"
                )
        return found
    made = _TABLES.format(serial="BIGINT GENERATED ALWAYS AS IDENTITY", bytes="BYTEA")
    found = [one for one in made.split(";") if one.strip()]
    found += [
        "CREATE FUNCTION chaos_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO chaos_trail "
        f"(at, seq, number, fence, kind) VALUES ({_PG_NOW}, NEW.job_seq, NEW.seq, NEW.fence, NEW.kind); "
        "RETURN NULL; END $$",
        "CREATE TRIGGER chaos_events AFTER INSERT ON job_events FOR EACH ROW EXECUTE FUNCTION chaos_event()",
        "CREATE FUNCTION chaos_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO chaos_missing "
        f"(at, root_id, folder, name, seq, fence) SELECT {_PG_NOW}, f.root_id, f.path, NEW.name, {_PG_SEQ}, "
        f"{_PG_FENCE} FROM folders f WHERE f.id = NEW.folder_id; RETURN NULL; END $$",
        "CREATE TRIGGER chaos_gone AFTER UPDATE ON media_files FOR EACH ROW WHEN (NEW.status = 'missing' AND "
        "OLD.status <> 'missing') EXECUTE FUNCTION chaos_gone()",
        "CREATE FUNCTION chaos_write() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE "
        f"tagged BIGINT := {_PG_SEQ}; mine BIGINT := {_PG_FENCE}; now_is TEXT; held BIGINT; BEGIN "
        "SELECT status, fence INTO now_is, held FROM library_scan_jobs WHERE seq = tagged; "
        "IF tagged = 0 AND TG_TABLE_NAME = 'folders' AND TG_OP = 'INSERT' THEN "
        "IF NEW.digest IS NULL THEN RETURN NULL; END IF; END IF; "
        "IF now_is IS DISTINCT FROM 'running' OR held IS DISTINCT FROM mine THEN "
        "INSERT INTO chaos_wrong (at, tbl, op, seq, fence, status, held) VALUES "
        f"({_PG_NOW}, TG_TABLE_NAME, TG_OP, tagged, mine, now_is, held); END IF; RETURN NULL; END $$",
    ]
    found += [
        f"CREATE TRIGGER chaos_write AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW "
        "EXECUTE FUNCTION chaos_write()"
        for table in CATALOGUE
    ]
    return found


def trail(stage: Sqlite | Postgres) -> list[Seen]:
    """Every event in the order in which they happened."""
    return [
        Seen(*row) for row in _all(stage, "SELECT at, seq, number, fence, kind FROM chaos_trail ORDER BY n")
    ]


def wrong(stage: Sqlite | Postgres) -> list[Wrong]:
    """Writes of those who had lost their job, one entry for each job and fence."""
    query = (
        "SELECT count(*), seq, fence, max(coalesce(status, 'not there')), max(coalesce(held, -1)), "
        "min(tbl || ' ' || op) "
        "FROM chaos_wrong GROUP BY seq, fence ORDER BY seq, fence"
    )
    return [Wrong(*row) for row in _all(stage, query)]


def missing(stage: Sqlite | Postgres) -> list[Missing]:
    """Every time that a file was marked missing."""
    query = "SELECT at, root_id, folder, name, seq, fence FROM chaos_missing ORDER BY n"
    return [
        Missing(row[0], row[1], os.fsdecode(os.path.join(bytes(row[2]), bytes(row[3]))), row[4], row[5])
        for row in _all(stage, query)
    ]


def _all(stage: Sqlite | Postgres, query: str) -> list[Any]:
    with stage.connect() as connection:
        return list(connection.execute(query).fetchall())
