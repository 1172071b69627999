"""XML that means harm or is written wrongly, for every vocabulary: made here, read by the tests beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

#: Stands in a file that no reader may open: if it shows up, something was fetched.
SECRET = "seven owls under the stairs"

_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
#: Would be 10^11 characters.
BILLION_LAUGHS = f'<!DOCTYPE {{root}} [<!ENTITY l0 "lol">{_LAUGHS}]>'


def doctypes(folder: Path) -> Iterator[tuple[str, str, str]]:
    """What it is, a document type (with `{root}` for the name), and a reference that makes use of it."""
    secret = folder / "secret.txt"
    secret.write_text(SECRET)
    remote = folder / "remote.dtd"
    remote.write_text(f'<!ENTITY far "{SECRET}">')
    yield "billion laughs", BILLION_LAUGHS, "&l11;"
    yield "quadratic blow-up", f'<!DOCTYPE {{root}} [<!ENTITY q "{"q" * 100_000}">]>', "&q;" * 1000
    yield "a file as entity", f'<!DOCTYPE {{root}} [<!ENTITY x SYSTEM "file://{secret}">]>', "&x;"
    yield "a plain path as entity", f'<!DOCTYPE {{root}} [<!ENTITY x SYSTEM "{secret}">]>', "&x;"
    yield "a remote document type", f'<!DOCTYPE {{root}} SYSTEM "file://{remote}">', "&far;"
    yield "an address", '<!DOCTYPE {root} SYSTEM "http://127.0.0.1:9/remote.dtd">', "&far;"
    yield "a public one", '<!DOCTYPE {root} PUBLIC "-//X//Y" "http://127.0.0.1:9/x.dtd">', ""
    yield (
        "parameter entities",
        f'<!DOCTYPE {{root}} [<!ENTITY % p SYSTEM "file://{remote}"> %p; '
        "<!ENTITY % w \"<!ENTITY far 'x'>\"> %w;]>",
        "&far;",
    )
    yield (
        "brackets in quotes",
        "<!DOCTYPE {root} [<!ENTITY a \"]>\"><!ENTITY b ']]>'><!-- ]> ' -->]>",
        "&a;&b;",
    )
    yield "attributes by default", '<!DOCTYPE {root} [<!ATTLIST {root} evil CDATA "owls">]>', ""
    yield "one in another", "<!DOCTYPE {root} [<!DOCTYPE x [<!ENTITY e 'e'>]>]>", "&e;"


def document(root: str, inner: str, doctype: str = "") -> bytes:
    """A document, with its document type where that belongs."""
    head = doctype.replace("{root}", root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}\n<{root}>{inner}</{root}>'.encode()


def wrongly_declared(root: str, inner: str) -> Iterator[tuple[str, bytes]]:
    """The same document, in ways that tools have written it; `inner` holds text that Windows-1252 can."""
    plain = f"<{root}>{inner}</{root}>"

    def declared(encoding: str) -> str:
        return f'<?xml version="1.0" encoding="{encoding}"?>\n{plain}'

    yield "UTF-8", declared("utf-8").encode()
    yield "UTF-8 with its mark", b"\xef\xbb\xbf" + declared("utf-8").encode()
    yield "UTF-8 with two marks", b"\xef\xbb\xbf\xef\xbb\xbf" + declared("utf-8").encode()
    yield "UTF-8 without a declaration", plain.encode()
    yield "UTF-8 that says UTF-16", declared("utf-16").encode()
    yield "UTF-8 that says Latin-1", declared("iso-8859-1").encode()
    yield "UTF-8 in an encoding that does not exist", declared("owl-8").encode()
    yield "UTF-8 that says zlib", declared("zlib").encode()
    yield "Latin-1 that says UTF-8", declared("utf-8").encode("latin-1")
    yield "Latin-1", declared("ISO-8859-1").encode("latin-1")
    yield "Windows-1252", declared("windows-1252").encode("cp1252")
    for mark, codec in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        yield f"{codec} with its mark", mark + declared("utf-16").encode(codec)
        yield f"{codec} without a mark", declared("utf-16").encode(codec)
        yield f"{codec} that says UTF-8", mark + declared("utf-8").encode(codec)
    yield "UTF-32", declared("utf-32").encode("utf-32")
    yield "blank lines first", b"\n\r\n  \t" + declared("utf-8").encode()
    yield "words first", b"\0\x07Scanned with love\n" + declared("utf-8").encode()
    yield "the rest of a longer file behind it", declared("utf-8").encode() + b"nfo>\n</Broken>\0\0\0"
