"""The page of the first set-up, and the files that it needs.

A page is a file that is the same for everybody; what it shows it asks the API for, as its visitor. Nothing
comes from elsewhere, and nothing in a page runs but these files. Knows no database and no setting.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Response

from shelfread.api.access import IS_OPEN
from shelfread.api.problems import not_found

#: What a page may load: files of this server, and nothing that stands in the page itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FILES = Path(__file__).parent / "files"
#: Every file that can be asked for by name, and its type.
TYPES = {
    "page.css": "text/css; charset=utf-8",
    "setup.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def page_routes() -> APIRouter:
    """The routes of pages; open to everybody, for they hold nothing but what comes with the program."""
    routes = APIRouter(dependencies=[IS_OPEN], include_in_schema=False)
    setup = (_FILES / "setup.html").read_bytes()
    files = {name: (_FILES / name).read_bytes() for name in TYPES}

    @routes.get("/setup")
    async def setup_page() -> Response:
        """Where the link of the first start leads."""
        return Response(
            setup, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY}
        )

    @routes.get("/static/{name}")
    async def static_file(name: str) -> Response:
        """A file that a page needs."""
        if name not in files:
            raise not_found("file of this name")
        return Response(files[name], headers={"Content-Type": TYPES[name], "Cache-Control": "no-cache"})

    return routes
