"""What books say of themselves, as the files in them have it: ComicInfo.xml, MetronInfo.xml, an OPF.

`Facts` is one book's; an invented one has about 77 words in it, as many as codex's own mock comics.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from bench.corpus import invented

#: Role, the element of ComicInfo, the word of MetronInfo, and how many an invented comic has.
_ROLES = (
    ("writer", "Writer", "Writer", 2),
    ("penciller", "Penciller", "Penciller", 2),
    ("inker", "Inker", "Inker", 2),
    ("colorist", "Colorist", "Colorist", 2),
    ("letterer", "Letterer", "Letterer", 1),
    ("cover", "CoverArtist", "Cover", 2),
    ("editor", "Editor", "Editor", 2),
    ("translator", "Translator", "Translator", 1),
)
_RATINGS = ("Everyone", "Teen", "Mature 17+")


@dataclass(slots=True)
class Facts:
    """One book. What is None or empty is not said."""

    title: str | None = None
    series: str | None = None
    number: str | None = None
    count: int | None = None
    volume: int | None = None
    #: YYYY, YYYY-MM or YYYY-MM-DD.
    date: str | None = None
    publisher: str | None = None
    imprint: str | None = None
    language: str | None = None
    isbn: str | None = None
    identifier: str | None = None
    summary: str | None = None
    notes: str | None = None
    web: str | None = None
    scan: str | None = None
    comic_format: str | None = None
    age_rating: str | None = None
    manga: bool = False
    #: By role; an author is a writer.
    people: dict[str, list[str]] = field(default_factory=dict)
    genres: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    characters: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)
    arcs: list[str] = field(default_factory=list)


def comic(rng: random.Random, series: str, number: int, count: int, people: list[str]) -> Facts:
    """An invented issue with all that a well-kept comic says; credits are drawn from `people`."""
    year, month = 1990 + number // 12 % 35, number % 12 + 1
    return Facts(
        title=invented.title(rng),
        series=series,
        number=str(number),
        count=count,
        volume=1990 + len(series) % 30,
        date=f"{year}-{month:02}-{rng.randrange(1, 29):02}",
        publisher=f"{people[0].split()[-1]} Comics",
        imprint=f"{people[-1].split()[0]} House",
        language="en",
        isbn=f"{rng.randrange(10**11, 10**12)}",
        identifier=str(rng.randrange(1000, 10**6)),
        summary=" ".join(f"{invented.title(rng)} and {invented.artist(rng)}." for _ in range(6)),
        notes="Tagged by hand.",
        web=f"https://comics.example/issue/{rng.randrange(10**6)}",
        scan="(Paper-Owls)",
        comic_format="Single Issue",
        age_rating=rng.choice(_RATINGS),
        people={role: rng.sample(people, count) for role, _, _, count in _ROLES},
        genres=rng.sample(invented.GENRES, 5),
        tags=[f"{invented.title(rng)} {at}" for at in range(10)],
        characters=[f"{rng.choice(people)} the {at}th" for at in range(18)],
        teams=[f"{invented.artist(rng)} {at}" for at in range(6)],
        locations=[f"{invented.title(rng)} {at}" for at in range(6)],
        arcs=[invented.title(rng) for _ in range(2)],
    )


def comicinfo(facts: Facts, pages: int | None = None) -> bytes:
    """A ComicInfo.xml, version 2.1."""
    year, month, day = _parts(facts.date)
    elements: list[tuple[str, object]] = [
        ("Title", facts.title),
        ("Series", facts.series),
        ("Number", facts.number),
        ("Count", facts.count),
        ("Volume", facts.volume),
        ("Summary", facts.summary),
        ("Notes", facts.notes),
        ("Year", year),
        ("Month", month),
        ("Day", day),
        *((element, ", ".join(facts.people.get(role, ()))) for role, element, _, _ in _ROLES),
        ("Publisher", facts.publisher),
        ("Imprint", facts.imprint),
        ("Genre", ", ".join(facts.genres)),
        ("Tags", ", ".join(facts.tags)),
        ("Web", facts.web),
        ("PageCount", pages),
        ("LanguageISO", facts.language),
        ("Format", facts.comic_format),
        ("AgeRating", facts.age_rating),
        ("Manga", "YesAndRightToLeft" if facts.manga else None),
        ("Characters", ", ".join(facts.characters)),
        ("Teams", ", ".join(facts.teams)),
        ("Locations", ", ".join(facts.locations)),
        ("ScanInformation", facts.scan),
        ("StoryArc", ", ".join(facts.arcs)),
        ("GTIN", facts.isbn),
    ]
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<ComicInfo>"]
    lines += [f"  <{name}>{escape(str(value))}</{name}>" for name, value in elements if value]
    if pages:
        lines.append("  <Pages>")
        lines += [f'    <Page Image="{at}"{_cover(at)} />' for at in range(pages)]
        lines.append("  </Pages>")
    return "\n".join([*lines, "</ComicInfo>", ""]).encode()


def _cover(page: int) -> str:
    return ' Type="FrontCover"' if page == 0 else ""


def metroninfo(facts: Facts, pages: int | None = None) -> bytes:
    """A MetronInfo.xml, version 1.0."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<MetronInfo>"]

    def one(name: str, value: object, indent: str = "  ") -> None:
        if value:
            lines.append(f"{indent}<{name}>{escape(str(value))}</{name}>")

    def several(name: str, each: str, values: list[str]) -> None:
        if values:
            lines.append(f"  <{name}>")
            lines.extend(f"    <{each}>{escape(value)}</{each}>" for value in values)
            lines.append(f"  </{name}>")

    if facts.identifier:
        lines.append(f'  <IDS><ID source="Metron" primary="true">{facts.identifier}</ID></IDS>')
    if facts.publisher:
        lines.append("  <Publisher>")
        one("Name", facts.publisher, "    ")
        one("Imprint", facts.imprint, "    ")
        lines.append("  </Publisher>")
    lines.append(f"  <Series lang={quoteattr(facts.language or 'en')}>")
    one("Name", facts.series, "    ")
    one("Volume", facts.volume, "    ")
    one("Format", facts.comic_format, "    ")
    one("IssueCount", facts.count, "    ")
    lines.append("  </Series>")
    one("CollectionTitle", facts.title)
    one("Number", facts.number)
    several("Stories", "Story", [facts.title] if facts.title else [])
    one("Summary", facts.summary)
    one("CoverDate", facts.date if facts.date and len(facts.date) == 10 else None)
    one("Notes", facts.notes)
    one("PageCount", pages)
    several("Genres", "Genre", facts.genres)
    several("Tags", "Tag", facts.tags)
    if facts.arcs:
        lines.append("  <Arcs>")
        lines.extend(f"    <Arc><Name>{escape(arc)}</Name></Arc>" for arc in facts.arcs)
        lines.append("  </Arcs>")
    several("Characters", "Character", facts.characters)
    several("Teams", "Team", facts.teams)
    several("Locations", "Location", facts.locations)
    if facts.isbn:
        lines.append(f"  <GTIN><ISBN>{facts.isbn}</ISBN></GTIN>")
    one("AgeRating", {"Mature 17+": "Mature"}.get(facts.age_rating or "", facts.age_rating))
    if facts.web:
        lines.append(f'  <URLs><URL primary="true">{escape(facts.web)}</URL></URLs>')
    if facts.people:
        lines.append("  <Credits>")
        lines += [
            f"    <Credit><Creator>{escape(name)}</Creator><Roles><Role>{word}</Role></Roles></Credit>"
            for role, _, word, _ in _ROLES
            for name in facts.people.get(role, ())
        ]
        lines.append("  </Credits>")
    return "\n".join([*lines, "</MetronInfo>", ""]).encode()


