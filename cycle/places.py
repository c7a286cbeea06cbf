"""Where somebody works, read off what a directory says: which public holidays are theirs."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Parts = Callable[[str], Mapping[str, str]]
"""A country's code -> what each of its parts is called, in lower case -> that part's code."""

_ISO = re.compile(r"([A-Za-z]{2})-([A-Za-z0-9]{1,3})")


@dataclass(frozen=True, slots=True)
class Place:
    """`country` in two letters, and the part of it where one is known."""

    country: str | None
    subdivision: str | None = None


def place_of(
    office: str | None,
    state: str | None,
    country: str | None,
    usage: str | None,
    countries: Mapping[str, str],
    parts: Parts,
) -> Place:
    """The office counts first ("Munich, Bavaria", "DE-BY", "Singapore"), then the state and country of the address,
    then the country in which licences are used.

    `countries`: what each country is called, in lower case -> its code. A word that names a part of the country at
    hand means that part, so that Indiana is not India.
    """
    said = [word.strip().casefold() for word in re.split(r"[,/;|()]", office or "") if word.strip()]
    home = countries.get((country or "").strip().casefold()) or countries.get((usage or "").strip().casefold())
    for word in said:
        iso = _ISO.fullmatch(word)
        if iso and (found := countries.get(iso[1])) and (part := parts(found).get(iso[2])):
            return Place(found, part)
    words = [word for word in (*said, (state or "").strip().casefold()) if countries.get(word) != home]
    if home and (part := _part(words, parts(home))):
        return Place(home, part)
    office_in = next((countries[word] for word in reversed(said) if word in countries), None)
    if office_in and office_in != home:
        return Place(office_in, _part([word for word in said if countries.get(word) != office_in], parts(office_in)))
    return Place(home or office_in)


def _part(words: list[str], names: Mapping[str, str]) -> str | None:
    """A part's full name says more than its code."""
    return next((names[word] for word in sorted(words, key=len, reverse=True) if word in names), None)
