"""Names for people who do not exist: short, pronounceable anywhere, no two people alike."""

import random

_GIVEN_TEXT = """
Ada Aiko Alba Amir Anik Aria Arno Asha Ayo Bela Ben Bo Cara Chen Cleo Cora Dana Dara Davi Dina Edda Efe Eli
Elsa Emil Enzo Esra Eva Ezra Fay Femi Finn Gala Gil Goro Hana Hugo Ida Igor Ilse Ines Isla Ivo Jana Jin Joao
Juno Kai Kaya Kira Lars Lea Levi Lin Luca Luz Maja Malik Marta Mei Milo Mina Nadia Nao Nils Noor Nuno Odin
Olga Omar Pari Paz Pia Rafa Rana Remy Rhea Rio Rosa Runa Sami Sara Sena Sol Suri Tara Teo Tove Uma Una Vera
Vito Wen Yara Yuki Zara Zeno Zoe
"""
_STEMS = """
Abel Berg Cole Dale Elm Falk Gren Holm Iver Jarl Kern Lund Mor Nord Ost Park Quin Rand Sand Tor Ulm
Vass West Zim
"""
_GIVEN = _GIVEN_TEXT.split()
_ENDINGS = (
    "er",
    "sen",
    "i",
    "ova",
    "a",
    "son",
    "in",
    "o",
    "ley",
    "man",
    "en",
    "ska",
    "to",
    "ert",
    "ani",
    "well",
)
_SURNAMES = [stem + ending for stem in _STEMS.split() for ending in _ENDINGS]

CAPACITY = len(_GIVEN) * len(_SURNAMES)


def drawn_names(rng: random.Random, count: int) -> list[tuple[str, str]]:
    """`count` distinct (given, surname) pairs; given names repeat only once all are used.

    Raises ValueError beyond CAPACITY.
    """
    if count > CAPACITY:
        raise ValueError(f"There are names for {CAPACITY} people, not for {count}.")
    given, surnames = list(_GIVEN), list(_SURNAMES)
    rng.shuffle(given)
    rng.shuffle(surnames)
    return [
        (given[i % len(given)], surnames[(i % len(given) * 5 + i // len(given)) % len(surnames)]) for i in range(count)
    ]
