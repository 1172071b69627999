"""Which format some first bytes are of, and which formats a suffix promises.

Stands before the readers: content decides, the name is second. Facts from each format's own magic words. It
reads no tags.
"""

from __future__ import annotations

from shelfread.media.music.formats.mpeg import frame

#: Suffix -> the containers it may hold.
FAMILIES: dict[bytes, frozenset[str]] = {
    suffix: frozenset(containers.split())
    for suffixes, containers in (
        (b".mp3 .mp2 .mp1 .mpga", "mp3"),
        (b".flac .fla", "flac"),
        (b".ogg .oga .opus .spx .ogx", "ogg"),
        (b".m4a .m4b .m4p .m4r .mp4 .alac", "mp4"),
        (b".aac", "aac mp4"),
        (b".adts .adt", "aac"),
        (b".wav .wave .bwf .rf64", "wav"),
        (b".aif .aiff .aifc", "aiff"),
        (b".wma .asf", "asf"),
        (b".ape", "ape"),
        (b".wv", "wavpack"),
        (b".mpc .mp+ .mpp", "musepack"),
        (b".dsf", "dsf"),
        (b".tta", "tta"),
        (b".ac3 .eac3", "ac3"),
        (b".dff", "dsdiff"),
        (b".mka .webm", "matroska"),
        (b".au .snd", "au"),
        (b".caf", "caf"),
        (b".mid .midi", "midi"),
        (b".ofr", "optimfrog"),
        (b".tak", "tak"),
        (b".shn", "shorten"),
        (b".amr", "amr"),
    )
    for suffix in suffixes.split()
}

_MAGIC = {
    b"fLaC": "flac", b"OggS": "ogg", b"MAC ": "ape", b"wvpk": "wavpack", b"MPCK": "musepack",
    b"DSD ": "dsf", b"TTA1": "tta", b"TTA2": "tta", b"FRM8": "dsdiff", b"\x1aE\xdf\xa3": "matroska",
    b".snd": "au", b"caff": "caf", b"MThd": "midi", b"OFR ": "optimfrog", b"tBaK": "tak", b"ajkg": "shorten",
    b"#!AM": "amr", b"0&\xb2u": "asf",
}  # fmt: skip
_FORMS = {
    b"RIFFWAVE": "wav", b"RF64WAVE": "wav", b"BW64WAVE": "wav", b"FORMAIFF": "aiff", b"FORMAIFC": "aiff",
}  # fmt: skip
#: Boxes that an MP4 file may begin with when it lacks `ftyp`.
_FIRST_BOXES = frozenset((b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"))

#: Formats that are known and not read.
UNREAD = frozenset(("dsdiff", "matroska", "au", "caf", "midi", "optimfrog", "tak", "shorten", "amr"))

_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a RIFF file without sound"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"<!DO", "a web page"),
    (b"<htm", "a web page"),
    (b"<?xm", "an XML document"),
    (b"#EXT", "a playlist"),
)


def container_of(head: bytes, at: int = 0) -> str | None:
    """The container that the bytes at `at` of `head` begin; None when they say nothing."""
    magic = head[at : at + 4]
    found = _MAGIC.get(magic)
    if found is not None:
        return found
    if head[at + 4 : at + 8] in _FIRST_BOXES:
        return "mp4"
    form = _FORMS.get(magic + head[at + 8 : at + 12])
    if form is not None:
        return form
    if magic[:3] == b"MP+":
        return "musepack"
    if magic[:2] == b"\x0bw":
        return "ac3"
    if magic[:1] == b"\xff" and len(magic) == 4:
        if magic[1] & 0xF6 == 0xF0:  # layer 0: ADTS
            return "aac" if magic[2] >> 2 & 15 < 13 else None
        if frame(int.from_bytes(magic, "big")) is not None:
            return "mp3"
    return "aac" if magic == b"ADIF" else None


def described(head: bytes) -> str:
    """What a file that is no sound is, for people."""
    for magic, words in _OTHERS:
        if head.startswith(magic):
            return words
    if not head.strip(b"\0"):
        return "nothing but zeros"
    try:
        text = head[:512].decode()
    except UnicodeDecodeError as trouble:
        # A character cut in two by the end of the sample is no sign of anything.
        text = head[: trouble.start].decode() if trouble.start > 500 else ""
    if text and all(letter.isprintable() or letter in "\r\n\t\f" for letter in text):
        return "text"
    return "not a sound file"
