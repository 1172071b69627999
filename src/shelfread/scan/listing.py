"""One folder looked at: listed, stat'ed, compared with its known digest.

The innermost step of the walk. It runs in walker processes, a folder at a time: a `FolderTask` comes in,
a `FolderListing` goes out (`folder` has the words). It knows neither the catalogue nor the process it runs
in, opens no media, and follows links only when told.

A folder that cannot be listed to the end is a failed folder, never a short one: `problem` is set, and
nothing below it may be judged missing. An unchanged folder gives back counts and sub-folders only; no
`Entry` is made for it.
"""

from __future__ import annotations

import copy
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from shelfread.model.entry import Entry, fold64, stamp_of
from shelfread.model.problem import ProblemCode
from shelfread.scan import skip
from shelfread.scan.digest import (
    Facts,
    facts_getter,
    folder_digest,
    rules_salt,
    text_digest,
)
from shelfread.scan.folder import FolderListing, FolderTask, SubFolder, WalkRules, joined
from shelfread.scan.ignore import IGNORE_FILES, INCLUDED, IgnoreSource, RuleBook, RulesError, read_ignore_file

#: How a folder is opened; tests put faults here.
Scandir = Callable[[bytes], AbstractContextManager[Iterator["os.DirEntry[bytes]"]]]

#: Trouble of one file that says nothing about its neighbours. Any other fails the whole folder.
_OF_ONE_FILE = frozenset(
    getattr(errno, name)
    for name in ("EIO", "ELOOP", "EOVERFLOW", "EINVAL", "ENAMETOOLONG", "EUCLEAN", "EBADMSG")
    if hasattr(errno, name)
)

#: A folder is listed anew so often when another one takes its place meanwhile.
_LOOKS = 3


def list_folder(
    task: FolderTask, rules: WalkRules, *, book: RuleBook | None = None, scandir: Scandir = os.scandir
) -> FolderListing:
    """Look at one folder.

    Args:
        task: the folder, and what it inherits.
        rules: the rules of its root.
        book: the compiled ignore rules of this process, to be kept for the next call.
        scandir: opens a folder.

    Returns:
        The listing. Trouble with the folder or with a name in it is part of it and never raised.
    """
    book = book or RuleBook()
    try:
        for _ in range(_LOOKS):
            look = Look(task, rules, book, scandir)
            listing = look.result()
            # Where nothing changed nothing can be lost, so only the few others are asked about.
            if listing.unchanged or look.is_still_here():
                return listing
    except (RulesError, OSError) as error:
        return FolderListing(task.relative, problem=trouble_of(error))
    code = ProblemCode.FOLDER_UNREADABLE.value
    return FolderListing(task.relative, problem=(code, "another folder takes its place while it is listed"))


def trouble_of(error: RulesError | OSError) -> tuple[str, str]:
    """The code and the words for a folder that cannot be listed."""
    if isinstance(error, RulesError):
        return ProblemCode.IGNORE_FILE.value, f"an ignore file above {error}"
    return _folder_code(error).value, error.strerror or str(error)


