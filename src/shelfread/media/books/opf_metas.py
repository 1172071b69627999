"""The `meta` elements of an OPF, found by what they are about.

Part of `opf`. In EPUB 2 such an element has a name and a content; in EPUB 3 it has a property and a text,
and may refine another element by its id. It knows none of the names.
"""

from __future__ import annotations

from shelfread.media.xml import Node


class Metas:
    """The `meta` elements of a document, by what they say."""

    def __init__(self, nodes: list[Node]) -> None:
        #: EPUB 2: content by name.
        self.named: dict[str, str] = {}
        #: EPUB 3: elements by property that say something of the book itself.
        self.own: dict[str, list[Node]] = {}
        #: EPUB 3: by the id that is refined, texts by property.
        self.refined: dict[str, dict[str, list[Node]]] = {}
        for node in nodes:
            get = node.attributes.get
            wanted = get("property")
            if wanted is None:
                name, content = get("name"), get("content")
                if name and content:
                    self.named.setdefault(name.lower(), content)
            elif refines := get("refines"):
                by = self.refined.setdefault(refines.lstrip("#"), {})
                by.setdefault(wanted, []).append(node)
            else:
                self.own.setdefault(wanted, []).append(node)

    def of(self, node: Node, wanted: str) -> str | None:
        """What refines an element first: its `title-type`, its `role`."""
        found = self.refined.get(node.attributes.get("id", ""), {}).get(wanted)
        return found[0].text.strip() if found else None

    def all_of(self, node: Node, wanted: str) -> list[str]:
        """All that refines an element under one property."""
        found = self.refined.get(node.attributes.get("id", ""), {}).get(wanted, [])
        return [one.text.strip() for one in found]

    def about(self, wanted: str) -> str | None:
        """A property of the book itself."""
        found = self.own.get(wanted)
        return found[0].text.strip() if found else None
