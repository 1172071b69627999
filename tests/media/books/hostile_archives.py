"""Archives that mean harm, or were treated badly: B6 1 to 4 of the list of bad inputs, made by script.

`python -m tests.media.books.hostile_archives FOLDER` writes them all, for trying them on other programs.
Each says what a reader may make of it: the code with which it is refused, or that of reading an entry, or
the names that are listed. None takes more than a second to make.
"""

from __future__ import annotations

import functools
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from tests.media.books.archive_makers import (
    LZMA2_CODER,
    RAR4,
    RAR5,
    Block,
    Entry,
    deflated,
    lzma_packed,
    number_7,
    number_8,
    rar4_block,
    rar4_of,
    rar5_block,
    rar5_of,
    seven_of,
    seven_start,
    seven_streams,
    tar_entry,
    tar_header,
    zip64_end,
    zip_central,
    zip_end,
    zip_local,
    zip_of,
)

PAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
MIB = 1 << 20
DEFLATE_CODER = (b"\4\1\x08", b"")
LINK, DEVICE = 0o120777, 0o060644

#: Names that are text and nothing else; and how they are listed.
NAMES = {
    b"../../x.png": "../../x.png",
    b"/etc/x.png": "/etc/x.png",
    b"C:\\x.png": "C:/x.png",
    b"a\\..\\..\\x.png": "a/../../x.png",
    b"page\0.png": "page.png",
    b"": "",
    b"twice.png": "twice.png",
    b"CON": "CON",
    b"\xff\xfe.png": "\xa0\u25a0.png",
    b"line\nbreak\x1b[31m.png": "line\nbreak\x1b[31m.png",
    b"n" * 65_000: "n" * 1024,
}


@dataclass(frozen=True)
class Hostile:
    """One bad archive, and what must come of it."""

    make: Callable[[], bytes]
    #: The code with which it is refused as a whole; None: it is opened.
    refused: str | None = None
    #: Names of what is listed, where that matters.
    names: Sequence[str] | None = None
    #: The codes of its warnings.
    warnings: Sequence[str] = ()
    #: The code of reading its last entry; None: that is read.
    reading: str | None = None


def _pages(count: int = 3) -> list[Entry]:
    return [Entry(b"page %d.png" % number, PAGE + bytes([number])) for number in range(1, count + 1)]


# Zip


def _names_zip() -> bytes:
    return zip_of([*(Entry(name, PAGE) for name in NAMES), Entry(b"twice.png", PAGE[:-1])])


def _links_zip() -> bytes:
    return zip_of(
        [
            Entry(b"up", b"..", mode=LINK),
            Entry(b"up/x.png", PAGE),
            Entry(b"passwd", b"/etc/passwd", mode=LINK),
            Entry(b"disk", b"", mode=DEVICE),
        ]
    )


def _nested_zip() -> bytes:
    inner = zip_of([Entry(b"0.zip", bytes(MIB), packed=deflated(bytes(MIB)), method=8)])
    for _ in range(5):
        inner = zip_of([Entry(b"lib %x.zip" % number, inner) for number in range(4)])
    return inner


def _overlap_zip() -> bytes:
    """Every entry begins inside the one before it, whose local header quotes the next (Fifield, 2019)."""
    count, kernel = 250, deflated(bytes(21 * MIB))
    crc = zlib.crc32(bytes(21 * MIB))
    body = zip_local(Entry(b"%04d" % count, packed=kernel, size=21 * MIB, crc=crc, method=8))
    entries = [Entry(b"%04d" % count, packed=kernel, size=21 * MIB, crc=crc, method=8)]
    for number in range(count - 1, 0, -1):
        # A stored block of deflate as long as the header that follows: it is content here, a header there.
        quoted = 30 + 4
        stored = b"\0" + struct.pack("<HH", quoted, quoted ^ 0xFFFF)
        size = entries[0].said_size + quoted
        packed = entries[0].said_packed + quoted + len(stored)
        entry = Entry(b"%04d" % number, size=size, packed_size=packed, crc=1, method=8, packed=stored)
        body = zip_local(entry) + body
        entries.insert(0, entry)
    central, offset = b"", 0
    for entry in entries:
        central += zip_central(entry, offset)
        offset += 30 + 4 + 5
    return body + central + zip_end(count, len(central), len(body))


