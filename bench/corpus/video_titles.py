"""Titles of films and shows that nobody made, from a seeded source; each of other letters than all others."""

from __future__ import annotations

import random
from collections.abc import Iterator


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ADJECTIVES = _words(
    "Paper Silent Golden Northern Broken Electric Hollow Velvet Distant Burning Quiet Crooked Amber Winter "
    "Wandering Painted Salt Lost Glass Crimson Restless Narrow Frozen Hidden Borrowed Gentle Iron Pale "
    "Sudden Southern Tangled Thirsty Unwritten Violet Woven Ashen Bitter Copper Drowsy Elder"
)
_NOUNS = _words(
    "Harbour Window Compass Orchard Letter Engine River Mirror Garden Staircase Lantern Meadow Ferry Weather "
    "Clock Shadow Feather Bridge Summer Island Thread Kettle Glacier Parade Tailor Cartographer Beekeeper "
    "Lighthouse Carousel Almanac Observatory Caravan Viaduct Granary Aqueduct Quarry Menagerie Sparrow"
)
_FIRST = _words("Mira Otto Ruth Ansel Ida Bruno Thea Lucan Vera Emil Noor Silas Greta Maren Zoë Jürgen Łucja")
_PLACES = _words("Solberg Vantress Okonjo Delacour Pemberly Ostrava Marchetti Kovary Belmonte Müllender")
_OTHERS = (
    "夜の図書館", "青い窓", "雨の駅", "Тихие станции", "Последний паром", "Зимний сад", "Το παλιό λιμάνι",
    "حديقة الشتاء", "גשר הזכוכית", "여름의 편지", "สายน้ำ",
    "नदी के पार", "Ağır Roman Gecesi", "Œuvre au soleil",
    "Größenwahn", "Élan d'hiver", "¿Quién mira?", "Mañana, siempre", "Þögul nótt", "Wenn's regnet …",
)  # fmt: skip


def titles(rng: random.Random) -> Iterator[str]:
    """Titles without end, no two of the same letters."""
    pairs = [(one, other) for one in _ADJECTIVES for other in _NOUNS]
    rng.shuffle(pairs)
    others = list(_OTHERS)
    for number, (adjective, noun) in enumerate(pairs):
        forms = (
            f"{adjective} {noun}",
            f"The {adjective} {noun}",
            f"{rng.choice(_FIRST)} and the {adjective} {noun}",
            f"The {adjective} {noun} of {rng.choice(_PLACES)}",
            f"{rng.choice(_FIRST)}'s {adjective} {noun}",
            f"{adjective} {noun} & Sons",
            f"{adjective} {noun}, or {rng.choice(_PLACES)}",
            f"{adjective} {noun} - {rng.choice(_FIRST)} in {rng.choice(_PLACES)}",
            f"A {adjective} {noun} in {rng.choice(_PLACES)}!",
        )
        if number % 12 == 5 and others:
            yield others.pop()
        yield forms[number % len(forms)]
