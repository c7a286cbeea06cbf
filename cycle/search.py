"""Finds words in a text as people look for them: any case, in any order, all of them; and shows where."""

import unicodedata
from dataclasses import dataclass, field

AROUND = 70
"""Letters shown before and after what was found."""

LEAST = 2
"""Letters of a word that is worth looking for."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where a word stands in a text; an ellipsis where the text goes on."""

    before: str = field(repr=False)
    found: str = field(repr=False)
    after: str = field(repr=False)


def wanted_words(query: str) -> tuple[str, ...]:
    """What to look for, in the order typed; single letters are left out."""
    words = dict.fromkeys(_folded(word)[0] for word in unicodedata.normalize("NFC", query).split())
    return tuple(word for word in words if len(word) >= LEAST)


def find(text: str, words: tuple[str, ...]) -> Excerpt | None:
    """The first of `words` with what stands around it, if all of them stand somewhere in `text`."""
    if not words:
        return None
    flat = " ".join(unicodedata.normalize("NFC", text).split())
    folded, places = _folded(flat)
    if not all(word in folded for word in words):
        return None
    at = folded.index(words[0])
    start, end = places[at], places[at + len(words[0]) - 1] + 1
    first, last = _word_start(flat, start - AROUND), _word_end(flat, end + AROUND)
    return Excerpt(
        before=("…" if first else "") + flat[first:start],
        found=flat[start:end],
        after=flat[end:last] + ("…" if last < len(flat) else ""),
    )


def _folded(text: str) -> tuple[str, list[int]]:
    """`text` without its case, and for each letter of that the place it comes from: "ß" becomes two."""
    folded, places = [], []
    for place, letter in enumerate(text):
        for each in letter.casefold():
            folded.append(each)
            places.append(place)
    return "".join(folded), places


def _word_start(text: str, place: int) -> int:
    if place <= 0:
        return 0
    gap = text.find(" ", place, place + AROUND // 2)
    return gap + 1 if gap >= 0 else place


def _word_end(text: str, place: int) -> int:
    if place >= len(text):
        return len(text)
    gap = text.rfind(" ", place - AROUND // 2, place)
    return gap if gap >= 0 else place
