"""All pages: every router of this layer, in one list."""

from __future__ import annotations

from fastapi import APIRouter

from shelfread.web.account import account_routes
from shelfread.web.browse import browse_routes
from shelfread.web.frame import frame_routes
from shelfread.web.held import held_routes
from shelfread.web.home import home_routes
from shelfread.web.items_books import book_routes
from shelfread.web.items_music import music_routes
from shelfread.web.items_video import video_routes
from shelfread.web.job import job_routes
from shelfread.web.jobs import jobs_routes
from shelfread.web.libraries import library_routes
from shelfread.web.library_edit import library_edit_routes
from shelfread.web.library_new import library_new_routes
from shelfread.web.missing import missing_routes
from shelfread.web.people import people_routes
from shelfread.web.problems import problems_routes
from shelfread.web.reader import reader_routes
from shelfread.web.search import search_routes
from shelfread.web.setup import setup_routes
from shelfread.web.system import system_routes


def page_routers() -> list[APIRouter]:
    """The routes of pages; each says what it needs."""
    return [
        frame_routes(),
        setup_routes(),
        jobs_routes(),
        job_routes(),
        problems_routes(),
        home_routes(),
        # Before the one that takes "new" for an id.
        library_new_routes(),
        library_routes(),
        library_edit_routes(),
        missing_routes(),
        held_routes(),
        browse_routes(),
        music_routes(),
        book_routes(),
        video_routes(),
        reader_routes(),
        search_routes(),
        system_routes(),
        account_routes(),
        people_routes(),
    ]
