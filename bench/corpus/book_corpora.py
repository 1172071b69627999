"""The corpora of books that the benchmark scans, made from nothing but a seed.

`comics` are comics as people keep them: a folder for each series, twenty pages each, well tagged. `tiny`
are very many of two pages and a few hundred bytes; no two of them hold the same, since a file that looks
like another one is taken for that one, moved. `epubs` are novels, `covers` comics of one large page.
"""

from __future__ import annotations

import os
import random
import struct
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from bench.corpus import book_tags, invented, pages
from bench.corpus.book_tags import Facts
from bench.corpus.books import epub
from bench.corpus.containers import zipped

#: 2015 to 2023: no file looks as if it were still being written.
_YEARS = (1_420_070_400, 1_704_067_199)
_PER_SERIES = 25
#: The pages of a series are dealt from so many times what one comic has.
_DECK = 3
_Job = TypeVar("_Job")


def comics(dest: Path, count: int, *, number_of_pages: int = 20, seed: int = 1, processes: int = 0) -> int:
    """Tagged comics (cbz) in a folder for each series; gives the size of all of them in bytes.

    Eight of ten have a ComicInfo.xml, one a MetronInfo.xml, one both. One series in five has PNG pages, one
    WEBP, the others JPEG.
    """
    series = range(-(-count // _PER_SERIES))
    jobs = [(dest, at, min(_PER_SERIES, count - at * _PER_SERIES), number_of_pages, seed) for at in series]
    return _all(_series, jobs, processes)


def _series(job: tuple[Path, int, int, int, int]) -> int:
    dest, at, count, number_of_pages, seed = job
    rng = random.Random(f"series {seed} {at}")
    name = f"{invented.title(rng)} {at:03}"
    people = sorted({invented.artist(rng) for _ in range(40)})
    fmt: pages.Format = {0: "png", 1: "webp"}.get(at % 5, "jpg")  # type: ignore[assignment]
    first = at * 100_000
    deck = [pages.page(fmt, 300, 450, first + number) for number in range(_DECK * (number_of_pages - 1))]
    folder = dest / name
    folder.mkdir(parents=True)
    written = 0
    for number in range(1, count + 1):
        facts = book_tags.comic(rng, name, number, count, people)
        lot = (at * _PER_SERIES + number) % 10
        entries: list[tuple[str, bytes]] = []
        if lot != 0:
            entries.append(("ComicInfo.xml", book_tags.comicinfo(facts, number_of_pages)))
        if lot < 2:
            entries.append(("MetronInfo.xml", book_tags.metroninfo(facts, number_of_pages)))
        # No two comics have the same first page.
        entries.append(
            (f"page 001.{fmt}", pages.page(fmt, 300, 450, first + 1000 + number, [name, f"#{number}"]))
        )
        entries += [(f"page {page:03}.{fmt}", rng.choice(deck)) for page in range(2, number_of_pages + 1)]
        written += _put(folder / f"{name} {number:03} ({facts.volume}).cbz", zipped(entries), rng)
    return written


def epubs(dest: Path, count: int, *, seed: int = 1, processes: int = 0) -> int:
    """EPUBs in a folder for each author, half of them EPUB 2; gives the size of all of them in bytes."""
    jobs = [(dest, at, min(_PER_SERIES, count - at), seed) for at in range(0, count, _PER_SERIES)]
    return _all(_shelf, jobs, processes)


def _shelf(job: tuple[Path, int, int, int]) -> int:
    dest, first, count, seed = job
    rng = random.Random(f"shelf {seed} {first}")
    author = f"{invented.artist(rng)} {first}"
    cover = pages.page("jpg", 300, 450, first)
    folder = dest / author
    folder.mkdir(parents=True)
    written = 0
    for number in range(first, first + count):
        facts = Facts(
            title=f"{invented.title(rng)} {number}",
            series=f"{invented.title(rng)} Saga" if number % 3 == 0 else None,
            number=str(number % 7 + 1),
            date=f"{rng.randrange(1950, 2024)}-{rng.randrange(1, 13):02}",
            publisher=f"{invented.artist(rng)} Press",
            language=rng.choice(("en", "de", "fr")),
            isbn=str(rng.randrange(9_780_000_000_000, 9_790_000_000_000)),
            identifier=invented.identifier(rng),
            summary=" ".join(invented.title(rng) for _ in range(30)),
            people={"writer": [author, *[invented.artist(rng)] * (number % 5 == 0)]},
            genres=rng.sample(invented.GENRES, 3),
        )
        content = epub(facts, 2 + number % 2, 12, rng, pages.marked(cover, number))
        written += _put(folder / f"{facts.title}.epub", content, rng)
    return written


def covers(dest: Path, count: int, *, seed: int = 1, processes: int = 0) -> int:
    """Comics of a single page, a JPEG of 1200 by 1800 pixels; gives the size of all of them in bytes."""
    jobs = [(dest, at, min(_PER_SERIES, count - at), seed) for at in range(0, count, _PER_SERIES)]
    return _all(_posters, jobs, processes)


def _posters(job: tuple[Path, int, int, int]) -> int:
    dest, first, count, seed = job
    rng = random.Random(f"posters {seed} {first}")
    folder = dest / f"Posters {first:05}"
    folder.mkdir(parents=True)
    written = 0
    for number in range(first, first + count):
        drawn = pages.page("jpg", 1200, 1800, seed * 1_000_000 + number, [f"Poster {number}"], grain=8)
        written += _put(folder / f"Poster {number:05}.cbz", zipped([("page 001.jpg", drawn)]), rng)
    return written


def tiny(dest: Path, count: int, *, seed: int = 1) -> int:
    """Very many comics of two tiny pages and a short ComicInfo.xml; gives the size of all in bytes."""
    rng = random.Random(f"tiny {seed}")
    first, second = (pages.page("jpg", 16, 24, at) for at in range(2))
    written = 0
    folder = ""
    for number in range(count):
        series, issue = divmod(number, _PER_SERIES)
        name = f"Series {series:05}"
        if issue == 0:
            folder = os.fspath(dest / f"{series // 100:03}" / name)
            os.makedirs(folder)
            added = rng.randrange(*_YEARS)
        tags = (
            f"<ComicInfo><Series>{name}</Series><Number>{issue + 1}</Number><Title>Part {number}</Title>"
            f"<Writer>Writer {series % 997}</Writer><Genre>Genre {series % 13}</Genre></ComicInfo>"
        ).encode()
        content = _stored(
            [("ComicInfo.xml", tags), ("1.jpg", pages.marked(first, number)), ("2.jpg", second)]
        )
        # Straight system calls: a Python file object costs more than the file does.
        target = os.open(f"{folder}/{name} {issue + 1:02}.cbz", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(target, content)
        os.utime(target, (added, added))
        os.close(target)
        written += len(content)
    return written


def _stored(entries: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip archive of stored entries, quicker than the standard library writes one."""
    content, directory = bytearray(), bytearray()
    for name, body in entries:
        raw = name.encode()
        about = struct.pack(
            "<HHHHHIIIHH", 20, 0, 0, 0x6000, 0x5021, zlib.crc32(body), len(body), len(body), len(raw), 0
        )
        directory += b"PK\1\2\x14\0" + about + struct.pack("<HHHII", 0, 0, 0, 0, len(content)) + raw
        content += b"PK\3\4" + about + raw + body
    ending = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), len(content), 0)
    return bytes(content + directory + b"PK\5\6" + ending)


def _put(path: Path, content: bytes, rng: random.Random) -> int:
    path.write_bytes(content)
    added = rng.randrange(*_YEARS)
    os.utime(path, (added, added))
    return len(content)


def _all(make: Callable[[_Job], int], jobs: Sequence[_Job], processes: int) -> int:
    """Make them all in several processes; 0 is one for each core, 1 is this one."""
    processes = processes or os.cpu_count() or 1
    if processes == 1 or len(jobs) == 1:
        return sum(map(make, jobs))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return sum(pool.map(make, jobs))
