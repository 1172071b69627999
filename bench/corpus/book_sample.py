"""The sample books: what `make scan` shows beside the music of `sample`.

Small, but with what real shelves have: every container, comics with tags and without, a series whose
books came in different containers, manga, one-shots, an annual, a double page in front, EPUB 2 and 3,
facts beside the book, a PDF, several scripts, something to ignore, a file that is not what its name says,
and one that is broken. All names are invented.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.corpus import book_tags, damage, pages
from bench.corpus.book_tags import Facts
from bench.corpus.books import make_comic, make_epub, make_pdf

_ADDED = 1_577_836_800  # the start of 2020: the files look settled
_SIZE = (400, 600)
_IGNORE = """\
# What lies beside the books and is none of them. A negation brings one back.
extras/
!extras/include-me.cbz
"""
_HARBOUR = Facts(
    series="Harbour Watch",
    count=5,
    volume=2014,
    publisher="Quayside Comics",
    language="en",
    summary="Two harbour pilots, one lighthouse, and a letter that should have sunk.",
    age_rating="Teen",
    people={"writer": ["Mira Solberg"], "penciller": ["Ansel Wray"], "colorist": ["Ida Okonjo"]},
    genres=["Mystery", "Nautical"],
    characters=["Pilot Quill", "Greta Strand"],
)
_OWLS = Facts(
    series="The Paper Owls",
    volume=2,
    publisher="Gull & Sons",
    language="en",
    people={"writer": ["Otto Lindqvist", "Ruth Ellery"], "cover": ["Bruno Kovary"]},
    genres=["Adventure"],
)
_SALT = Facts(
    series="Salt Machine",
    publisher="夜行社",
    language="ja",
    manga=True,
    people={"writer": ["青木ユリ"]},
    genres=["Science Fiction"],
)
_ATLAS = Facts(
    series="The Clockmaker's Books",
    publisher="Ellery & Daughters",
    language="en",
    people={"writer": ["Ruth Ellery"]},
    genres=["Fantasy", "Clocks"],
    summary="A map of every clock in the world, and of the one that is missing.",
)


def build(dest: Path, seed: int = 1) -> int:
    """Make the library below `dest` and return how many books it has that can be read."""
    seeds = iter(range(seed * 1000, seed * 1000 + 1000))
    _comics(dest, seeds)
    _manga(dest, seeds)
    _prose(dest, seeds)
    _loose_ends(dest, seeds)
    rng = random.Random(f"book sample {seed}")
    books = 0
    for path in sorted(dest.rglob("*"), reverse=True):
        os.utime(path, (_ADDED, _ADDED + rng.randrange(10**8)))
        books += path.suffix in {".cbz", ".cbr", ".cb7", ".cbt", ".epub", ".pdf"}
    return books - 3  # one is broken, two are ignored


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _comics(dest: Path, seeds: Iterator[int]) -> None:
    folder = _folder(dest / "Comics/Harbour Watch (2014)")
    for number in range(1, 6):
        facts = replace(
            _HARBOUR,
            number=str(number),
            title=("Slack Water", "Gull Weather", "Low Lamps", "The Letter", "Leaving Ebb")[number - 1],
            date=f"2014-{number + 3:02}-07",
        )
        make_comic(
            folder / f"Harbour Watch {number:03} (of 05) (2014).cbz",
            number_of_pages=5,
            seed=next(seeds),
            size=_SIZE,
            words=["HARBOUR WATCH", f"No. {number}"],
            comicinfo=facts,
            metroninfo=facts if number == 1 else None,
        )
    make_comic(
        folder / "Harbour Watch Annual 1 (2015).cbz",
        seed=next(seeds),
        size=_SIZE,
        words=["HARBOUR WATCH", "Annual"],
        comicinfo=replace(
            _HARBOUR, number="1", title="Storm Annual", date="2015", comic_format="Annual", count=None
        ),
    )
    about = {"name": "Harbour Watch", "publisher": "Quayside Comics", "year": 2014, "total_issues": 5}
    (folder / "series.json").write_text(
        json.dumps({"metadata": {"type": "comicSeries", "status": "Ended", **about}}), encoding="utf-8"
    )
    (folder / "cover.jpg").write_bytes(pages.page("jpg", *_SIZE, next(seeds), ["HARBOUR", "WATCH"]))

    # A series whose books came in different containers over the years.
    folder = _folder(dest / "Comics/The Paper Owls v2")
    for number, fmt in enumerate(("cbr", "cbr", "cb7", "cbt"), 1):
        make_comic(
            folder / f"The Paper Owls v2 {number:02}.{fmt}",
            number_of_pages=4,
            seed=next(seeds),
            size=_SIZE,
            pictures="webp" if number == 4 else "jpg",
            words=["THE PAPER OWLS", f"No. {number}"],
            comicinfo=replace(_OWLS, number=str(number), title=f"Night {number}", date=f"{2018 + number}"),
        )
    # Nothing but names to go by.
    folder = _folder(dest / "Comics/Northern Signal")
    for name in ("Northern Signal 001 (1998) (digital)", "Northern Signal 001.5 (1998)"):
        make_comic(folder / f"{name}.cbz", seed=next(seeds), size=_SIZE, words=["NORTHERN", "SIGNAL"])
    make_comic(
        _folder(dest / "Comics/One-Shots") / "Lanterns (2020) (One-Shot).cbz",
        seed=next(seeds),
        size=(800, 600),
        pictures="png",
        words=["", "", "A double page:", "its right half", "is the cover"],
        metroninfo=Facts(series="Lanterns", title="Lanterns", number="1", date="2020-10-31", language="en"),
    )


def _manga(dest: Path, seeds: Iterator[int]) -> None:
    folder = _folder(dest / "Manga/Salt Machine")
    for number in (1, 2):
        make_comic(
            folder / f"Salt Machine v{number:02} [Paper-Owls].cbz",
            number_of_pages=6,
            seed=next(seeds),
            size=_SIZE,
            pictures="webp",
            words=["SALT MACHINE", f"Vol. {number}"],
            comicinfo=replace(_SALT, volume=number, title=f"Brine {number}"),
        )
    make_comic(folder / "Salt Machine c16-17 [Paper-Owls].cbz", seed=next(seeds), size=_SIZE)
    folder = _folder(dest / "Manga/夜の図書館")
    for number in (1, 2):
        make_comic(folder / f"夜の図書館 第{number:02}巻.cbz", seed=next(seeds), size=_SIZE)


def _prose(dest: Path, seeds: Iterator[int]) -> None:
    folder = _folder(dest / "Novels/Ruth Ellery")
    for number, title in enumerate(("The Clockmaker's Atlas", "The Clockmaker's Tide"), 1):
        seed = next(seeds)
        make_epub(
            folder / f"{title}.epub",
            replace(
                _ATLAS, title=title, number=str(number), date=f"{2011 + number}", isbn=f"978000000000{number}"
            ),
            seed=seed,
            cover=pages.page("jpg", *_SIZE, seed, title.upper().split()),
        )
    folder = _folder(dest / "Novels/Анна Верескова")
    make_epub(
        folder / "Тихие станции.epub",
        Facts(
            title="Тихие станции",
            series="Станции",
            number="1",
            date="2021",
            language="ru",
            people={"writer": ["Анна Верескова"]},
        ),
        version=2,
        seed=next(seeds),
        cover=pages.page("jpg", *_SIZE, next(seeds)),
    )
    # Facts beside the book, as calibre leaves them: they win over those in it.
    folder = _folder(dest / "Novels/Θάλεια Μαρκάκη/Το παλιό λιμάνι")
    make_epub(folder / "Το παλιό λιμάνι.epub", Facts(title="unknown"), version=2, seed=next(seeds))
    beside = Facts(title="Το παλιό λιμάνι", date="1998", language="el", people={"writer": ["Θάλεια Μαρκάκη"]})
    (folder / "metadata.opf").write_bytes(book_tags.opf(beside, 2, 0))
    make_pdf(
        _folder(dest / "Papers") / "Tide Tables 2012.pdf",
        number_of_pages=4,
        seed=next(seeds),
        size=_SIZE,
        words=["TIDE TABLES", "2012"],
        info={"Title": "Tide Tables 2012", "Author": "Quayside Office", "CreationDate": "D:20111201120000Z"},
    )


def _loose_ends(dest: Path, seeds: Iterator[int]) -> None:
    """What is no series: something ignored, something brought back, a lying name, half a download."""
    (dest / ".shelfignore").write_text(_IGNORE, encoding="utf-8")
    extras, loose = _folder(dest / "extras"), _folder(dest / "Loose Ends")
    for name in ("Scanner test.cbz", "Poster.pdf"):
        if name.endswith(".pdf"):
            make_pdf(extras / name, number_of_pages=1, seed=next(seeds))
        else:
            make_comic(extras / name, seed=next(seeds))
    make_comic(extras / "include-me.cbz", seed=next(seeds), size=_SIZE, words=["INCLUDE ME"])
    make_comic(loose / "Is a RAR.cbz", fmt="cbr", seed=next(seeds), size=_SIZE, words=["Is a RAR"])
    make_comic(loose / "Broken Download.cbz", number_of_pages=6, seed=next(seeds), size=_SIZE)
    damage.cut(loose / "Broken Download.cbz", 0.5)
    (loose / "notes.txt").write_text("Ask Otto for the missing half.\n", encoding="utf-8")
