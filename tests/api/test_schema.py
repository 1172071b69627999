"""`/openapi.json` says what is true: schemathesis asks a live server for everything, with good and odd input.

No answer is a fault (500), and none is outside of the description. What it tries is the same in every run; a
little here, much more with `make schema`: SHELFREAD_SCHEMA_TRIES says how many values each operation gets.
Streams are tried by hand, for they do not end while a program waits for their end.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import schemathesis
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from bench.corpus.video_files import clip
from shelfread.covers.keeping import Shelf
from shelfread.model.account import Right
from shelfread.store.covers import CoverRow, put
from shelfread.tasks.library_scan import Pools
from tests import catalogue
from tests.api.api_stand import PASSWORD, Live, client_of, tokens_of
from tests.api.stream_client import opened
from tests.books_on_disk import cbz
from tests.cli.staying_programs import house
from tests.conftest import Tree, cover

#: Tries of each operation beside the examples of the description: a few, fewer on PostgreSQL, for most are
#: judged before a database is asked.
_ASKED = int(os.environ.get("SHELFREAD_SCHEMA_TRIES", "0"))
TRIES = {"sqlite": _ASKED or 4, "postgresql": _ASKED or 2}
#: Where the edges of every value are tried, too. Those of questions are for the long form, and `test_hostile`
#: has its own.
EDGES = {"sqlite": True, "postgresql": bool(_ASKED)}
WITHOUT_EDGES = [] if _ASKED else ["GET"]
# A machine that is busy with something else may take minutes for it, and the long form does on any.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(7200 if _ASKED else 600)]

#: What nobody can do who knows neither the secret of the set-up nor a password, or has none.
NEVER_DONE = {"POST /api/v1/login", "POST /api/v1/setup", "PUT /api/v1/me/password"}
#: What is refused although the description allows it, or the other way round, with more words than one.
REFUSED = [400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415, 421, 422, 428, 429]


@dataclass
class Tried:
    """What came of it."""

    wrong: list[str] = field(default_factory=list)
    statuses: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class Stocked:
    """A server with something of everything; ids begin at 1."""

    live: Live
    #: Ids that are there, by the parameter that takes them; of everything else 1 is there.
    known: dict[str, Any]
    document: dict[str, Any]


@pytest_asyncio.fixture(loop_scope="session")
async def stocked(
    tmp_path: Path, database_url: str, pools: Pools, book_pools: Pools, video_pools: Pools
) -> AsyncIterator[Stocked]:
    """`shelfread serve` without workers, so that nothing changes but what is asked for."""
    async with house(tmp_path, database_url) as made:
        tree = Tree(tmp_path / "shelf")
        tree.add("Artist/Album/1.mp3", genre="Pop", date="1997")
        tree.write("Artist/Album/2.mp3", b"")
        for name in ("3", "4"):
            tree.add(f"Artist/Album/{name}.mp3")
        music = await made.library(tree.path, "Shelf")
        await made.app.scan(music, pools=pools)
        for name in ("3", "4"):
            tree.delete(f"Artist/Album/{name}.mp3")
            tree.add(f"Artist/Album/{name}.flac")
        # Both are probably what they were before.
        job_id = (await made.app.scan(music, pools=pools)).job_id
        cbz(tmp_path / "books/Series/1.cbz", info={"Title": "Book", "Writer": "Ann"})
        books = await made.app.libraries.add("Books", "books", [bytes(tmp_path / "books")])
        await made.app.scan(books, pools=book_pools)
        films = Tree(tmp_path / "films")
        for name in ("Harbour (2001)/Harbour (2001).mkv", "Fog (2010)/Season 1/Fog S01E01.mkv"):
            films.write(name, clip("mkv", len(name)))
        films.write("Harbour (2001)/Harbour (2001).en.srt", b"1\n")
        videos = await made.app.libraries.add("Films", "video", [bytes(films.path)])
        await made.app.scan(videos, pools=video_pools)
        rows = await catalogue.rows(made.app.database)
        (book,), (movie,), (episode,) = rows["books"], rows["movies"], rows["episodes"]
        digest = Shelf(made.data / "covers").keep(cover(), "image/jpeg")
        shown = CoverRow(5, book["file_id"], books.id, None, "", digest, "image/jpeg", 64, 64)
        await made.app.database.write(lambda connection: put(connection, [shown]))
        for folder in (tmp_path / "srv/music", tmp_path / "srv/more-music", tree.path / "A-M"):
            folder.mkdir(parents=True)
        await made.app.accounts.add_user("reader", PASSWORD, Right.READ)
        await made.app.accounts.add_user("owner", PASSWORD, Right.ADMIN)
        # Tokens 1 to 3 are there to be revoked; those that are used have other numbers.
        await tokens_of(made.app)
        tokens = await tokens_of(made.app)
        program = await made.serve("--workers", "0")
        async with client_of(program.url) as client:
            live = Live(program.url, made.app, tokens, client, program)
            answer = await live.ask("GET", "/openapi.json", token="read")
            assert answer.status_code == 200
            # The folders of the examples are there; one of them is a part of the library.
            text = answer.text.replace('"/srv/music/A-M"', f'"{tree.path}/A-M"')
            text = text.replace('"/srv/', f'"{tmp_path}/srv/')
            known = {"job_id": job_id, "book_id": book["file_id"], "series_id": book["series_id"]}
            known |= {"books_id": books.id}
            known |= {"movie_id": movie["id"], "show_id": episode["show_id"], "episode_id": episode["id"]}
            known |= {"video_id": rows["videos"][0]["file_id"], "digest": digest}
            yield Stocked(live, known, json.loads(text))


def _without_streams(document: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """The description with ids that are there, and without what does not end."""
    document = copy.deepcopy(document)
    for path in [path for path in document["paths"] if path.endswith("/events")]:
        del document["paths"][path]
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in known:
                    parameter["schema"]["examples"] = [known[parameter["name"]]]
            # Only books are converted.
            if operation["operationId"] == "convert_library":
                operation["parameters"][0]["schema"]["examples"] = [known["books_id"]]
            # There is one problem, and it can be tried again while nobody has set it aside.
            if operation["operationId"] == "retry_problems":
                (code,) = (one for one in operation["parameters"] if one["name"] == "code")
                code["schema"]["examples"] = ["empty_file"]
            # What was confirmed cannot be rejected any more.
            if operation["operationId"] == "reject_likeness":
                operation["parameters"][0]["schema"]["examples"] = [2]
    return document


def _try(url: str, token: str, document: dict[str, Any], database: str) -> Tried:
    config = schemathesis.Config.from_dict(
        {
            "base-url": url,
            "headers": {"Authorization": f"Bearer {token}"},
            "request-timeout": 20,
            "seed": 1,
            "generation": {"max-examples": TRIES[database], "deterministic": True, "database": "none"},
            "phases": {
                "examples": {"enabled": True},
                "coverage": {"enabled": EDGES[database], "unexpected-methods": ["OPTIONS"]},
                "fuzzing": {"enabled": True},
                "stateful": {"enabled": False},
            },
            "operations": [
                {"include-method": one, "phases": {"coverage": {"enabled": False}}} for one in WITHOUT_EDGES
            ],
            "checks": {
                # No schema can say what a cursor is, which folders there are, or which passwords are good.
                "positive_data_acceptance": {"enabled": False},
                "negative_data_rejection": {"expected-statuses": REFUSED},
            },
        }
    )
    schema = schemathesis.openapi.from_dict(document, config=config)
    tried = Tried()
    parts = [
        schema.exclude(method=["PATCH", "DELETE"]).exclude(operation_id="analyze"),
        # What changes or takes away what others ask for, or takes their folders, comes later.
        schema.include(operation_id="analyze"),
        schema.include(method="PATCH"),
        schema.include(method="DELETE").exclude(operation_id="delete_library"),
        # With a library goes all that others take away from it.
        schema.include(operation_id="delete_library"),
    ]
    for part in parts:
        for event in from_schema(part).execute():
            if isinstance(event, NonFatalError | FatalError):
                tried.wrong.append(repr(event))
            elif isinstance(event, ScenarioFinished):
                _take(event.recorder, tried)
    return tried


def _take(recorder: Any, tried: Tried) -> None:
    for interaction in recorder.interactions.values():
        if interaction.response is None:
            tried.wrong.append(f"{recorder.label}: no answer to {interaction.request.uri}")
        else:
            tried.statuses[recorder.label].add(interaction.response.status_code)
    for checks in recorder.checks.values():
        for check in checks:
            if (found := check.failure_info) is not None:
                failure = found.failure
                tried.wrong.append(
                    f"{recorder.label}: {failure.title}\n{failure.message[:1000]}\n{found.code_sample[:1000]}"
                )


async def test_no_answer_is_a_fault_or_outside_of_the_description(
    stocked: Stocked, database_kind: str
) -> None:
    live = stocked.live
    document = _without_streams(stocked.document, stocked.known)
    tried = await asyncio.to_thread(_try, live.url, live.tokens["admin"], document, database_kind)
    assert not tried.wrong, "\n\n".join(tried.wrong[:10])
    described = {
        f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods
    }
    assert set(tried.statuses) == described
    # Each was really done at least once, and not only refused.
    done = {label for label, found in tried.statuses.items() if any(status < 400 for status in found)}
    assert described - done <= NEVER_DONE
    assert 500 not in set().union(*tried.statuses.values())


async def test_streams_answer_as_it_is_described(live: Live, pools: Pools, tmp_path: Path) -> None:
    library = await live.app.libraries.add("Music", "music", [bytes(Tree(tmp_path / "music").path)])
    job_id = (await live.app.scan(library, pools=pools)).job_id
    document = (await live.ask("GET", "/openapi.json")).json()
    paths = document["paths"]
    everything, one = "/api/v1/events", "/api/v1/jobs/{job_id}/events"
    own = one.format(job_id=job_id)
    async with opened(live.url, own, live.headers()) as stream:
        told = await stream.all()
    last = [event.id for event in told if event.id][-1]
    for path, address, headers, status in (
        (everything, everything, {}, 200),
        (one, own, {}, 200),
        (one, own, {"Last-Event-ID": last}, 204),
        (one, own, {"Last-Event-ID": "x" * 101}, 422),
        (everything, everything, {"Last-Event-ID": "x" * 101}, 422),
        (one, one.format(job_id="unknown"), {}, 404),
        (everything, everything, {"Authorization": "Bearer of nothing"}, 401),
    ):
        async with opened(live.url, address, live.headers() | headers) as stream:
            assert stream.status == status, (address, headers)
            described = paths[path]["get"]["responses"][str(status)]
            if "$ref" in described:
                described = document["components"]["responses"][described["$ref"].rpartition("/")[2]]
            kind = stream.headers.get("content-type", "").partition(";")[0]
            assert kind in (described.get("content") or {"": None})