def opf(facts: Facts, version: int, chapters: int, cover: str | None = None) -> bytes:
    """The package document of an EPUB of so many chapters; `cover` is its picture's name beside it."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}.0" unique-identifier="id">',
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">',
        f"  <dc:title>{escape(facts.title or 'Untitled')}</dc:title>",
        f'  <dc:identifier id="id">urn:uuid:{facts.identifier}</dc:identifier>',
        f"  <dc:language>{facts.language or 'en'}</dc:language>",
    ]
    for at, name in enumerate(facts.people.get("writer", ())):
        filed = quoteattr(_filed(name))
        if version == 2:
            lines.append(f'  <dc:creator opf:role="aut" opf:file-as={filed}>{escape(name)}</dc:creator>')
        else:
            lines.append(f'  <dc:creator id="c{at}">{escape(name)}</dc:creator>')
            lines.append(f'  <meta refines="#c{at}" property="role" scheme="marc:relators">aut</meta>')
            lines.append(f'  <meta refines="#c{at}" property="file-as">{escape(_filed(name))}</meta>')
    for name, value in (
        ("publisher", facts.publisher),
        ("date", facts.date),
        ("description", facts.summary),
        *(("subject", word) for word in facts.genres),
    ):
        if value:
            lines.append(f"  <dc:{name}>{escape(value)}</dc:{name}>")
    if facts.isbn:
        scheme = ' opf:scheme="ISBN"' if version == 2 else ""
        text = facts.isbn if version == 2 else f"urn:isbn:{facts.isbn}"
        lines.append(f"  <dc:identifier{scheme}>{text}</dc:identifier>")
    if facts.series and version == 2:
        # What calibre writes, and everybody reads.
        lines.append(f'  <meta name="calibre:series" content={quoteattr(facts.series)}/>')
        lines.append(f'  <meta name="calibre:series_index" content="{facts.number}"/>')
    elif facts.series:
        lines.append(f'  <meta property="belongs-to-collection" id="s">{escape(facts.series)}</meta>')
        lines.append('  <meta refines="#s" property="collection-type">series</meta>')
        lines.append(f'  <meta refines="#s" property="group-position">{facts.number}</meta>')
    if cover and version == 2:
        lines.append('  <meta name="cover" content="cover"/>')
    if version == 3:
        lines.append('  <meta property="dcterms:modified">2020-01-01T12:00:00Z</meta>')
    lines += ["</metadata>", "<manifest>"]
    if cover:
        shown = ' properties="cover-image"' if version == 3 else ""
        lines.append(f'  <item id="cover" href="{cover}" media-type="image/jpeg"{shown}/>')
    if version == 3:
        lines.append(
            '  <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        )
    else:
        lines.append('  <item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>')
    for at in range(chapters):
        lines.append(f'  <item id="t{at}" href="text{at}.xhtml" media-type="application/xhtml+xml"/>')
    toc = ' toc="ncx"' if version == 2 else ""
    lines += ["</manifest>", f"<spine{toc}>"]
    lines += [f'  <itemref idref="t{at}"/>' for at in range(chapters)]
    return "\n".join([*lines, "</spine>", "</package>", ""]).encode()


def _filed(name: str) -> str:
    """By what a person is filed: "Pratchett, Terry"."""
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first else last


def _parts(date: str | None) -> tuple[int | None, int | None, int | None]:
    found = [int(part) for part in (date or "").split("-") if part]
    return (*found, None, None, None)[:3]  # type: ignore[return-value]
