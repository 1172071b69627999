"""XML as media carry it, made into a small tree: wrong declarations are healed, none is obeyed.

Stands below the readers of XML of all kinds, over the standard library's expat. Expat is never shown a
document type: a document that has one loses it first, so no entity can be declared, none expanded and none
fetched, whatever the document says. A sound document is parsed as it is; one that is not goes through
`_healed` once (encodings, control characters, stray `&`, names of entities) and is parsed again. Names lose
their prefix and their case, since half of all files bind prefixes wrongly. It knows no vocabulary.
"""

from __future__ import annotations

import re
from html.entities import name2codepoint
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate, XMLParserType

from shelfread.media.trouble import MediaTrouble
from shelfread.model.problem import ProblemCode

#: Bytes of one document.
MOST_BYTES = 16 << 20
#: Bytes of one that must be healed: that takes many times longer.
_MOST_HEALED = 1 << 20
_MOST_DEPTH = 64
#: 50,000 entries may stand in one archive; an OPF names each twice.
_MOST_NODES = 200_000
#: Of the whole document; only counted where there is room for so many.
_MOST_ATTRIBUTES = 500_000
#: Characters of text directly in one element; more is cut.
_MOST_TEXT = 64 << 10
#: Characters that are kept of one document: what becomes of them must fit into one answer of a reader.
_MOST_KEPT = 384 << 10


class Node:
    """One element."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        #: Without its prefix, in lower case.
        self.name = name
        #: As written, prefixes too; `get` looks behind them.
        self.attributes = attributes
        self.children: list[Node] = []
        #: What stands directly in it, cut at 64 Ki characters.
        self.text = ""

    def get(self, name: str) -> str | None:
        """An attribute by its lower case name without prefix."""
        found = self.attributes.get(name)
        if found is None:
            for written, value in self.attributes.items():
                if written.rpartition(":")[2].lower() == name:
                    return value
        return found

    def first(self, name: str) -> Node | None:
        """The first child of that name."""
        for child in self.children:
            if child.name == name:
                return child
        return None

    def all(self, name: str) -> list[Node]:
        """All children of that name."""
        return [child for child in self.children if child.name == name]

    def whole_text(self) -> str:
        """Its text with that of everything in it: markup where text was meant."""
        parts = [self.text, *(child.whole_text() for child in self.children)]
        return "\n".join(part for part in parts if part and not part.isspace())


def parse(content: bytes, what: str, *, textless: frozenset[str] = frozenset()) -> Node:
    """The root element of a document.

    Args:
        content: The document as it came, in any encoding.
        what: What messages call it, "it" where the caller names it.
        textless: Names of elements in whose children no text is expected: it is passed over, quicker.

    Raises:
        MediaTrouble: LIMIT_EXCEEDED for what is too big, too deep or too much, DAMAGED for what is no XML.
    """
    if len(content) > MOST_BYTES:
        raise _too_much(what, f"{len(content):,} bytes; {MOST_BYTES:,} are read")
    if len(content) > 2 * _MOST_ATTRIBUTES and content.count(b"=") > _MOST_ATTRIBUTES:
        raise _too_much(what, f"more than {_MOST_ATTRIBUTES:,} attributes")
    start = 3 if content[:3] == b"\xef\xbb\xbf" else 0
    # Expat is told that it is UTF-8, so these bytes are what it would see as a document type.
    if content[start : start + 1] == b"<" and b"<!DOCTYPE" not in content:
        try:
            return _tree(content, what, textless)
        except ExpatError:
            pass
    if len(content) > _MOST_HEALED:
        raise _damaged(what, "it is no plain XML, and too big to be mended")
    try:
        return _tree(_healed(content), what, textless)
    except ExpatError as error:
        raise _damaged(what, f"{ErrorString(error.code)} in line {error.lineno}") from None


def parse_all(content: bytes, what: str) -> list[Node]:
    """The elements of a document that has several roots, one after the other; what is around them is none.

    Raises:
        MediaTrouble: As `parse`.
    """
    if len(content) > _MOST_HEALED:
        return [parse(content, what)]
    text = _decoded(content)
    inner = _DECLARATION.sub("", text[max(text.find("<"), 0) : text.rfind(">") + 1])
    try:
        root = parse(f"<all>{_without_doctype(inner)}</all>".encode("utf-8", "replace"), what)
    except MediaTrouble as trouble:
        if trouble.code is not ProblemCode.DAMAGED:
            raise
        # Not every piece is sound; the first may be.
        return [parse(content, what)]
    return root.children or [parse(content, what)]


def _tree(content: bytes, what: str, textless: frozenset[str]) -> Node:
    parser = ParserCreate("utf-8")
    parser.buffer_text = True
    top = Node("", {})
    stack = [top]
    names: dict[str, str] = {}
    room = _MOST_NODES
    text_room = _MOST_KEPT

    def start(written: str, attributes: dict[str, str]) -> None:
        nonlocal room
        name = names.get(written)
        if name is None:
            name = names[written] = written.rpartition(":")[2].lower()
        node = Node(name, attributes)
        stack[-1].children.append(node)
        stack.append(node)
        room -= 1
        if room < 0 or len(stack) > _MOST_DEPTH:
            deep = f"elements more than {_MOST_DEPTH} deep" if room >= 0 else f"over {_MOST_NODES:,} elements"
            raise _too_much(what, deep)
        if name in textless:
            parser.CharacterDataHandler = None

    def end(_written: str) -> None:
        if stack.pop().name in textless:
            parser.CharacterDataHandler = characters

    def characters(text: str) -> None:
        nonlocal text_room
        node = stack[-1]
        if len(node.text) < _MOST_TEXT:
            # A long text may come in one piece.
            node.text += text[:_MOST_TEXT]
            text_room -= min(len(text), _MOST_TEXT)
            if text_room < 0:
                raise _too_much(what, f"more than {_MOST_KEPT:,} characters of text")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    _fed(parser, content, stack, top)
    return top.children[0]


def _fed(parser: XMLParserType, content: bytes, stack: list[Node], top: Node) -> None:
    try:
        parser.Parse(content, True)
    except ExpatError:
        # What stands behind the last tag is the rest of a longer file that was written over.
        if len(stack) != 1 or not top.children:
            raise


def _too_much(what: str, detail: str) -> MediaTrouble:
    return MediaTrouble(ProblemCode.LIMIT_EXCEEDED, f"{what} has {detail}")


def _damaged(what: str, detail: str) -> MediaTrouble:
    return MediaTrouble(ProblemCode.DAMAGED, f"{what} cannot be read: {detail}")


# --- Healing.

#: What XML 1.0 forbids; a lone surrogate is replaced when the text is encoded.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: Every alternative ends where the text does, so that nothing is looked through twice.
_VERBATIM = r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"
_REFERENCES = re.compile(
    _VERBATIM + r"|&(?:\#x([0-9a-fA-F]{1,8})|\#([0-9]{1,8})|([A-Za-z_:][A-Za-z0-9._:-]{0,63}));|&", re.DOTALL
)
_DOCTYPE = re.compile(_VERBATIM + r"|<!DOCTYPE", re.DOTALL)
_IN_DOCTYPE = re.compile(
    r"""<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[<>\[\]]""", re.DOTALL
)
_OWN = frozenset(("amp", "lt", "gt", "quot", "apos"))

_DECLARATION = re.compile(r"<\?xml\b[^<>]{0,200}>", re.IGNORECASE)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})""")
#: Only these are believed: Python knows odder ones, some of which take very long.
_ENCODINGS = re.compile(
    r"iso-?8859-?[0-9]{1,2}|latin-?1|us-ascii|(?:windows|cp)-?125[0-8]|shift_?jis|windows-31j|cp932|euc-(?:jp|kr)|"
    r"gb2312|gbk|gb18030|big5|koi8-[ru]|macintosh",
    re.IGNORECASE,
)


