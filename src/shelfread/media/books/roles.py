"""Who did what for a book: the words of all vocabularies, and ours for them.

Stands beside the readers of metadata. One table for MARC codes (EPUB) and English words (comics), since
tools mix them. A role that has no word here is a contributor.
"""

from __future__ import annotations

from collections.abc import Iterable

from shelfread.media import values
from shelfread.model.books import Book, BookCredit

#: Credits of one book.
MOST_CREDITS = 300

_WORDS = {
    "author": "aut author",
    "writer": "writer script scripter story plot plotter scenarist",
    "penciller": "pnc penciller penciler pencils breakdowns layouts",
    "inker": "ink inker inks embellisher finishes finisher inkassists",
    "colorist": "clr colorist colourist colors colours colorer colourer colorseparations colorassists",
    "letterer": "ltr letterer letters",
    "cover": "cov cover covers coverartist coverdesigner coverdesign",
    "editor": (
        "edt editor edc edm consultingeditor assistanteditor associateeditor groupeditor senioreditor "
        "managingeditor collectioneditor supervisingeditor executiveeditor editorinchief"
    ),
    "translator": "trl translator translation",
    "artist": "art artist artwork drawing",
    "illustrator": "ill illustrator",
    "narrator": "nrt narrator",
}
_ROLES = {word: role for role, words in _WORDS.items() for word in words.split()}

#: In whose names a book is shown: those who wrote it.
WRITING = frozenset(("writer", "author"))


def role_of(word: str | None, otherwise: str = "contributor") -> str:
    """Our word for a role; `otherwise` where none is said."""
    if not word or len(word) > 64:
        return otherwise
    known = _ROLES.get(word)
    if known is None:
        plain = "".join(c for c in word.lower() if c.isalpha())
        if not plain:
            return otherwise
        known = _ROLES.get(plain, "contributor")
    return known


def credit(book: Book, role: str, named: Iterable[str], sort_name: str | None = None) -> None:
    """Add people in a role; nobody is twice in the same one."""
    for one in named:
        if len(book.credits) >= MOST_CREDITS:
            return
        if not any(known.role == role and known.name == one for known in book.credits):
            book.credits.append(BookCredit(role, one, sort_name))


def show_writers(book: Book) -> None:
    """Fill `writers` from the credits."""
    book.writers = values.distinct(one.name for one in book.credits if one.role in WRITING)


def turned(person: str) -> tuple[str, str | None]:
    """The name and, where it was written "Moore, Alan", what it is sorted by."""
    last, comma, first = person.partition(",")
    if not comma or "," in first or not first.strip() or values.stays_behind_comma(first):
        return person, None
    return f"{first.strip()} {last.strip()}", person
