"""What must be true of an export before a line of it is believed.

Used by `importing`, line by line. An export may come from anywhere: what it says is compared with what a
catalogue can hold, and what refers to something must come after it. Keeps ids, no line; knows no database.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import msgspec

from shelfread.app import export_lines as lines
from shelfread.app.export_lines import BadLine, Line, bytes_of, decoded
from shelfread.kinds import KINDS
from shelfread.model.job import NEEDS_LIBRARY
from shelfread.model.library import BOUNDS, LibraryOptions, Pattern, ThumbnailFormat
from shelfread.model.schedule import ScheduleProblem
from shelfread.queue.cron import checked as checked_cron
from shelfread.queue.cron import next_run
from shelfread.scan.ignore import fault_of
from shelfread.store import config
from shelfread.store.exporting import PARENTS
from shelfread.store.files import FOLDER_PATH_LIMIT
from shelfread.store.problems import PATH_LIMIT

#: Bytes that a name of a file, and the path of a root, may have.
_LONGEST_NAME, _LONGEST_PATH = 255, 4096
_LONGEST_KEY = 2500
#: A root, a folder and a name.
_LONGEST_FORMER = _LONGEST_PATH + FOLDER_PATH_LIMIT + _LONGEST_NAME + 2


class BadExport(Exception):
    """What cannot be imported; one line for people says where and why. Nothing was changed."""


@dataclass(slots=True)
class Told:
    """What an export holds."""

    #: The version of Shelfread that wrote it, and when (microseconds).
    program: str = ""
    made_at: int = 0
    libraries: int = 0
    files: int = 0
    #: Files that were missing, of all of them.
    missing: int = 0
    #: Artists, releases, series, shows and so on.
    items: int = 0
    #: The next free id of each table.
    counters: dict[str, int] = field(default_factory=dict)
    #: The options of each library.
    options: dict[int, LibraryOptions] = field(default_factory=dict)
    library_of_root: dict[int, int] = field(default_factory=dict)


class Check:
    """Takes every line of an export in turn."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._told = Told()
        self._lines = 0
        self._ended = False
        self._names: set[str] = set()
        #: Ids of files, and those that lead to one.
        self._files: set[int] = set()
        self._aliases: set[int] = set()
        self._parents: defaultdict[str, set[int]] = defaultdict(set)

    def line(self, number: int, text: bytes) -> None:
        """Look at the next line.

        Raises:
            BadLine: it cannot be; the text says why.
            BadExport: this is no export, or one of a newer version.
        """
        self._lines = number
        if self._ended:
            raise BadLine("it comes after the end")
        if number == 1:
            self._refuse_other(text)
        line = decoded(text)
        if (number == 1) != isinstance(line, lines.Head):
            raise BadLine("the head is the first line, and no other")
        self._look(line)

    def told(self) -> Told:
        """What was said, once all lines are there.

        Raises:
            BadExport: the end is not there, or something is used that was not told of.
        """
        if not self._ended:
            raise BadExport("this export is cut off: its last line is not there")
        if both := self._aliases & self._files:
            raise BadExport(f"the id {min(both)} is that of a file, and leads to another one")
        return self._told

    @staticmethod
    def _refuse_other(text: bytes) -> None:
        try:
            head = msgspec.json.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
            head = None
        if not isinstance(head, dict) or head.get("type") != "shelfread-export":
            raise BadExport("this is no export of Shelfread's: its first line does not say so")
        version = head.get("version")
        if isinstance(version, int) and version > lines.VERSION:
            raise BadExport(
                f"this export is of a newer Shelfread (version {version} of its lines, this one knows "
                f"{lines.VERSION}); install that version"
            )

    def _look(self, line: Line) -> None:
        told = self._told
        if isinstance(line, lines.File):
            self._file(line)
        elif isinstance(line, lines.Parent):
            self._parent(line)
        elif isinstance(line, lines.Shelf):
            self._library(line)
        elif isinstance(line, lines.Counter):
            told.counters[line.name] = max(told.counters.get(line.name, 1), line.next)
        elif isinstance(line, lines.Setting):
            self._setting(line)
        elif isinstance(line, lines.SetAside):
            self._set_aside(line)
        elif isinstance(line, lines.Conversion):
            if line.file is not None:
                self._known_file(line.file)
            for name in (bytes_of(line.source, line.source_b64), bytes_of(line.target, line.target_b64)):
                _refuse_name(name)
        elif isinstance(line, lines.NotSame):
            self._known_file(line.old)
            self._known_file(line.new)
        elif isinstance(line, lines.Head):
            if line.version < 1:
                raise BadLine(f"there is no version {line.version}")
            told.program, told.made_at = line.program, line.made_at
        elif line.lines == self._lines:
            self._ended = True
        else:
            raise BadLine(f"it counts {line.lines} lines, and there are {self._lines}")

    def _count(self, table: str, row_id: int) -> None:
        """No new row may get an id that one of these has."""
        counters = self._told.counters
        counters[table] = max(counters.get(table, 1), row_id + 1)

    def _file(self, line: lines.File) -> None:
        if line.root not in self._told.library_of_root:
            raise BadLine(f"no library before it has the root {line.root}")
        if line.id in self._files:
            raise BadLine(f"a line before it is of the file {line.id}, too")
        self._files.add(line.id)
        for alias in line.aliases:
            if alias in self._aliases:
                raise BadLine(f"the id {alias} leads to two files")
            self._aliases.add(alias)
            self._count("media_files", alias)
        folder, _, name = bytes_of(line.path, line.path_b64).rpartition(b"/")
        for part in (*(folder.split(b"/") if folder else ()), name):
            _refuse_name(part)
        if len(folder) > FOLDER_PATH_LIMIT:
            raise BadLine("its path is too long")
        if line.path.startswith("/"):
            raise BadLine("its path is not below a root")
        for place in line.former_places:
            before = bytes_of(place.path, place.path_b64)
            if not before.startswith(b"/") or b"\0" in before or len(before) > _LONGEST_FORMER:
                raise BadLine("a place where it was before is none that a file can have")
        self._count("media_files", line.id)
        self._told.files += 1
        self._told.missing += line.missing_at is not None

    def _set_aside(self, line: lines.SetAside) -> None:
        if line.root not in self._told.library_of_root:
            raise BadLine(f"no library before it has the root {line.root}")
        if line.file is not None:
            self._known_file(line.file)
        path = bytes_of(line.path, line.path_b64)
        if path.startswith(b"/") or b"\0" in path or len(path) > PATH_LIMIT:
            raise BadLine("its path is none below a root")
        if line.folder is not None:
            folder = bytes_of(line.folder, line.folder_b64)
            for part in folder.split(b"/") if folder else ():
                _refuse_name(part)
            if len(folder) > FOLDER_PATH_LIMIT:
                raise BadLine("the path of its folder is too long")

    def _known_file(self, file_id: int) -> None:
        if file_id not in self._files:
            raise BadLine(f"no line before it is of the file {file_id}")

    def _parent(self, line: lines.Parent) -> None:
        if line.table not in PARENTS:
            raise BadLine(f"there is no table {line.table!r}")
        if line.library not in self._told.options:
            raise BadLine(f"no line before it is of the library {line.library}")
        if line.id in self._parents[line.table]:
            raise BadLine(f"the id {line.id} of {line.table} is there twice")
        if not 0 < len(bytes_of(line.key, line.key_b64)) <= _LONGEST_KEY:
            raise BadLine("its key is empty, or too long")
        self._parents[line.table].add(line.id)
        self._count(line.table, line.id)
        self._told.items += 1

    def _library(self, line: lines.Shelf) -> None:
        told = self._told
        if line.id in told.options:
            raise BadLine(f"a line before it is of the library {line.id}, too")
        if line.name in self._names:
            raise BadLine(f"two libraries are named {line.name!r}")
        if line.kind not in KINDS:
            raise BadLine(f"there is no kind {line.kind!r}; there is {', '.join(KINDS)}")
        told.options[line.id] = _options(line.options)
        self._names.add(line.name)
        self._count("libraries", line.id)
        paths = set()
        for root in line.roots:
            path = bytes_of(root.path, root.path_b64)
            if not path.startswith(b"/") or os.path.normpath(path) != path or b"\0" in path:
                raise BadLine("the path of a root is not absolute and tidy")
            if len(path) > _LONGEST_PATH or path in paths:
                raise BadLine("the path of a root is too long, or there twice")
            if root.id in told.library_of_root:
                raise BadLine(f"the root {root.id} is there twice")
            paths.add(path)
            told.library_of_root[root.id] = line.id
            self._count("roots", root.id)
        for one in line.schedules:
            if one.job not in {str(known) for known in NEEDS_LIBRARY}:
                raise BadLine(f"there is no work of the type {one.job!r}")
            try:
                next_run(checked_cron(one.cron), one.zone, self._now)
            except ScheduleProblem as problem:
                raise BadLine(str(problem)) from None
        told.libraries += 1

    @staticmethod
    def _setting(line: lines.Setting) -> None:
        check = config.KEYS.get(line.key)
        if check is None:
            raise BadLine(f"there is no stored setting {line.key!r}")
        try:
            check(line.value)
        except ValueError as error:
            raise BadLine(f"{line.key}: {error}") from None


def _refuse_name(name: bytes) -> None:
    if name in (b"", b".", b"..") or b"/" in name or b"\0" in name or len(name) > _LONGEST_NAME:
        raise BadLine("it has a name that no file can have")


def _options(told: dict[str, Any]) -> LibraryOptions:
    try:
        options = msgspec.convert(told, LibraryOptions)
    except msgspec.ValidationError as error:
        raise BadLine(f"options: {error}") from None
    for name, (least, most) in BOUNDS.items():
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            raise BadLine(f"options: {name} is {least:g} to {most:g}")
    if options.pattern not in set(Pattern) or options.thumbnail_format not in set(ThumbnailFormat):
        raise BadLine("options: there is no such pattern, or no such format of pictures")
    if fault := fault_of(options.ignore):
        raise BadLine(f"options: {fault}")
    return options