def _healed(content: bytes) -> bytes:
    """The document without document type, unknown entities and forbidden characters, in UTF-8."""
    text = _decoded(content)
    text = _FORBIDDEN.sub("", text[max(text.find("<"), 0) :])
    text = _without_doctype(text)
    return _REFERENCES.sub(_reference, text).encode("utf-8", "replace")


def _decoded(content: bytes) -> str:
    """The text of a document: what its bytes are, whatever they are declared to be."""
    if content[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return content.decode("utf-32", "replace")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    head = content[:512].lstrip(b"\xef\xbb\xbf\r\n\t ")
    if head[:1] == b"<" and head[1:2] == b"\0":
        return content.decode("utf-16-le", "replace")
    if head[:1] == b"\0" and head[1:2] == b"<":
        return content.decode("utf-16-be", "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        pass
    # Text in another encoding is hardly ever valid UTF-8, so that came first.
    declared = _DECLARED.search(head)
    name = declared[1].decode() if declared is not None else ""
    if _ENCODINGS.fullmatch(name):
        try:
            return content.decode(name)
        except (UnicodeDecodeError, LookupError):
            pass
    if name.lower() in ("utf-8", "utf8", "") and _torn(content):
        return content.decode("utf-8", "replace")
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _torn(content: bytes) -> bool:
    """Whether it is UTF-8 after all, with a few broken characters: far more of it decodes than does not."""
    text = content.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(map(text.count, "\u2019\u2018\u201c\u201d\u2026\u2014éèüöäß")) > 2 * broken


def _without_doctype(text: str) -> str:
    kept, end = "", 0
    for match in _DOCTYPE.finditer(text):
        if match[0] == "<!DOCTYPE":
            kept, end = text[: match.start()], _doctype_end(text, match.end())
            break
    # A second one stands where it means nothing; expat knows the word in capitals only.
    return kept + text[end:].replace("<!DOCTYPE", "<!doctype")


def _doctype_end(text: str, start: int) -> int:
    depth = 1
    for match in _IN_DOCTYPE.finditer(text, start):
        mark = match[0]
        if mark == "<":
            depth += 1
        elif mark == ">":
            depth -= 1
            if depth == 0:
                return match.end()
    return len(text)


def _reference(match: re.Match[str]) -> str:
    """What stands for a reference: itself, the character that HTML means by the name, or nothing."""
    written = match[0]
    if written[0] == "<":
        return written
    if written == "&":
        return "&amp;"
    if match[3] is not None:
        if match[3] in _OWN:
            return written
        code = name2codepoint.get(match[3])
        return f"&#{code};" if code else ""
    code = int(match[1], 16) if match[1] else int(match[2])
    fine = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return written if fine else ""
