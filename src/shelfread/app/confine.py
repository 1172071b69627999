"""Which folders may be scanned at the wish of others: inside the allowed ones, and none of the system.

Asked at every use, with links followed, since what a name leads to may change: when a path is named, when a
scan is asked for, when a worker begins it, when a file is opened. The command line is its user's own and is
not confined.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from shelfread.app.places import is_inside
from shelfread.model.job import Job, Reason, Scope, TaskFailed
from shelfread.model.library import Library
from shelfread.queue.watch import Control, Task
from shelfread.settings import Settings
from shelfread.store.clock import text_of
from shelfread.store.libraries import LibraryRepository

#: These and all below them belong to the system.
_SYSTEM = tuple(
    os.fsencode(path)
    for path in (
        *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/lost+found", "/proc"),
        *("/run", "/sbin", "/sys", "/usr", "/var/cache", "/var/log", "/var/run", "/var/spool"),
        *("/System", "/Library", "/private/etc", "/private/var/db"),
    )
)
#: What is below those, and people's own all the same.
_PEOPLES = (b"/run/media", b"/usr/local", b"/usr/home", b"/usr/share/media")
#: Only these themselves.
_TOPS = (b"/", b"/var", b"/private", b"/private/var", b"/run/media")


class PathRefused(Exception):
    """A path that cannot be scanned; the text says why."""


def path_of(text: str) -> bytes:
    """A path from a JSON text.

    Raises:
        PathRefused: it cannot be the name of a file.
    """
    try:
        path = text.encode()
    except UnicodeEncodeError:
        raise PathRefused("a path with half of a character: `path_b64` takes names of any bytes") from None
    return checked(path)


def checked(path: bytes) -> bytes:
    """An absolute path, tidy.

    Raises:
        PathRefused: it is none.
    """
    if not path.startswith(b"/") or b"\0" in path:
        raise PathRefused(f"{text_of(path)[:200]!r} is no absolute path")
    tidy = os.path.normpath(path)
    return b"/" + tidy.lstrip(b"/")


def refuse_outside(path: bytes, settings: Settings) -> None:
    """Raises PathRefused when a folder that others named may not be scanned. Blocking."""
    refuse_not_allowed(path, settings)
    try:
        real = os.path.realpath(path)
        own = os.path.realpath(os.fsencode(settings.data_dir.expanduser()))
    except (OSError, RuntimeError) as error:
        raise PathRefused(f"{text_of(path)} cannot be looked at: {error}") from None
    if is_inside(real, own):
        raise PathRefused(f"{text_of(path)} is Shelfread's own data folder")
    if is_of_system(real):
        raise PathRefused(f"{text_of(path)} is a folder of the system")


def is_of_system(real: bytes) -> bool:
    """Whether a folder, named without any link, is one of the system and no root of a library."""
    peoples = any(is_inside(real, one) for one in _PEOPLES)
    return real in _TOPS or (not peoples and any(is_inside(real, one) for one in _SYSTEM))


def leads_to_peoples(real: bytes) -> bool:
    """Whether a folder of the system, named without any link, has folders below it that may be roots."""
    return real in _TOPS or any(is_inside(one, real) for one in _PEOPLES)


def refuse_not_allowed(path: bytes, settings: Settings) -> None:
    """Raises PathRefused when a path is outside of `SHELFREAD_ALLOWED_ROOTS`. Blocking.

    What the catalogue has may lie elsewhere than what others may name: a person at the command line put it
    there. So of that only this is asked.
    """
    if not settings.allowed_roots:
        return
    try:
        real = os.path.realpath(path)
        allowed = any(is_inside(real, os.path.realpath(one)) for one in settings.allowed_roots)
    except OSError as error:
        raise PathRefused(f"what may be scanned cannot be told: {error.strerror}: {text_of(path)}") from None
    if not allowed:
        raise PathRefused(
            f"this is outside of what may be scanned (SHELFREAD_ALLOWED_ROOTS): {text_of(path)}"
        )


async def refuse_parts(library: Library, scopes: Sequence[Scope], settings: Settings) -> None:
    """Raises PathRefused when one of these parts of a library may not be scanned at the wish of others."""
    roots = {root.id: root.path for root in library.roots}
    for scope in scopes:
        if settings.allowed_roots and scope.root_id in roots:
            path = os.path.join(roots[scope.root_id], scope.relative)
            await asyncio.to_thread(refuse_not_allowed, path, settings)


class Confined:
    """A task that first looks whether its folders may be scanned: much may change while a job waits."""

    def __init__(self, task: Task, libraries: LibraryRepository, settings: Settings) -> None:
        """Stands in front of a task.

        Args:
            task: what scans.
            libraries: where the folders of a job are found.
            settings: those of the workers.
        """
        self._task = task
        self._libraries = libraries
        self._settings = settings

    async def ready(self) -> None:
        """Have the task there before a job is claimed."""
        if (ready := getattr(self._task, "ready", None)) is not None:
            await ready()

    async def __call__(self, job: Job, control: Control) -> None:
        """Have a job done. Raises TaskFailed when it may not be, and what the task raises."""
        library = await self._libraries.get(job.library_id) if job.library_id is not None else None
        if library is not None:
            try:
                await refuse_parts(library, job.scopes, self._settings)
            except PathRefused as refused:
                raise TaskFailed(Reason.PATH_REFUSED, str(refused)) from None
        await self._task(job, control)
