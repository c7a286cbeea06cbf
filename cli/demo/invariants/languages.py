"""Sixth promise: everybody reads our words in the language that their mailbox is set to.

Judged by words that every text of some length has, once what people wrote is taken out, which nobody translates.
"""

import re
from collections.abc import Iterable, Sequence

from cli.demo.evidence import Evidence
from cli.demo.invariants.canaries import written_words
from cli.demo.invariants.verdict import Tally, Verdict
from cli.demo.page import read_page
from cli.demo.pursuits import plain

NAMES = {"en": "English", "de": "German"}
# None of these is a word of the other language too, or a name.
_ENGLISH = "the you your and of with this that it what from not is are for who they will has have"
_GERMAN = "der das und du dein deine dir dich mit ein eine ist nicht von zu wer ihr auf bis es"
MARKS = {"en": frozenset(_ENGLISH.split()), "de": frozenset(_GERMAN.split())}

_WORD = re.compile(r"[^\W\d_]+")
_DECLARED = re.compile(r"<html[^>]*\slang=\"([a-z]+)")


def judge(evidence: Evidence) -> list[Verdict]:
    written = _longest_first(written_words(evidence))
    return [
        *(_letters(evidence, each, written) for each in NAMES),
        *(_pages(evidence, each, written) for each in NAMES),
    ]


def letters_in_their_language(evidence: Evidence) -> list[Verdict]:
    """The half of it that needs nobody's pages."""
    written = _longest_first(written_words(evidence))
    return [_letters(evidence, each, written) for each in NAMES]


def _readers(evidence: Evidence, language: str) -> set[str]:
    """Of whoever a mailbox says nothing that we speak, English is read."""
    spoken = {mail: tag.partition("-")[0] for mail, tag in evidence.languages.items()}
    return {
        mail
        for mail in evidence.people
        if (spoken.get(mail) == language if spoken.get(mail) in NAMES else language == "en")
    }


def _letters(evidence: Evidence, language: str, written: Sequence[str]) -> Verdict:
    tally = Tally(f"6 {NAMES[language]} readers get {NAMES[language]} letters alone")
    readers = _readers(evidence, language)
    for letter in evidence.letters:
        if letter.to in readers:
            wrong = _wrong(letter.body, letter.subject, language, written)
            tally.case(wrong is None, f"The letter {letter.keys} to {letter.to} {wrong}.", letter.at)
    return tally.verdict()


def _pages(evidence: Evidence, language: str, written: Sequence[str]) -> Verdict:
    tally = Tally(f"6 {NAMES[language]} readers see {NAMES[language]} pages alone")
    readers = _readers(evidence, language)
    for page in evidence.pages:
        if page.viewer in readers:
            wrong = _wrong(page.text, "", language, written)
            tally.case(wrong is None, f"The page {page.path} {wrong} to {page.viewer}.")
    return tally.verdict()


def _wrong(html: str, subject: str, language: str, written: Sequence[str]) -> str | None:
    declared = _DECLARED.search(html)
    if declared is None or declared[1] != language:
        return f"says that it is in {declared[1] if declared else 'no language'}"
    text = plain(f"{subject} {read_page(html, '').text}")
    for each in written:
        text = text.replace(each, " ")
    words = {word.lower() for word in _WORD.findall(text)}
    for other, marks in MARKS.items():
        found = sorted(words & marks)
        if other == language and not found:
            return f"has no {NAMES[language]} word"
        if other != language and found:
            return f"has the {NAMES[other]} words {found}"
    return None


def _longest_first(written: Iterable[str]) -> list[str]:
    return sorted({plain(each) for each in written}, key=len, reverse=True)
