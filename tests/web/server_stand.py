"""`shelfread serve` as a process of its own, for tests of pages: its users, and libraries that it scans."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shelfread.app import App
from shelfread.model.account import Right
from shelfread.model.job import Job, JobStatus
from shelfread.model.library import Library
from tests.api.api_stand import PASSWORD
from tests.cli.staying_programs import House, Program, house

#: Who may do everything on a server that is set up.
ADMIN = "Ada"


@dataclass
class Server:
    """A server with one worker, and its catalogue, opened here too."""

    house: House
    program: Program
    #: Its address, without a path.
    url: str

    @property
    def app(self) -> App:
        return self.house.app

    @property
    def set_up_path(self) -> str:
        """Where the link of the first start leads, with the code behind #."""
        link: str = json.loads(self.program.out.read_text())["setup_url"]
        return "/setup" + link.partition("/setup")[2]

    async def user(self, name: str, right: Right = Right.ADMIN, password: str = PASSWORD) -> None:
        """Add a user."""
        await self.app.accounts.add_user(name, password, right)

    async def library(self, *paths: Path, name: str = "Music", kind: str = "music") -> Library:
        """Add a library, which nothing has scanned yet."""
        return await self.app.libraries.add(name, kind, [os.fsencode(path) for path in paths])

    async def scan(self, library: Library, *, rescan: bool = False) -> Job:
        """Have the server scan a library, and wait for the end of it."""
        return await self.house.job_is(await self.house.queue(library, rescan=rescan), JobStatus.COMPLETED)

    async def scanned(self, *paths: Path, name: str = "Music", kind: str = "music") -> Library:
        """Add a library and have the server scan it."""
        library = await self.library(*paths, name=name, kind=kind)
        await self.scan(library)
        return library


@asynccontextmanager
async def serving(folder: Path, database_url: str) -> AsyncIterator[Server]:
    """A server that nobody has set up."""
    async with house(folder, database_url) as made:
        program = await made.serve()
        yield Server(made, program, program.url)
