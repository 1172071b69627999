"""The words that file names of books are full of: languages, publishers, remarks of scanners, shelves.

For `names` and its parts, which meet them in brackets and as folders. Plain tables; which word decides what
is said there. They hold what is unmistakable in brackets and leave out what is a title as well.
"""

from __future__ import annotations

import re
from typing import Final


def key_of(text: str) -> str:
    """A name with only its letters and digits, in lower case: "BOOM! Studios" is "boomstudios"."""
    return "".join(char for char in text.casefold() if char.isalnum())


_LANGUAGES = {
    "ar": "arabic ara",
    "cs": "czech cze ces",
    "da": "danish dan dansk",
    "de": "german deutsch ger deu",
    "en": "english eng engl",
    "es": "spanish español espanol spa esp castellano",
    "fi": "finnish fin suomi",
    "fr": "french français francais fre fra",
    "hu": "hungarian hun magyar",
    "id": "indonesian indonesia ind",
    "it": "italian italiano ita",
    "ja": "japanese jpn jap jp 日本語",
    "ko": "korean kor 한국어",
    "nl": "dutch nederlands nld dut",
    "no": "norwegian norsk nor",
    "pl": "polish polski pol",
    "pt": "portuguese português portugues por",
    "pt-BR": "ptbr brazilian",
    "ru": "russian русский rus",
    "sv": "swedish svenska swe",
    "th": "thai tha",
    "tr": "turkish türkçe tur",
    "uk": "ukrainian ukr",
    "vi": "vietnamese vie",
    "zh": "chinese chi zho 中文",
}
LANGUAGES: Final = {word: tag for tag, words in _LANGUAGES.items() for word in words.split()}
LANGUAGE_CODES: Final = frozenset(tag for tag in _LANGUAGES if len(tag) == 2)
#: Those that are words of titles too; they count as "[IT]" only.
LANGUAGE_WORDS: Final = frozenset(("it", "no", "id"))

#: Names of publishers; not those that are a series or a word as well (Archie, Vertical, Titan).
_PUBLISHERS = """
12-Gauge Comics|2000 AD Books|Ablaze|Abrams ComicArts|AfterShock|AfterShock Comics|AHOY Comics|Amalgam Comics
Antarctic Press|Arcana Studio|Archie Comics|Aspen Comics|AWA Studios|Avatar Press|Black Mask Studios
Bloomsbury|BOOM! Studios|Bongo Comics|Carlsen Comics|Carlsen Manga|Cinebook|ComiXology Originals|Cross Cult
Dargaud|Dark Horse|Dark Horse Books|Dark Horse Comics|Dark Horse Manga|DC|DC Comics|DC Vertigo|DC Black Label
Del Rey|Del Rey Manga|Delcourt|Denpa Books|Devil's Due|Digital Manga Publishing|Drawn & Quarterly|DSTLRY
Dupuis|Dynamite|Dynamite Entertainment|EC Comics|Egmont Manga|Fantagraphics|Fantagraphics Books|First Second
Fleetway|Gallimard|Ghost Ship|Glénat|Glenat|Gold Key|HarperCollins|Heavy Metal Publishing|Humanoids|IDW
IDW Publishing|Image|Image Comics|J-Novel Club|Kadokawa|Kaze Manga|Ki-oon|Kodansha|Kodansha Comics
Kodansha USA|Kurokawa|Le Lombard|Les Humanoïdes Associés|Lion Forge|Mad Cave|Mad Cave Studios|Marvel
Marvel Comics|Marvel UK|NBM|Norma Editorial|O'Reilly|O'Reilly Media|Oni Press|Panini Comics|Panini Manga
Penguin|Penguin Books|Pika|Pika Édition|Planeta Cómic|Random House|Rebellion|Scout Comics
Sergio Bonelli Editore
Seven Seas|Seven Seas Entertainment|Shogakukan|Shueisha|Skybound|Soleil|Square Enix|Square Enix Manga
Star Comics|SuBLime|Titan Books|Titan Comics|Tokyopop|Tor Books|Top Cow|Top Shelf|TwoMorrows|Udon|Valiant
Valiant Comics|Valiant Entertainment|Vault Comics|Vertical Comics|Vertigo|Vertigo Comics|VIZ|VIZ Media
VIZ Signature|WildStorm|Yen On|Yen Press|Zenescope
"""
#: By `key_of`.
PUBLISHERS: Final = frozenset(key_of(name) for name in _PUBLISHERS.replace("\n", "|").split("|")) - {""}

