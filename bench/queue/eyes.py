"""A process that looks at a database a thousand times a second: `python -m bench.queue.eyes URL`.

It notes when a job is first seen claimed, and when anybody's write was first seen. Each line on standard
input, whatever it is, gets what was noted since the one before.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import make_url

#: Between two looks, in seconds.
LOOK_S = 0.001
_CLAIMED = "SELECT id, seq FROM library_scan_jobs WHERE claimed_at IS NOT NULL AND seq > {}"
_Look = Callable[[], object]
_Claimed = Callable[[int], list[Any]]


def opened(url: str) -> tuple[_Look, _Claimed]:
    """Two questions: a value that changes with every write, and the jobs claimed behind a number."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        file = sqlite3.connect(
            f"file:{address.database}?mode=ro",
            uri=True,
            timeout=5,
            isolation_level=None,
            check_same_thread=False,
        )
        return (
            lambda: file.execute("PRAGMA data_version").fetchone()[0],
            lambda seq: file.execute(_CLAIMED.format(seq)).fetchall(),
        )
    import psycopg

    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    server = psycopg.connect(plain, autocommit=True)
    written = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
    return (
        lambda: server.execute(written.encode()).fetchone(),
        lambda seq: server.execute(_CLAIMED.format(seq).encode()).fetchall(),
    )


class Eyes:
    """What was noted; a thread of its own looks."""

    def __init__(self, look: _Look, claimed: _Claimed) -> None:
        self._look, self._claimed = look, claimed
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}
        self._changes: list[int] = []
        self._seq = 0

    def run(self) -> None:
        """Look for ever."""
        last: object = None
        while True:
            if (now_is := self._look()) != last:
                last = now_is
                rows = self._claimed(self._seq)
                now = time.time_ns()
                with self._lock:
                    self._changes.append(now)
                    for job_id, seq in rows:
                        self._seen[job_id] = now
                        self._seq = max(self._seq, seq)
            time.sleep(LOOK_S)

    def take(self) -> dict[str, Any]:
        """What was noted since it was asked last: times in nanoseconds since the epoch."""
        with self._lock:
            seen, self._seen = self._seen, {}
            changes, self._changes = self._changes, []
        return {"claimed": seen, "changes": changes}


def main() -> None:
    eyes = Eyes(*opened(sys.argv[1]))
    threading.Thread(target=eyes.run, daemon=True).start()
    print("{}", flush=True)
    for _ in sys.stdin:
        print(json.dumps(eyes.take()), flush=True)


if __name__ == "__main__":
    main()
