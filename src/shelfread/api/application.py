"""The HTTP application: its routes, and what stands around them.

From outside to inside: request id and access log, security headers, faults, the names this server goes by,
writes of other sites, the gate, the limits of bodies, the routes. Stands on `app`. Knows no process and no
socket; `listening` has those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from fastapi import APIRouter, Request, Response

from shelfread.api.access import Entry, Gate, table_of
from shelfread.api.asgi import Asgi, Message, Receive, Scope, Send
from shelfread.api.books import book_routes
from shelfread.api.bounds import Bounds
from shelfread.api.browse import browse_routes
from shelfread.api.caller import OnlyHere, OwnNames, OwnPages
from shelfread.api.config import config_routes
from shelfread.api.covers import cover_routes
from shelfread.api.description import Described, description_routes
from shelfread.api.events import event_routes
from shelfread.api.faults import Faults, failed
from shelfread.api.files import file_routes
from shelfread.api.folders import folder_routes
from shelfread.api.health import Workers, health_routes
from shelfread.api.held import held_routes
from shelfread.api.job_changes import job_change_routes
from shelfread.api.job_history import job_history_routes
from shelfread.api.jobs import job_routes
from shelfread.api.libraries import library_routes
from shelfread.api.likenesses import likeness_routes
from shelfread.api.login import Doorkeeper, login_routes
from shelfread.api.metrics import metric_routes
from shelfread.api.missing import missing_routes
from shelfread.api.mosaic import mosaic_routes
from shelfread.api.pages import page_routes
from shelfread.api.problem_routes import problem_routes
from shelfread.api.problems import ApiProblem, speak_of_problems
from shelfread.api.scans import scan_routes
from shelfread.api.schedules import schedule_routes
from shelfread.api.search import search_routes
from shelfread.api.setup import setup_routes
from shelfread.api.staying import Staying
from shelfread.api.system import system_routes
from shelfread.api.tokens import token_routes
from shelfread.api.trace import Traced
from shelfread.api.users import user_routes
from shelfread.api.videos import video_routes
from shelfread.api.workers import worker_routes
from shelfread.app import App, visits

#: In every answer that says nothing else: nothing of it is kept, framed, run or taken for something else.
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]


def routers_of(app: App, workers: Workers) -> list[APIRouter]:
    """Everything that can be asked for. Each router says its prefix itself, and what its routes need."""
    doorkeeper = Doorkeeper()
    return [
        # Routes are tried one after the other, and whole crowds come back to these at the same moment.
        event_routes(app),
        health_routes(app, workers),
        metric_routes(app, workers),
        description_routes(),
        login_routes(app, doorkeeper),
        setup_routes(app, doorkeeper),
        token_routes(app),
        user_routes(app),
        library_routes(app),
        folder_routes(app),
        mosaic_routes(app),
        scan_routes(app),
        schedule_routes(app),
        missing_routes(app),
        held_routes(app),
        likeness_routes(app),
        config_routes(app),
        # Before the jobs: "counts" is no id.
        job_history_routes(app),
        system_routes(app),
        job_routes(app),
        worker_routes(app, workers),
        job_change_routes(app),
        problem_routes(app),
        browse_routes(app),
        book_routes(app),
        video_routes(app),
        search_routes(app),
        file_routes(app),
        page_routes(app),
        cover_routes(app),
    ]


def make_application(
    app: App,
    workers: Workers,
    *,
    host: str = "127.0.0.1",
    without_login: bool = False,
    pages: Sequence[APIRouter] = (),
    plainly: Callable[[Asgi], Asgi] = lambda application: application,
) -> Asgi:
    """The application of a server.

    Args:
        app: the open catalogue.
        workers: those of this process, which `/readyz` tells of.
        host: where the server listens, as a person said it.
        without_login: everybody may do everything.
        pages: what there is for people beside.
        plainly: puts around the application what tells people of problems in a way of their own.

    Raises:
        NothingDeclared: a route does not say what it needs.
    """
    routers = [*routers_of(app, workers), *pages]
    table = table_of(routers)
    # As they are: of a router that is included each route is made once more, while its first request waits.
    application = Described(table, (route for router in routers for route in router.routes))
    speak_of_problems(application)
    application.add_exception_handler(405, partial(_another_method, table))
    application.add_exception_handler(Exception, failed)
    inner: Asgi = Bounds(application)
    inner = Staying(inner, visits.Visits(app.accounts, visits.EACH_S))
    inner = Gate(inner, table, app.accounts, lambda: app.settings, without_login=without_login)
    inner = OwnPages(inner)
    if without_login:
        inner = OnlyHere(inner)
    inner = OwnNames(inner, host, lambda: app.settings)
    inner = plainly(Faults(inner))
    return Traced(_with_headers(inner), lambda: app.settings)


def table_of_routes(app: App, workers: Workers) -> list[Entry]:
    """What each route needs."""
    return table_of(routers_of(app, workers))


async def _another_method(table: Sequence[Entry], request: Request, _error: Exception) -> Response:
    """Say everything that can be done with an address: a route knows only its own part."""
    path = request.scope["path"]
    methods = {method for one in table if one.pattern.match(path) for method in one.methods}
    return ApiProblem(405, "method-not-allowed", headers={"Allow": ", ".join(sorted(methods))}).answer()


def _with_headers(application: Asgi) -> Asgi:
    # Around everything else, so that the answers to errors have them too.
    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", ()))
                names = {name.lower() for name, _ in said}
                message["headers"] = [*said, *(one for one in HEADERS if one[0] not in names)]
            await send(message)

        await application(scope, receive, send_on)

    return around
