"""News of jobs as server-sent events: their names, what they say, their ids.

Every text is made once for those who may see paths and once for those who may not, and kept with the news.
Ids of one job's stream are cursors, `e<event>.l<line>`: how much of the job's trail was told. Ids of the
stream of everything are `<epoch>-<number>` of the feed. Progress has no id: it is never told again. Knows no
connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from shelfread.app.listeners import News, Page, Progress, Removed, Round
from shelfread.app.stream import Feed
from shelfread.model.job import Event, EventKind, Job, StoredLine
from shelfread.model.job_json import counts_json, event_json, job_json, line_json
from shelfread.model.problem import code_in

#: After these a job's stream ends.
ENDS = frozenset({EventKind.COMPLETED, EventKind.FAILED, EventKind.CANCELLED})
_CURSOR = re.compile(r"e([0-9]{1,15})\.l([0-9]{1,15})")
#: Made once: `json.dumps` makes an encoder for each text that is not as it likes it.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_PLACE = re.compile(r"([0-9a-f]{8})-([0-9]{1,15})")


class Cursor(NamedTuple):
    """How much of a job's trail a client has."""

    event: int = 0
    line: int = 0

    def __str__(self) -> str:
        return f"e{self.event}.l{self.line}"


class Told(NamedTuple):
    """A piece of a job's stream, where it leads to, and whether the job ends with it."""

    text: bytes
    cursor: Cursor
    ended: bool


def cursor_of(text: str) -> Cursor | None:
    """The cursor of a `Last-Event-ID`; None when it is none."""
    found = _CURSOR.fullmatch(text)
    return Cursor(int(found[1]), int(found[2])) if found else None


def place_of(text: str) -> tuple[str, int] | None:
    """Epoch and number of a `Last-Event-ID`; None when it is none."""
    found = _PLACE.fullmatch(text)
    return (found[1], int(found[2])) if found else None


def snapshot_of_job(job: Job, paths: bool) -> Told:
    """A job as it is, for those who ask for what is not known."""
    cursor = Cursor(job.event_seq, job.log_seq)
    text = _framed("snapshot", {"job": job_json(job, paths=paths)}, str(cursor))
    return Told(text, cursor, job.status.ended)


def progress_of(job: Job, paths: bool) -> bytes:
    """How far a job is."""
    return b"event: progress\ndata: " + _progress_text(job, paths) + b"\n\n"


def told_of_job(news: Sequence[News], cursor: Cursor, paths: bool) -> Told:
    """What of some news of one job a client has not been told yet."""
    parts: list[bytes] = []
    ended = False
    for one in news:
        what = one.what
        if isinstance(what, Event):
            if what.seq <= cursor.event:
                continue
            cursor = cursor._replace(event=what.seq)
            ended = ended or what.kind in ENDS
        elif isinstance(what, StoredLine):
            if what.seq <= cursor.line:
                continue
            cursor = cursor._replace(line=what.seq)
        if not isinstance(what, Progress):
            parts.append(b"id: %b\n" % str(cursor).encode())
        parts.append(_body(one, paths))
    return Told(b"".join(parts), cursor, ended)


def told_in_page(one: Page, cursor: Cursor, paths: bool) -> Told:
    """The same of a page of a job's past that begins at a cursor; made once for all who asked for it."""
    if (made := one.texts.get(paths)) is None:
        made = one.texts[paths] = told_of_job(one.news, cursor, paths)
    return made


def told_in_round(one: Round, job_seq: int, cursor: Cursor, paths: bool) -> Told:
    """The same of a round; made once for all clients who are equally far."""
    key = (job_seq, cursor, paths)
    if (made := one.texts.get(key)) is None:
        made = one.texts[key] = told_of_job(one.of(job_seq), cursor, paths)
    return made


def everything_in(one: Round, epoch: str, paths: bool) -> bytes:
    """All of a round; made once."""
    if (made := one.texts.get(paths)) is None:
        made = one.texts[paths] = everything_of(one.news, epoch, paths)
    return made


def everything_of(news: Sequence[News], epoch: str, paths: bool) -> bytes:
    """Some news, for the stream of everything."""
    parts: list[bytes] = []
    for one in news:
        if one.number is not None:
            parts.append(f"id: {epoch}-{one.number}\n".encode())
        parts.append(_body(one, paths))
    return b"".join(parts)


def snapshot_of_all(feed: Feed, paths: bool) -> bytes:
    """The jobs that run and wait; made once for as long as nothing changes."""
    key = (feed.past.number, paths)
    if (made := feed.texts.get(key)) is None:
        jobs = [job_json(job, paths=paths) for job in feed.present()]
        said = {"jobs": jobs, "running_and_queued": feed.waiting}
        made = feed.texts[key] = _framed("snapshot", said, f"{feed.past.epoch}-{feed.past.number}")
    return made


def removed_text(what: Removed) -> bytes:
    """A library is not there any more, nor are its jobs."""
    return _framed("removed", {"library_id": what.library_id, "job_ids": list(what.job_ids)})


def _body(one: News, paths: bool) -> bytes:
    """The event without its id; made once."""
    if (made := one.texts.get(paths)) is None:
        made = one.texts[paths] = _made(one, paths)
    return made


def _made(one: News, paths: bool) -> bytes:
    what = one.what
    if isinstance(what, Progress):
        return progress_of(what.job, paths)
    if isinstance(what, Removed):
        return removed_text(what)
    assert one.job is not None
    said: dict[str, Any] = {"job_id": one.job.id, "library_id": one.job.library_id, "type": one.job.type}
    if isinstance(what, Event):
        name = "batch" if what.kind == EventKind.BATCH else "job"
        said |= event_json(what, paths=paths)
    else:
        # What a scan has to say of one place is trouble with it.
        name = "problem" if what.path is not None and what.level != "info" else "log"
        if name == "problem":
            said["code"] = code_in(what.message)
        said |= line_json(what, paths=paths)
    return _framed(name, said)


def _progress_text(job: Job, paths: bool) -> bytes:
    return _dumped(
        {
            "job_id": job.id,
            "library_id": job.library_id,
            "type": job.type,
            "status": job.status.value,
            "phase": job.phase.value if job.phase else None,
            **counts_json(job),
            "items_total": job.items_total,
            "current_path": job.current_path if paths else None,
        }
    )


def _framed(name: str, said: dict[str, Any], event_id: str | None = None) -> bytes:
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}event: {name}\ndata: ".encode() + _dumped(said) + b"\n\n"


def _dumped(said: dict[str, Any]) -> bytes:
    # A line break inside would end the event; JSON has none.
    return _encode(said).encode("utf-8", "replace")