@functools.cache
def _zeros() -> bytes:
    """10 GiB of zeros in 10 MiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return once * 10_240 + deflated(b"")


def _zeros_zip() -> bytes:
    entry = Entry(b"zeros.png", packed=_zeros(), crc=0, method=8, size=0xFFFFFFFF)
    entry.extra = struct.pack("<HHQ", 1, 8, 10_240 * MIB)
    return zip_of([entry])


def _zeros_zip_that_lies() -> bytes:
    return zip_of([Entry(b"zeros.png", packed=_zeros(), crc=0, method=8, size=9 * MIB)])


def _many_zip(count: int, said: int) -> bytes:
    local = zip_local(Entry(b"e"))
    central = zip_central(Entry(b"e"), 0) * count
    end = zip_end(said, len(central), len(local))
    if said > 0xFFFF:
        end = zip64_end(said, len(central), len(local), len(local) + len(central)) + end
    return local + central + end


def _absurd_zip64() -> bytes:
    made = zip_of(_pages())
    at = made.rindex(b"PK\5\6")
    return made[:at] + zip64_end(1 << 60, 1 << 62, 1 << 61, at) + made[at:]


def _size_low_zip() -> bytes:
    content = bytes(range(256)) * 4096
    return zip_of([Entry(b"low.png", content, packed=deflated(content), method=8, size=100)])


def _size_high_zip() -> bytes:
    content = bytes(range(256)) * 40
    return zip_of([Entry(b"high.png", content, packed=deflated(content), method=8, size=9 * MIB)])


def _stored_size_zip() -> bytes:
    return zip_of([*_pages(), Entry(b"high.png", PAGE, size=9 * MIB)])


def _packed_size_zip() -> bytes:
    return zip_of([*_pages(), Entry(b"high.png", PAGE, size=9 * MIB, packed_size=9 * MIB)])


def _lzma_dictionary_zip() -> bytes:
    packed = b"\x09\x14\5\0" + b"\x5d\xff\xff\xff\xff" + b"\0" * 50
    return zip_of([Entry(b"a.png", packed=packed, size=1000, crc=1, method=14)])


def _encrypted_zip() -> bytes:
    return zip_of([Entry(b"page.png", PAGE, packed=bytes(12) + PAGE, flags=1)])


def _unknown_method_zip() -> bytes:
    return zip_of([Entry(b"page.png", PAGE, method=9)])


def _fake_ends_zip() -> bytes:
    """A comment full of end records, each of another directory."""
    return zip_of(_pages(), comment=(zip_end(9, 999, 3)[:-2] + b"\xff\xff") * 2500)


def _endless_descriptor_zip() -> bytes:
    """Torn, and what stands behind an entry looks like its end a hundred thousand times."""
    return zip_local(Entry(b"a.png", flags=8, method=8)) + (b"PK\7\x08" + b"\xff" * 12) * 500_000


def _directory_only_zip() -> bytes:
    made = zip_of(_pages())
    return made[made.index(b"PK\1\2") :]


def _torn_zip() -> bytes:
    return zip_of(_pages())[: -30 - 2 * (46 + 10) - 500]


def _honest_zip(compression: int) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for entry in _pages():
            archive.writestr(entry.name.decode(), entry.content)
    return made.getvalue()


# RAR


def _links_rar5() -> bytes:
    def to(kind: int, target: bytes) -> bytes:
        record = number_7(5) + number_7(kind) + number_7(0) + number_7(len(target)) + target
        return number_7(len(record)) + record

    return rar5_of(
        [
            Entry(b"up", extra=to(1, b"..")),
            Entry(b"up/x.png", PAGE),
            Entry(b"passwd", extra=to(4, b"/etc/passwd")),
            Entry(b"copy.png", extra=to(5, b"up/x.png")),
            Entry(b"disk", mode=DEVICE),
        ]
    )


def _many_rar5() -> bytes:
    one = rar5_of([Entry(b"e")], ended=False)
    empty = rar5_of([], ended=False)
    return empty + one[len(empty) :] * 60_000


def _many_rar4() -> bytes:
    one = rar4_of([Entry(b"e")], ended=False)
    empty = rar4_of([], ended=False)
    return empty + one[len(empty) :] * 60_000


def _lying_rar5(**said: int) -> bytes:
    return rar5_of([*_pages(), Entry(b"lies.png", PAGE, **said)])  # type: ignore[arg-type]


def _long_name_rar5() -> bytes:
    return rar5_of([Entry(b"n" * 65_535, PAGE)])


def _wrong_name_length_rar5() -> bytes:
    fields = number_7(4) + number_7(5) + number_7(0) + bytes(4) + number_7(0) + number_7(1)
    return rar5_of([], ended=False) + rar5_block(2, 0, fields + number_7(1 << 62) + b"n", content=0)


# 7z


def _absurd_seven(kind: int) -> bytes:
    header = b"\1\4\6\0" if kind == 6 else b"\1\4\7\x0b" if kind == 7 else b"\1\5"
    header += number_8(1 << 60) + b"\0" * 64
    return seven_start(b"", header) + header


def _many_seven() -> bytes:
    header = b"\1\5" + number_8(1_000_000) + bytes(1_000_000)
    return seven_start(b"", header) + header


def _endless_properties_seven() -> bytes:
    header = b"\1\2" + b"\1\0" * (4 * MIB)
    return _behind_packed_header(Block([header], [DEFLATE_CODER], deflated(header)))


def _long_names_seven() -> bytes:
    header = b"\1\5" + number_8(30_000) + b"\x11" + number_8(60 * MIB) + bytes(60 * MIB) + b"\0\0"
    return _behind_packed_header(Block([header], [DEFLATE_CODER], deflated(header)))


def _large_header_seven() -> bytes:
    block = Block([bytes(8)], [LZMA2_CODER], lzma_packed(bytes(8)), size=1 << 40)
    return _behind_packed_header(block)


def _behind_packed_header(block: Block) -> bytes:
    packed, said = seven_streams([block], split=False)
    header = b"\x17" + said
    return seven_start(packed, header) + packed + header


def _solid_seven(size: int | None = None, packed: bytes | None = None, coder: bytes = b"\x10") -> bytes:
    contents = [entry.content for entry in _pages()]
    packed = lzma_packed(b"".join(contents)) if packed is None else packed
    return seven_of(
        [Block(contents, [(b"\x21", coder)], packed, size)], [f"page {number}.png" for number in (1, 2, 3)]
    )


def _zeros_seven() -> bytes:
    zeros = bytes(11 * MIB)
    return seven_of([Block([zeros], [DEFLATE_CODER], deflated(zeros))], ["zeros.png"])


def _encrypted_seven() -> bytes:
    return seven_of([Block([PAGE], [(b"\6\xf1\7\1", b"\x13\0")])], ["page.png"])


def _turning_seven() -> bytes:
    """Coders that take from one another in a circle."""
    made = bytearray(seven_of([Block([PAGE], [(b"\0", b""), (b"\0", b"")])], ["page.png"]))
    at = bytes(made).index(b"\2\1\0\1\0\0\1\x0c")
    made[at + 6] = 0
    body, header = bytes(made[32 : 32 + len(PAGE)]), bytes(made[32 + len(PAGE) :])
    return seven_start(body, header) + body + header


# Tar


def _links_tar() -> bytes:
    made = tar_header(b"up", 0, b"2", b"..") + tar_entry(b"up/x.png", PAGE)
    made += tar_header(b"passwd", 0, b"1", b"/etc/passwd") + tar_header(b"disk", 0, b"4")
    return made + tar_header(b"pipe", 0, b"6") + bytes(1024)


def _names_tar() -> bytes:
    return b"".join(tar_entry(name[:100] or b"x", PAGE) for name in NAMES) + bytes(1024)


def _long_extension_tar() -> bytes:
    return tar_header(b"././@LongLink", 1 << 30, b"L") + bytes(8 * MIB)


def _pax_tar() -> bytes:
    records = b"30 path=" + b"x" * 9 + b"\n99999999999 size=1\n0 a=b\n"
    return tar_entry(b"pax", records, b"x") + tar_entry(b"page.png", PAGE) + bytes(1024)


def _many_tar() -> bytes:
    return tar_header(b"e", 0) * 60_000


LIMIT = "limit_exceeded"

HOSTILE: dict[str, Hostile] = {
    "names.zip": Hostile(_names_zip, names=[*NAMES.values(), "twice.png"]),
    "links.zip": Hostile(_links_zip, names=["up/x.png"], warnings=["unsupported"]),
    "nested.zip": Hostile(_nested_zip, names=[f"lib {number}.zip" for number in range(4)]),
    "quoted overlap.zip": Hostile(_overlap_zip, refused=LIMIT),
    "10 GiB of zeros.zip": Hostile(_zeros_zip, refused=LIMIT),
    "10 GiB of zeros that lie.zip": Hostile(_zeros_zip_that_lies, reading=LIMIT),
    "a million entries.zip": Hostile(lambda: _many_zip(1_000_000, 1_000_000), refused=LIMIT),
    "many entries that lie.zip": Hostile(lambda: _many_zip(60_000, 3), refused=LIMIT),
    "absurd zip64.zip": Hostile(_absurd_zip64, refused=LIMIT),
    "size too low.zip": Hostile(_size_low_zip, reading=LIMIT),
    "size too high.zip": Hostile(_size_high_zip, reading="damaged"),
    "stored size too high.zip": Hostile(_stored_size_zip, reading="damaged"),
    "packed size too high.zip": Hostile(_packed_size_zip, warnings=["truncated"], reading="truncated"),
    "dictionary of 4 GiB.zip": Hostile(_lzma_dictionary_zip, reading="damaged"),
    "encrypted.zip": Hostile(_encrypted_zip, reading="encrypted"),
    "deflate64.zip": Hostile(_unknown_method_zip, reading="unsupported"),
    "fake ends.zip": Hostile(_fake_ends_zip, warnings=["truncated"]),
    "endless ends of an entry.zip": Hostile(_endless_descriptor_zip, refused="truncated"),
    "directory only.zip": Hostile(_directory_only_zip, warnings=["truncated"], reading="truncated"),
    "torn.zip": Hostile(_torn_zip, names=["page 1.png", "page 2.png"], warnings=["truncated"]),
    "part 2.zip": Hostile(lambda: zip_of(_pages(), disk=1)[20:], refused="unsupported"),
    "part 1.zip": Hostile(lambda: b"PK\7\x08" + zip_of(_pages())[:900], refused="unsupported"),
    "wrong checksum.zip": Hostile(lambda: zip_of([Entry(b"a.png", PAGE, crc=1)]), reading="damaged"),
    "bzip2.zip": Hostile(lambda: _honest_zip(zipfile.ZIP_BZIP2), names=[f"page {n}.png" for n in (1, 2, 3)]),
    "lzma.zip": Hostile(lambda: _honest_zip(zipfile.ZIP_LZMA), names=[f"page {n}.png" for n in (1, 2, 3)]),
    "empty.zip": Hostile(lambda: zip_end(0, 0, 0), names=[]),
    "links.rar": Hostile(_links_rar5, names=["up/x.png"], warnings=["unsupported"]),
    "links 4.rar": Hostile(
        lambda: rar4_of([Entry(b"up", b"..", mode=LINK), Entry(b"up\\x.png", PAGE)]),
        names=["up/x.png"],
        warnings=["unsupported"],
    ),
    "many entries.rar": Hostile(_many_rar5, refused=LIMIT),
    "many entries 4.rar": Hostile(_many_rar4, refused=LIMIT),
    "absurd size.rar": Hostile(lambda: _lying_rar5(size=1 << 62), refused=LIMIT),
    "size too low.rar": Hostile(lambda: _lying_rar5(size=10, method=3), reading="damaged"),
    "size too high.rar": Hostile(lambda: _lying_rar5(size=5 * MIB, method=3), reading="damaged"),
    "stored size too high.rar": Hostile(lambda: _lying_rar5(size=5 * MIB), reading="damaged"),
    "packed size too high.rar": Hostile(
        lambda: _lying_rar5(packed_size=1 << 60),
        names=[f"page {n}.png" for n in (1, 2, 3)],
        warnings=["truncated"],
    ),
    "dictionary of 4 GiB.rar": Hostile(lambda: _lying_rar5(method=3, dictionary=15), reading=LIMIT),
    "dictionary of 256 MiB.rar": Hostile(lambda: _lying_rar5(method=3, dictionary=11), reading="damaged"),
    "long name.rar": Hostile(_long_name_rar5, names=["n" * 1024]),
    "wrong length of a name.rar": Hostile(_wrong_name_length_rar5, refused="damaged"),
    "part 2.rar": Hostile(
        lambda: RAR5 + rar5_block(1, 0, number_7(3) + number_7(1)),
        refused="unsupported",
    ),
    "part 2 4.rar": Hostile(
        lambda: rar4_of([Entry(b"rest.png", PAGE, flags=1)], main=0x11), refused="unsupported"
    ),
    "part 1.rar": Hostile(lambda: rar5_of(_pages(), 1, 1), refused="unsupported"),
    "encrypted headers.rar": Hostile(lambda: RAR5 + rar5_block(4, 0, bytes(20)) + PAGE, refused="encrypted"),
    "encrypted headers 4.rar": Hostile(lambda: rar4_of([], main=0x80) + PAGE, refused="encrypted"),
    "encrypted 4.rar": Hostile(lambda: rar4_of([Entry(b"a.png", PAGE, flags=4)]), reading="encrypted"),
    "torn.rar": Hostile(
        lambda: rar5_of(_pages())[:-100], names=["page 1.png", "page 2.png"], warnings=["truncated"]
    ),
    "torn 4.rar": Hostile(
        lambda: rar4_of(_pages())[:-100], names=["page 1.png", "page 2.png"], warnings=["truncated"]
    ),
    "head only.rar": Hostile(lambda: rar5_of([])[:10], refused="truncated"),
    "wrong checksum of a header.rar": Hostile(
        lambda: RAR4 + b"\0\0" + rar4_block(0x73, 0, bytes(6))[2:], refused="damaged"
    ),
    "many files.7z": Hostile(_many_seven, refused=LIMIT),
    "absurd streams.7z": Hostile(lambda: _absurd_seven(6), refused="damaged"),
    "absurd folders.7z": Hostile(lambda: _absurd_seven(7), refused="damaged"),
    "absurd files.7z": Hostile(lambda: _absurd_seven(5), refused="damaged"),
    "endless properties.7z": Hostile(_endless_properties_seven, refused="damaged"),
    "long names.7z": Hostile(_long_names_seven, refused="damaged"),
    "header of a terabyte.7z": Hostile(_large_header_seven, refused=LIMIT),
    "size too low.7z": Hostile(lambda: _solid_seven(size=100), refused="damaged"),
    "size too high.7z": Hostile(lambda: _solid_seven(size=5 * MIB), reading="damaged"),
    "zeros.7z": Hostile(_zeros_seven, refused=LIMIT),
    "dictionary of 4 GiB.7z": Hostile(lambda: _solid_seven(coder=b"\x28")),
    "garbled.7z": Hostile(lambda: _solid_seven(packed=b"\x7f" * 500), reading="damaged"),
    "encrypted.7z": Hostile(_encrypted_seven, reading="encrypted"),
    "coders in a circle.7z": Hostile(_turning_seven, reading="damaged"),
    "link.7z": Hostile(
        lambda: seven_of([Block([b"..", PAGE])], ["up", "up/x.png"], modes=[LINK, 0o100644]),
        names=["up/x.png"],
        warnings=["unsupported"],
    ),
    "torn.7z": Hostile(lambda: _solid_seven()[:-20], refused="truncated"),
    "part 2.7z": Hostile(lambda: _solid_seven()[40:], refused="wrong_format"),
    "links.tar": Hostile(_links_tar, names=["up/x.png"], warnings=["unsupported"]),
    "names.tar": Hostile(_names_tar),
    "absurd size.tar": Hostile(
        lambda: tar_entry(b"a.png", PAGE) + tar_header(b"b.png", b"\x80" + b"\x7f" * 11),
        names=["a.png"],
        warnings=["truncated"],
    ),
    "negative size.tar": Hostile(lambda: tar_header(b"b.png", b"\xff" * 12), refused="damaged"),
    "long extension.tar": Hostile(_long_extension_tar, refused=LIMIT),
    "odd pax.tar": Hostile(_pax_tar),
    "many entries.tar": Hostile(_many_tar, refused=LIMIT),
    "torn.tar": Hostile(
        lambda: (tar_entry(b"a.png", PAGE) + tar_entry(b"b.png", PAGE))[:-900],
        names=["a.png"],
        warnings=["truncated"],
    ),
    "zeros": Hostile(lambda: bytes(MIB), refused="wrong_format"),
    "packed.tar.gz": Hostile(lambda: b"\x1f\x8b\x08" + bytes(100), refused="unsupported"),
    "nothing": Hostile(lambda: b"", refused="empty_file"),
    "one byte": Hostile(lambda: b"P", refused="wrong_format"),
}


def write_all(folder: Path) -> None:
    """Write all of them into `folder`, under their names."""
    for name, hostile in HOSTILE.items():
        (folder / name).write_bytes(hostile.make())


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
