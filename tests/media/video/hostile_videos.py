"""Videos that mean harm or are broken, made here and read by `test_hostile_videos` in a confined process."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from bench.corpus.video import Film, Picture, Sound, Text
from tests.media.video.films_on_disk import made

#: One sound film of each container.
SOUND = {
    "matroska": Film(texts=(Text("subrip"),), chapters=((0.0, "One"),)),
    "webm": Film("webm", (Picture("vp9"),), (Sound("opus"),)),
    "mp4": Film("mp4", texts=(Text("mov_text"),)),
    "mov": Film("mov"),
    "avi": Film("avi", (Picture("mpeg4"),), (Sound("mp3"),)),
    "mpegts": Film("mpegts"),
    "mpegps": Film("mpegps", (Picture("mpeg2"),), (Sound("ac3"),)),
    "flv": Film("flv"),
    "asf": Film("asf", (Picture("wmv2"),), (Sound("wma"),)),
}
#: Those that say how long they are, so that it can be told that their end is missing.
SIZED = {"matroska", "mp4", "mov"}


def box(kind: bytes, body: bytes = b"", length: int | None = None) -> bytes:
    """A box of MP4, maybe with another length than it has."""
    return struct.pack(">I", len(body) + 8 if length is None else length) + kind + body


def element(name: str, body: bytes = b"", length: int | None = None) -> bytes:
    """An element of Matroska, maybe with another length than it has; -1 for one that is not known."""
    length = len(body) if length is None else length
    return bytes.fromhex(name) + struct.pack(">Q", (length & (1 << 56) - 1) | 1 << 56) + body


FTYP = box(b"ftyp", b"isom\0\0\0\0isom")
EBML = element("1A45DFA3", element("4282", b"matroska"))


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of AVI."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def playlists(place: str, port: int) -> Iterator[tuple[str, bytes]]:
    """Files that name another file or an address, in every way there is."""
    web = f"http://127.0.0.1:{port}/x.ts"
    for what, target in (("a file", f"file://{place}"), ("a path", place), ("an address", web)):
        hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n".encode()
        yield f"HLS to {what}", hls
        yield f"HLS master to {what}", b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n" + target.encode() + b"\n"
        yield f"PLS to {what}", f"[playlist]\nFile1={target}\nNumberOfEntries=1\n".encode()
        yield f"concat to {what}", f"ffconcat version 1.0\nfile '{target}'\n".encode()
        yield f"strm to {what}", f"{target}\n".encode()
        smil = f'<?xml version="1.0"?><smil><body><video src="{target}"/></body></smil>'
        yield f"SMIL to {what}", smil.encode()
        mpd = f'<?xml version="1.0"?><MPD><Period><BaseURL>{target}</BaseURL></Period></MPD>'
        yield f"DASH to {what}", mpd.encode()
        yield f"QuickTime by reference to {what}", _by_reference(target.encode())
        yield (
            f"QuickTime alternatives to {what}",
            FTYP
            + box(
                b"moov",
                box(
                    b"rmra",
                    box(
                        b"rmda",
                        box(
                            b"rdrf",
                            b"\0\0\0\0url " + struct.pack(">I", len(target) + 1) + target.encode() + b"\0",
                        ),
                    ),
                ),
            ),
        )
        yield (
            f"AVI with a playlist to {what}",
            _avi_with(b"GAB2\0\2\0" + struct.pack("<I", 2) + b"\0\0\4\0" + struct.pack("<I", len(hls)) + hls),
        )
        yield (
            f"Matroska with a playlist to {what}",
            EBML
            + element(
                "18538067",
                element(
                    "1654AE6B",
                    element(
                        "AE",
                        element("D7", b"\1")
                        + element("83", b"\1")
                        + element("86", b"V_UNCOMPRESSED")
                        + element("63A2", hls),
                    ),
                )
                + element(
                    "1941A469",
                    element(
                        "61A7",
                        element("466E", place.encode())
                        + element("4660", b"application/x-mpegurl")
                        + element("465C", hls),
                    ),
                )
                + element("1F43B675", element("E7", b"\0") + element("A3", b"\x81\0\0\x80" + hls)),
            ),
        )


def _by_reference(target: bytes) -> bytes:
    """A QuickTime film whose pictures are in another file."""
    entry = box(b"url ", b"\0\0\0\0" + target + b"\0")
    dinf = box(b"dinf", box(b"dref", struct.pack(">II", 0, 1) + entry))
    avc1 = box(b"avc1", bytes(6) + b"\0\1" + bytes(16) + struct.pack(">HH", 64, 36) + bytes(50))
    stbl = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1) + avc1)
        + box(b"stts", struct.pack(">IIII", 0, 1, 1, 25))
        + box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1))
        + box(b"stsz", struct.pack(">IIII", 0, 0, 1, 100))
        + box(b"stco", struct.pack(">III", 0, 1, 0)),
    )
    mdhd = box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 25, 25, 0))
    hdlr = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    mdia = box(b"mdia", mdhd + hdlr + box(b"minf", box(b"vmhd", bytes(12)) + dinf + stbl))
    tkhd = box(b"tkhd", struct.pack(">IIIIII", 7, 0, 0, 1, 0, 25) + bytes(60))
    return FTYP + box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", tkhd + mdia))


def _avi_with(subtitles: bytes) -> bytes:
    """An AVI with a subtitle stream."""
    strh = (
        b"txts"
        + bytes(4)
        + bytes(16)
        + struct.pack("<II", 1, 25)
        + bytes(4)
        + struct.pack("<I", 1)
        + bytes(20)
    )
    strl = chunk(b"LIST", b"strl" + chunk(b"strh", strh) + chunk(b"strf", b""))
    avih = struct.pack("<14I", 40_000, 0, 0, 0, 1, 0, 1, 0, 64, 36, 0, 0, 0, 0)
    hdrl = chunk(b"LIST", b"hdrl" + chunk(b"avih", avih) + strl)
    return chunk(b"RIFF", b"AVI " + hdrl + chunk(b"LIST", b"movi" + chunk(b"00tx", subtitles)))


def bombs() -> Iterator[tuple[str, bytes]]:
    """Structures that make a careless reader run, hang or ask for memory."""
    huge = (1 << 63) - 1
    yield "box of length 1 without one", FTYP + box(b"moov", b"", 1)
    yield "box of length 4", FTYP + box(b"moov", b"", 4) + bytes(1000)
    yield "box of length 0", FTYP + box(b"moov", bytes(5000), 0)
    yield "box of a huge length", FTYP + struct.pack(">I4sQ", 1, b"mdat", huge) + bytes(1000)
    yield "box of a negative length", FTYP + struct.pack(">I4sQ", 1, b"moov", (1 << 64) - 16) + bytes(1000)
    yield "a million empty boxes", FTYP + box(b"free") * 1_000_000
    yield "moov of a million empty boxes", FTYP + box(b"moov", box(b"free") * 1_000_000)
    deep = b""
    for _ in range(10_000):
        deep = box(b"trak", deep)
    yield "boxes ten thousand deep", FTYP + box(b"moov", deep)
    table = struct.pack(">III", 0, 0, 0xFFFFFFFF) + bytes(400)
    many = box(b"stbl", box(b"stsz", table) + box(b"stts", table) + box(b"stco", table) + box(b"ctts", table))
    handler = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    yield (
        "tables of four thousand million",
        FTYP + box(b"moov", box(b"trak", box(b"mdia", handler + box(b"minf", many)))),
    )
    one = box(b"trak", box(b"mdia", handler))
    yield "ten thousand tracks", FTYP + box(b"moov", one * 10_000) + box(b"mdat", bytes(10))
    yield "Matroska of unknown lengths", EBML + element("18538067", element("1654AE6B", bytes(500), -1), -1)
    sought = element("4DBB", element("53AB", bytes.fromhex("114D9B74")) + element("53AC", b"\0"))
    loop = element("114D9B74", sought)
    yield "a seek head that names itself", EBML + element("18538067", loop + element("1F43B675", bytes(100)))
    away = element(
        "4DBB", element("53AB", bytes.fromhex("1254C367")) + element("53AC", b"\x7f" + b"\xff" * 7)
    )
    yield (
        "a seek head beyond the end",
        EBML + element("18538067", element("114D9B74", away * 5000), huge >> 8),
    )
    entry = element("AE", element("D7", b"\1") + element("83", b"\1") + element("86", b"V_MAGICYUV"))
    yield (
        "Matroska with ten thousand tracks",
        EBML + element("18538067", element("1654AE6B", entry * 10_000) + element("1F43B675", bytes(9))),
    )
    private = element("63A2", b"", (1 << 40))
    yield (
        "a codec private of a terabyte",
        EBML
        + element("18538067", element("1654AE6B", element("AE", entry + private, 1 << 41), 1 << 42), 1 << 43),
    )
    nested = b""
    for _ in range(3000):
        nested = element("B6", nested)
    yield (
        "chapters three thousand deep",
        EBML
        + element("18538067", element("1043A770", element("45B9", nested)) + element("1F43B675", bytes(9))),
    )
    many_chapters = element("B6", element("91", b"\1") + element("80", element("85", b"x" * 60_000))) * 100
    yield (
        "six megabytes of chapters",
        EBML
        + element(
            "18538067", element("1043A770", element("45B9", many_chapters)) + element("1F43B675", bytes(9))
        ),
    )
    title = element("1549A966", element("7BA9", b"\xff\xfe\x1e\x1f" + b"T" * 3_000_000))
    yield (
        "a title of three megabytes",
        EBML + element("18538067", title + element("1654AE6B", entry) + element("1F43B675", bytes(9))),
    )
    yield (
        "an AVI in an AVI in an AVI",
        chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"hdrl" + chunk(b"LIST", b"hdrl" * 1000) * 50)),
    )
    yield "a million packets without a table", (b"\x47\x1f\xff\x10" + bytes(184)) * 40_000
    pids = b"".join(
        struct.pack(">BHB", 0x47, 0x4000 | number % 8190, 0x10) + b"\0\0\1\xe0" + bytes(180)
        for number in range(30_000)
    )
    yield "eight thousand streams", pids
    yield "zeros behind a program stream", b"\0\0\1\xba" + bytes(3_000_000)
    yield "starts without an end", b"\0\0\1\xba" + b"\0\0\1" * 1_000_000
    yield "Ogg without an end", b"OggS" * 200_000
    yield "FLV of lies", b"FLV\1\5\0\0\0\x09\0\0\0\0" + b"\x12\xff\xff\xff" * 100_000
    yield (
        "ASF of lies",
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
        + struct.pack("<QI", huge, 0xFFFFFFFF)
        + bytes(9000),
    )
    yield "MXF of lies", bytes.fromhex("060e2b34020501010d01020101010000") + b"\x88" + b"\x7f" * 9000
    yield "RealMedia of lies", b".RMF" + b"\xff" * 9000


def broken(seed: int = 6) -> Iterator[tuple[str, bytes]]:
    """Every container cut off in many places, with bytes changed, and with its pieces in another order."""
    rng = random.Random(seed)
    for name, film in SOUND.items():
        content = made(film)
        for part in (1, 4, 9, 20, 64, 200):
            yield f"{name} of {part} bytes", content[:part]
        for eighths in range(1, 8):
            yield f"{name} cut off at {eighths} eighths", content[: len(content) * eighths // 8]
        yield f"{name} without its head", content[len(content) // 3 :]
        for number in range(14):
            torn = bytearray(content)
            for _ in range(1 + number * 3):
                torn[rng.randrange(len(torn))] = rng.randrange(256)
            yield f"{name} torn {number}", bytes(torn)
        for number in range(4):
            begin = rng.randrange(len(content) // 2)
            hole = bytearray(content)
            hole[begin : begin + len(content) // 4] = bytes(len(content) // 4)
            yield f"{name} with a hole {number}", bytes(hole)
        yield f"{name} twice", content + content


def slow() -> Iterator[tuple[str, bytes]]:
    """Sound structures with far more of everything than a film has."""
    entry = element("AE", element("D7", b"\1") + element("83", b"\1") + element("86", b"V_VP9"))
    text = element("AE", element("D7", b"\2") + element("83", b"\x11") + element("86", b"S_HDMV/PGS"))
    tracks = element("1654AE6B", entry + text)
    block = b"\xa3\x85\x81\0\0\x80\0"
    cluster = element("1F43B675", element("E7", b"\0") + block * 1_500_000)
    yield "a million blocks of one byte", EBML + element("18538067", tracks + cluster)
    tag = element(
        "7373", element("63C0", b"") + element("67C8", element("45A3", b"BPS") + element("4487", b"1"))
    )
    yield (
        "forty thousand tags",
        EBML + element("18538067", tracks + element("1254C367", tag * 40_000) + cluster[:900]),
    )
    sizes = box(b"stsz", struct.pack(">III", 0, 0, 4_000_000) + b"\0\0\1\0" * 4_000_000)
    times = box(b"stts", struct.pack(">II", 0, 500_000) + b"\0\0\0\1" * 1_000_000)
    avc1 = box(b"avc1", bytes(6) + b"\0\1" + bytes(16) + struct.pack(">HH", 64, 36) + bytes(50))
    stsd = box(b"stsd", struct.pack(">II", 0, 1) + avc1)
    handler = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    header = box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 25, 25, 0))
    media = box(b"mdia", header + handler + box(b"minf", box(b"stbl", stsd + times + sizes)))
    yield "tables of four million samples", FTYP + box(b"moov", box(b"trak", media)) + box(b"mdat", bytes(99))
    pieces = box(b"moof", box(b"mfhd", bytes(8))) + box(b"mdat", b"x")
    yield "a hundred thousand fragments", FTYP + box(b"moov", box(b"trak", media[:3000])) + pieces * 100_000
    yield (
        "a million tags of FLV",
        b"FLV\1\5\0\0\0\x09\0\0\0\0" + (b"\x09\0\0\1" + bytes(8) + b"\0\0\0\x0c") * 900_000,
    )
    page = b"OggS\0\2" + bytes(8)
    pages = b"".join(page + struct.pack("<I", number) + bytes(8) + b"\1\1\0" for number in range(40_000))
    yield "forty thousand streams of Ogg", pages
    yield (
        "a million chunks",
        chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"movi" + chunk(b"00dc", b"") * 1_000_000)),
    )
    streams = b"".join(struct.pack(">BHH", 27, 0xE000 | number, 0xF000) for number in range(32, 230))
    body = (
        b"\2\xb0"
        + bytes([len(streams) + 13 >> 8, len(streams) + 13 & 255])
        + b"\0\1\xc1\0\0\xe0\x20\xf0\0"
        + streams
    )
    tables = [b"\x47\x40\0\x10\0\0\xb0\x0d\0\1\xc1\0\0\0\1\xe0\x10" + bytes(4)]
    tables += [b"\x47\x40\x10\x10\0" + body]
    packets = b"".join(table[:188].ljust(188, b"\xff") for table in tables)
    noise = b"".join(
        struct.pack(">BHB", 0x47, 0x4020 | number % 200, 0x10)
        + b"\0\0\1\xe0\0\0\x80\0\0"
        + b"\0\0\1\x67" * 43
        + b"\0\0\0"
        for number in range(200)
    )
    yield "a recording of starts", (packets + noise) * 200
    yield "a program stream of starts", b"\0\0\1\xba" + bytes(10) + b"\0\0\1\xe0\0\x10\x80\0\0" * 1_700_000
    yield "a video of starts", (b"\0\0\1\xb3" + bytes(8) + b"\0\0\1\xb8\0\0\0\0\0\0\1\0\0\0\0\0") * 600_000