#: Folders that hold many series and are none; a lone letter or sign is one of them.
SHELF: Final = re.compile(
    r"[^\W_]|\W|0-9|_?(?:new|unsorted|incoming|downloads?|library|media|misc|other|various)"
    r"|(?:to )?read|reading|bandes? dessin[ée]es?|bd|books?|b[üu]cher|c(?:omi|ómi)cs?|e-?books?|epubs?"
    r"|fiction|graphic novels?|light novels?|magazines?|mangas?|manhwa|manhua|non-?fiction|novels?|pdfs?"
    r"|cb[zr7t]|sci-?fi|fantasy|science fiction|horror|romance|crime|thrillers?|kids|webtoons?"
    r"|calibre(?: library)?",
    re.IGNORECASE,
)

#: What somebody who scanned a comic writes, and signs behind.
_SCANNED = r"digital(?:[- ]?(?:hd|sd|rip|uhd|tpb|hc|gn))?|hybrid|c2c|ctc|web-?rip|scan(?:s|ned)?"
SCANNED: Final = re.compile(_SCANNED, re.IGNORECASE)
#: What people who make files write about the file. It says nothing of the book.
REMARK: Final = re.compile(
    rf"{_SCANNED}|scanlation|digital (?:first|only)|web|hd|hq|lq|uhd|hi-?res|f[1-9]?|fix(?:ed)?|re-?pack"
    r"|proper|retail|epub3?|pdf|cb[zrt7]|kindle|kobo|no-? ?ads|w-? ?ads|colou?r(?:ed|ized)?|full[- ]colou?r"
    r"|raw|official(?: colou?red)?|completed?|ongoing|ocr|bookmarked|optimi[sz]ed|compressed"
    r"|[0-9]{3,4}px?|[0-9]{2,3} ?dpi|v[0-9](?:\.[0-9])?|(?-i:C)[0-9]{2,3}|upscaled|z-?lib(?:rary)?(?:\.org)?",
    re.IGNORECASE,
)

#: Months as English names have them, by their first three letters.
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
MONTHS: Final = {name: number for number, name in enumerate(_MONTHS.split("|"), start=1)}

#: An unpadded number behind one of these is part of a name: "Year 1", "District 9", "World War 2".
_NOT_COUNTED = (
    "act|agent|apollo|area|charles|day|days|district|earth|edward|elizabeth|formula|henry|highway|interstate"
    "|level|louis|night|part|part.|parts|phase|pier|planet|platform|pt|pt.|richard|route|season|section|sector"
    "|stage|step|studio|top|unit|war|year|zone"
)
NOT_COUNTED: Final = frozenset(_NOT_COUNTED.split("|"))
#: Names that end in a number, in lower case; of longer ones the last two words.
_NUMBERED = (
    "agent 007|area 88|babylon 5|bond 007|catch 22|cell 211|cyborg 009|fahrenheit 451|fantastic 4|gate 7"
    "|gen 13|hero 6|magnificent 7|ocean's 11|ocean's 12|ocean's 13|psycho 100|ranma ½|room 1408|runner 2049"
    "|shell 1.5|shell 2|slaughterhouse 5|station 11|theater 3000|warehouse 13|winchester 73|zombie 100"
)
NUMBERED_NAMES: Final = frozenset(_NUMBERED.split("|"))
