"""`shelfread inspect`: what the scanner reads in files or in bare names. Touches no database.

Files are read by the same parser processes as in a scan, with the same limits: a file that hangs, crashes or
eats memory costs that one file. Results come in the order of the arguments, as soon as they are there.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import msgspec

from shelfread.cli.as_is import kinds, reader_of
from shelfread.cli.outcome import FINE, WITH_PROBLEMS, Refused
from shelfread.cli.running import Interrupts, run
from shelfread.cli.show import print_block
from shelfread.cli.texts import path_fields, write_json
from shelfread.media.contents import kind_by_content
from shelfread.scan.extract import FileReading, FileRef, ParserPool
from shelfread.settings import Settings, read_settings

#: Files in one request to a parser.
CHUNK = 16
#: No name of a line is longer; what is, is no list of names.
NAME_LIMIT = 1 << 16
#: What the catalogue needs and nobody reads.
_INTERNAL = {"genre_keys", "key", "belonging"}


def inspect_files(files: Sequence[bytes], kind: str | None, as_json: bool) -> int:
    """Read files and print what they say; gives the exit code."""
    settings = read_settings()

    async def work(_: Interrupts) -> int:
        code = FINE
        async for path, own_kind, reading in _readings(files, kind, settings):
            fields = fields_of(path, own_kind, reading)
            if fields["outcome"] != "ok":
                code = WITH_PROBLEMS
            if as_json:
                write_json(fields)
            else:
                print_block(fields)
        return code

    return run(work)


def inspect_names(kind: str | None, null: bool, as_json: bool) -> int:
    """Print what names on standard input say; gives the exit code."""
    try:
        for name in _names(b"\0" if null else b"\n"):
            own_kind = kind or kind_of(name)
            facts = reader_of(own_kind).from_name(name.removeprefix(b"./"))
            fields = {**path_fields(name), "kind": own_kind, "outcome": "ok", **_known(facts)}
            if as_json:
                write_json(fields)
            else:
                print_block(fields)
    except KeyboardInterrupt:
        return 130
    return FINE


def kind_of(path: bytes) -> str:
    """The kind whose files have names like this; the first kind when none has.

    `.mp4` is music as well; without the file it is taken for the video that it mostly is.
    """
    return (_kinds_by_suffix(path) or kinds())[0]


def kind_of_file(path: bytes) -> str:
    """The kind of a file by its name, or by its first bytes when no kind has such names, or several have."""
    by_suffix = _kinds_by_suffix(path)
    if len(by_suffix) == 1:
        return by_suffix[0]
    by_content = kind_by_content(path)
    if by_suffix:
        return by_content if by_content in by_suffix else by_suffix[-1]
    return by_content or kinds()[0]


def _kinds_by_suffix(path: bytes) -> list[str]:
    """The kinds that have such names, the likeliest first; else the one whose sidecars alone have them."""
    suffix = os.path.splitext(path)[1].lower()
    own = [name for name in reversed(kinds()) if suffix in reader_of(name).suffixes]
    beside = [name for name in kinds() if suffix in reader_of(name).sidecar_suffixes]
    return own or (beside if len(beside) == 1 else [])


def processors_here() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fields_of(path: bytes, kind: str, reading: FileReading) -> dict[str, Any]:
    """The object of `inspect --json` for one file (DESIGN section 5)."""
    fields: dict[str, Any] = {
        **path_fields(path),
        "kind": kind,
        "outcome": "ok" if reading.code is None else "error",
        "code": reading.code.value if reading.code is not None else None,
        "detail": reading.detail,
    }
    item = msgspec.msgpack.decode(reading.item)
    return {**fields, **_known(item)} if isinstance(item, dict) else fields


async def _readings(
    files: Sequence[bytes], kind: str | None, settings: Settings
) -> AsyncIterator[tuple[bytes, str, FileReading]]:
    """Every file with its reading, in order. A pool per kind, and only so many processes as pay."""
    own_kinds = [kind or kind_of_file(file) for file in files]
    groups = Counter(own_kinds)
    processors = settings.parsers or processors_here()
    pools = {
        name: ParserPool(
            f"shelfread.cli.as_is:{name}",
            max(1, min(processors, count // CHUNK)),
            settings.parser_timeout_seconds,
            settings.parser_memory_mb << 20,
        )
        for name, count in groups.items()
    }
    waiting: deque[tuple[list[bytes], str, asyncio.Task[list[FileReading]]]] = deque()
    try:
        for pool in pools.values():
            await pool.start()
        for chunk, own in _chunks(files, own_kinds):
            refs = [_ref(file) for file in chunk]
            waiting.append((chunk, own, asyncio.create_task(pools[own].read(refs))))
            if len(waiting) > 2 * sum(pool.workers for pool in pools.values()):
                done, name, task = waiting.popleft()
                for file, reading in zip(done, await task, strict=True):
                    yield file, name, reading
        while waiting:
            done, name, task = waiting.popleft()
            for file, reading in zip(done, await task, strict=True):
                yield file, name, reading
    finally:
        for *_, task in waiting:
            task.cancel()
        for pool in pools.values():
            await pool.close()


def _ref(file: bytes) -> FileRef:
    path = os.path.abspath(file)
    return FileRef(path, path.lstrip(b"/"))


def _chunks(files: Sequence[bytes], own_kinds: Sequence[str]) -> Iterator[tuple[list[bytes], str]]:
    """Neighbours of one kind together."""
    chunk: list[bytes] = []
    current = ""
    for file, own in zip(files, own_kinds, strict=True):
        if chunk and (own != current or len(chunk) == CHUNK):
            yield chunk, current
            chunk = []
        current = own
        chunk.append(file)
    if chunk:
        yield chunk, current


def _names(separator: bytes) -> Iterator[bytes]:
    """Names on standard input, as they come."""
    source = sys.stdin.buffer
    rest = b""
    while read := os.read(source.fileno(), 1 << 16):
        *whole, rest = (rest + read).split(separator)
        yield from (name for name in whole if name)
        if len(rest) > NAME_LIMIT:
            raise Refused(f"standard input has a name of more than {NAME_LIMIT} bytes")
    if rest:
        yield rest


def _known(item: dict[str, Any]) -> dict[str, Any]:
    """The fields that say something, without what only the catalogue needs."""
    return {
        key: [_known(part) if isinstance(part, dict) else part for part in value]
        if isinstance(value, list)
        else _known(value)
        if isinstance(value, dict)
        else value
        for key, value in item.items()
        if value is not None and value not in ([], {}) and key not in _INTERNAL
    }
