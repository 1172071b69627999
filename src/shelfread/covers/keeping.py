"""Where small pictures are kept: files in the data folder, named by what is in them.

A name is the SHA-256 of the content, so a file is written once, never changes, and two items with the same
cover share it. It appears whole or not at all, whatever kills the writer. Who refers to which is in the
catalogue; a lock between those who write and those who clear away keeps a file that is about to be referred
to. Knows no catalogue and no picture.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import time
from collections.abc import Collection, Iterator
from pathlib import Path

#: By type.
SUFFIXES = {"image/webp": ".webp", "image/jpeg": ".jpg", "image/png": ".png", "image/avif": ".avif"}
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: A file that a killed writer left half done is cleared away when it is as old as this, in seconds.
LEFT_OVER_S = 3600.0
_DRAFT = ".draft-"


class Shelf:
    """The folder of small pictures. Everything here blocks for as long as a disk may."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, digest: str, mime: str) -> bool:
        """Whether the picture is there."""
        return self._path(digest, mime).is_file()

    def keep(self, content: bytes, mime: str) -> str:
        """Write a picture and give its digest. To be done, and its row committed, while `writing`.

        Raises:
            OSError: there is no room, or it cannot be written.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest, mime)
        if path.is_file():
            return digest
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{_DRAFT}{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return digest

    def settle(self, digests: Collection[str]) -> None:
        """Make the names of pictures that were written last beyond a power cut."""
        for name in {digest[:2] for digest in digests}:
            descriptor = os.open(self.folder / name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def open(self, digest: str, mime: str) -> int | None:
        """A descriptor of the picture, for whoever closes it; None when it is not there."""
        if not _DIGEST.fullmatch(digest) or mime not in SUFFIXES:
            return None
        try:
            return os.open(self._path(digest, mime), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None

    def drop(self, digests: Collection[str]) -> int:
        """Remove pictures that nothing refers to, while `clearing`; gives how many files went."""
        gone = 0
        for digest in digests:
            for suffix in SUFFIXES.values():
                with contextlib.suppress(OSError):
                    (self.folder / digest[:2] / f"{digest}{suffix}").unlink()
                    gone += 1
        return gone

    def parts(self) -> list[str]:
        """The names of the sub-folders, for `digests_in`."""
        try:
            return sorted(entry.name for entry in os.scandir(self.folder) if len(entry.name) == 2)
        except OSError:
            return []

    def digests_in(self, part: str) -> list[str]:
        """The digests of the pictures in one sub-folder. What dead writers left there goes."""
        found = []
        with contextlib.suppress(OSError), os.scandir(self.folder / part) as entries:
            for entry in entries:
                stem, dot, _ = entry.name.partition(".")
                if dot and _DIGEST.fullmatch(stem):
                    found.append(stem)
                elif entry.name.startswith(_DRAFT):
                    with contextlib.suppress(OSError):
                        if time.time() - entry.stat(follow_symlinks=False).st_mtime > LEFT_OVER_S:
                            os.unlink(entry.path)
        return found

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """From before a picture is written until its row is committed: nobody clears away meanwhile."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextlib.contextmanager
    def clearing(self) -> Iterator[None]:
        """From before it is asked who refers to pictures until those are gone: nobody writes meanwhile."""
        with self._locked(fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _path(self, digest: str, mime: str) -> Path:
        return self.folder / digest[:2] / f"{digest}{SUFFIXES[mime]}"
