"""All pages: every router of this layer, in one list."""

from __future__ import annotations

from fastapi import APIRouter

from shelfread.web.account import account_routes
from shelfread.web.frame import frame_routes
from shelfread.web.job import job_routes
from shelfread.web.jobs import jobs_routes
from shelfread.web.people import people_routes
from shelfread.web.problems import problems_routes
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
        system_routes(),
        account_routes(),
        people_routes(),
    ]