class Look:
    """The state of one look at one folder. Raises RulesError and OSError when the folder cannot be listed."""

    def __init__(self, task: FolderTask, rules: WalkRules, book: RuleBook, scandir: Scandir) -> None:
        self.task = task
        self.rules = rules
        self.book = book
        # Not lstat for the root, which may be a link. Below it a link in the place of a folder is either
        # wanted or a race with somebody who wants us elsewhere.
        self.follow = rules.follow_symlinks or not task.relative
        self.here = os.stat(task.path, follow_symlinks=self.follow)
        if not stat.S_ISDIR(self.here.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder any more")
        with scandir(task.path) as found:
            self.found = list(found)
        self.kinds = skip.kinds_by_suffix(rules.media_suffixes, rules.sidecar_suffixes)
        self.facts = facts_getter(ignore_ctime=rules.ignore_ctime, ignore_inode=rules.ignore_inode)
        self.rows: dict[bytes, Facts] = {}
        self.media: dict[bytes, os.stat_result] = {}
        self.sidecars: dict[bytes, os.stat_result] = {}
        self.subfolders: dict[bytes, SubFolder] = {}
        self.problems: list[tuple[bytes, str, str]] = []
        self.dangling: list[bytes] = []
        self.raced = False
        self.context = task.context
        if task.excluded_by == INCLUDED:
            self._read_ignore_files()
        root = task.path[: len(task.path) - len(task.relative)]
        self.active = book.rule_set(root, rules.patterns, self.context)
        self.prefix = task.relative + b"/" if task.relative else b""

    def is_still_here(self) -> bool:
        """Whether the folder is the one that was asked for: a disk pulled meanwhile leaves an empty one."""
        now = os.stat(self.task.path, follow_symlinks=self.follow)
        return (now.st_dev, now.st_ino) == (self.here.st_dev, self.here.st_ino)

    def at(self, entry: os.DirEntry[bytes]) -> FolderListing:
        """The listing if the folder held this one name besides its rules: to tell why it is (not) taken."""
        alone = copy.copy(self)
        alone.found = [entry]
        alone.rows, alone.media, alone.sidecars, alone.subfolders = {}, {}, {}, {}
        alone.problems, alone.dangling = [], []
        return alone.result()

    def result(self) -> FolderListing:
        """Look at every name, and give the listing."""
        self._look_at_all()
        task, here = self.task, self.here
        salt = rules_salt(self.rules.salt, self.context) if self.context else self.rules.salt
        digest = folder_digest(salt, self.rows, list(self.subfolders))
        unchanged = digest == task.known_digest
        return FolderListing(
            task.relative,
            digest,
            unchanged,
            None,
            fold64(here.st_dev),
            fold64(here.st_ino),
            bool(task.relative) and fold64(here.st_dev) != task.parent_device,
            len(self.media),
            tuple(self.subfolders.values()),
            self.context,
            () if unchanged else _entries(self.media),
            () if unchanged else _entries(self.sidecars),
            tuple(sorted(self.problems)),
            tuple(sorted(self.dangling)),
            self.raced,
            () if unchanged else self._passed_over(),
        )

    def _passed_over(self) -> tuple[bytes, ...]:
        taken = self.media.keys() | self.subfolders.keys() | set(self.dangling)
        taken.update(name for name, _, _ in self.problems)
        return tuple(entry.name for entry in self.found if entry.name not in taken)

    def _look_at_all(self) -> None:
        """The loop that a scan spends its time in: calls nothing of our own for a plain file."""
        active, prefix, inherited = self.active, self.prefix, self.task.excluded_by
        kinds, facts, rows = self.kinds, self.facts, self.rows
        media, sidecars = self.media, self.sidecars
        dot, tilde, unwanted_files = skip.DOT, skip.TILDE, skip.FILES
        for entry in self.found:
            name = entry.name
            if name[0] == dot and name[:2] != b"..":
                continue
            try:
                if not entry.is_file(follow_symlinks=False):
                    self._look_at_other(entry)
                    continue
                # The same as skip.kind_of, without the call.
                stem, _, suffix = name.rpartition(b".")
                kind = kinds.get(suffix.lower(), 0) if stem else 0
                if kind < 0 or name[-1] == tilde or (kind == 0 and name.lower() in unwanted_files):
                    continue
                if active is not None and active.decide(name, prefix + name, False, inherited) != INCLUDED:
                    continue
                found = entry.stat(follow_symlinks=False)
                rows[name] = facts(found)
                if kind == 1:
                    media[name] = found
                elif kind == 2:
                    sidecars[name] = found
            except OSError as error:
                self._trouble(name, error)

    def _look_at_other(self, entry: os.DirEntry[bytes]) -> None:
        """Anything that is no plain file: a folder, a link, or what must never be opened."""
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            self._look_at_folder(name, is_link=False)
        elif entry.is_symlink():
            if self.rules.follow_symlinks:
                self._look_at_link(entry)
        elif self._is_media(name):
            self._problem(name, ProblemCode.NOT_A_FILE, "not a regular file")

    def _look_at_link(self, entry: os.DirEntry[bytes]) -> None:
        name = entry.name
        try:
            target = entry.stat()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES):
                raise
            if self._is_media(name):
                self._problem(name, ProblemCode.BROKEN_LINK, error.strerror or "leads nowhere")
            else:
                self.dangling.append(name)
            return
        if stat.S_ISDIR(target.st_mode):
            identity = (fold64(target.st_dev), fold64(target.st_ino))
            if (
                identity == (fold64(self.here.st_dev), fold64(self.here.st_ino))
                or identity in self.task.ancestors
            ):
                self._problem(name, ProblemCode.LINK_LOOP, "leads to a folder it lies in")
            else:
                self._look_at_folder(name, is_link=True)
        elif stat.S_ISREG(target.st_mode):
            kind = skip.kind_of(name, self.kinds)
            if kind == skip.UNWANTED or self._decide(name, is_folder=False) != INCLUDED:
                return
            self.rows[name] = self.facts(target)
            if kind == skip.MEDIA:
                self.media[name] = target
            elif kind == skip.SIDECAR:
                self.sidecars[name] = target
        elif self._is_media(name):
            self._problem(name, ProblemCode.NOT_A_FILE, "a link to what is not a regular file")

    def _look_at_folder(self, name: bytes, *, is_link: bool) -> None:
        if name.lower() in skip.FOLDERS:
            return
        excluded_by = self._decide(name, is_folder=True)
        # Walked only if something in it might come back: nobody wants to wait for node_modules.
        if excluded_by != INCLUDED and not self._may_bring_back(name, excluded_by):
            return
        self.subfolders[name] = SubFolder(name, is_link, excluded_by)

    def _decide(self, name: bytes, *, is_folder: bool) -> int:
        if self.active is None:
            return INCLUDED
        return self.active.decide(name, self.prefix + name, is_folder, self.task.excluded_by)

    def _may_bring_back(self, name: bytes, excluded_by: int) -> bool:
        return self.active is not None and self.active.may_bring_back(self.prefix + name, excluded_by)

    def _is_media(self, name: bytes) -> bool:
        return (
            skip.kind_of(name, self.kinds) == skip.MEDIA and self._decide(name, is_folder=False) == INCLUDED
        )

    def _trouble(self, name: bytes, error: OSError) -> None:
        """A name that could not be stat'ed: gone, or ill by itself, or a sign that the folder is ill."""
        if error.errno == errno.ENOENT:
            self.raced = True
        elif error.errno not in _OF_ONE_FILE:
            raise error
        else:
            self._problem(name, ProblemCode.IO_ERROR, error.strerror or str(error))

    def _problem(self, name: bytes, code: ProblemCode, detail: str) -> None:
        self.problems.append((name, code.value, detail))
        self.rows[name] = (code.value.encode(), detail.encode("utf-8", "replace"))

    def _read_ignore_files(self) -> None:
        present = {entry.name for entry in self.found if entry.name in IGNORE_FILES and not entry.is_dir()}
        for name in IGNORE_FILES:
            if name not in present:
                continue
            relative = joined(self.task.relative, name)
            try:
                text = read_ignore_file(joined(self.task.path, name))
                rules = self.book.compile(text)
            except RulesError as error:
                self._problem(name, ProblemCode.IGNORE_FILE, str(error))
                continue
            if rules.doubts:
                self._problem(name, ProblemCode.IGNORE_FILE, rules.doubts)
            if rules.negated:
                self.context = (*self.context, IgnoreSource(relative, text_digest(text)))


def _entries(found: dict[bytes, os.stat_result]) -> tuple[Entry, ...]:
    return tuple(Entry(name, stamp_of(found[name])) for name in sorted(found))


def _folder_code(error: OSError) -> ProblemCode:
    if error.errno in (errno.EACCES, errno.EPERM):
        return ProblemCode.PERMISSION_DENIED
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ProblemCode.VANISHED
    return ProblemCode.FOLDER_UNREADABLE
