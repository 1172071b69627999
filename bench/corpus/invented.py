"""Invents names of artists, albums and tracks, and the identifiers that go with them, from a seeded source.

Mostly Latin, some in other scripts, because real libraries are like that. Any likeness is chance.
"""

from __future__ import annotations

import random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


_FIRST = _words(
    "Mira Otto Ruth Ansel Ida Bruno Thea Lucan Vera Emil Noor Silas Greta Ivo Maren Cosmo Petra Ludo Alba "
    "Joren Zoë Søren Inés Jürgen Renée Łucja Çelik Ágnes"
)
_LAST = _words(
    "Solberg Lindqvist Ellery Vantress Okonjo Harrow Delacour Pemberly Castellan Wray Ostrava Quill "
    "Marchetti Thornfield Abernath Kovary Belmonte Strand Gårdsjö Müllender Peñarrubia Dvořiček"
)
_BAND = _words(
    "Lanterns Foxes Engines Rivers Satellites Gardens Machines Harbours Cousins Owls Signals Orchards"
)
_ADJECTIVES = _words(
    "Paper Silent Golden Northern Broken Electric Hollow Velvet Distant Burning Quiet Crooked Amber "
    "Winter Wandering Painted Salt Second Lost Glass"
)
_NOUNS = _words(
    "Harbour Window Station Compass Orchard Letter Engine River Mirror Signal Garden Staircase Lantern "
    "Meadow Ferry Weather Clock Shadow Atlas Feather Bridge Summer Island Thread"
)
_OTHER_ARTISTS = _names(
    "青木ユリ, 夜行列車, Анна Верескова, Северный вокзал, Θάλεια Μαρκάκη, ليلى منصور, יעל שחר, 한여름밤, "
    "อรุณ สายลม, मीरा वर्मा"
)
_OTHER_TITLES = _names(
    "夜の図書館, 青い窓, 雨の駅, Тихие станции, Последний паром, Зимний сад, Το παλιό λιμάνι, "
    "حديقة الشتاء, גשר הזכוכית, 여름의 편지, สายน้ำ, नदी के पार"
)
GENRES = (*_words("Rock Electronic Jazz Folk Ambient Classical Pop Metal Soul Blues Dub"), "Hip Hop")


def artist(rng: random.Random) -> str:
    """A person or a band; one in twelve in another script."""
    lot = rng.random()
    if lot < 0.08:
        return (
            f"{rng.choice(_OTHER_ARTISTS)} {rng.choice('ⅠⅡⅢⅣⅤ')}"
            if lot < 0.03
            else rng.choice(_OTHER_ARTISTS)
        )
    if lot < 0.45:
        return f"The {rng.choice(_ADJECTIVES)} {rng.choice(_BAND)}"
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def title(rng: random.Random) -> str:
    """A title of an album or a track, fit to be a file name."""
    lot = rng.random()
    if lot < 0.06:
        return rng.choice(_OTHER_TITLES)
    if lot < 0.5:
        return f"{rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)}"
    if lot < 0.8:
        return f"The {rng.choice(_NOUNS)} and the {rng.choice(_NOUNS)}"
    return f"{rng.choice(_NOUNS)} for {rng.choice(_FIRST)}, Pt. {rng.randrange(1, 9)}"


def identifier(rng: random.Random) -> str:
    """A random UUID, version 4, as MusicBrainz uses them."""
    digits = f"{rng.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
