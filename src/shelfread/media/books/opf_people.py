"""Who made a book, as an OPF says it: creators and contributors, with roles and what they are sorted by.

Part of `opf`, which gives it the elements. It knows no archive.
"""

from __future__ import annotations

from shelfread.media import values
from shelfread.media.books.opf_metas import Metas
from shelfread.media.books.roles import credit, role_of, show_writers
from shelfread.media.xml import Node
from shelfread.model.books import Book

#: "Book producer": the program that made the file.
_PROGRAM = "bkp"
#: What programs write when they know nobody.
_NOBODY = frozenset(("unknown", "unknown author", "n/a"))


def take_people(book: Book, elements: dict[str, list[Node]], metas: Metas) -> None:
    """Fill the credits; `writers` are the authors, or whoever created it where no author is named."""
    for element, otherwise in (("creator", "author"), ("contributor", "contributor")):
        for node in elements.get(element, ()):
            person = values.name(node.text)
            if person is None or (element == "creator" and person.lower() in _NOBODY):
                continue
            said = [*metas.all_of(node, "role"), *filter(None, [node.get("role")])]
            roles = [role for role in said if role.lower() != _PROGRAM]
            if said and not roles:
                continue
            sort_name = values.name(node.get("file-as") or metas.of(node, "file-as"))
            for role in dict.fromkeys(role_of(one, otherwise) for one in roles or [""]):
                credit(book, role, [person], sort_name)
    show_writers(book)
