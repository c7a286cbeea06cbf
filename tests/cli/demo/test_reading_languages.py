"""Whether everybody reads our words in their own language: a single word of another one is noticed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cli.demo.evidence import Evidence, Page
from cli.demo.invariants import Verdict, languages
from cli.demo.promises import broken_promises

ANN, MARA = "ann@meadow.example", "mara@meadow.example"
GERMAN_LETTERS, ENGLISH_LETTERS = (f"6 {name} readers get {name} letters alone" for name in ("German", "English"))
GERMAN_PAGES, ENGLISH_PAGES = (f"6 {name} readers see {name} pages alone" for name in ("German", "English"))

Break = Callable[[Evidence], Evidence]


def letters_of(reader: str, *, body: str | None = None, subject: str | None = None) -> Break:
    def broken(quarter: Evidence) -> Evidence:
        changed = [
            replace(each, body=body or each.body, subject=subject or each.subject) if each.to == reader else each
            for each in quarter.letters
        ]
        return replace(quarter, letters=changed)

    return broken


def page_of(viewer: str, text: str) -> Break:
    return lambda quarter: replace(quarter, pages=[*quarter.pages, Page(viewer, "/plan", text)])


BROKEN: dict[str, tuple[str, Break]] = {
    "a letter in English": (GERMAN_LETTERS, letters_of(MARA, body='<html lang="en">This is for you.')),
    "an English sentence among German ones": (
        GERMAN_LETTERS,
        letters_of(MARA, body='<html lang="de">Das ist von uns. A note from us.'),
    ),
    "an English subject": (GERMAN_LETTERS, letters_of(MARA, subject="For your check-in")),
    "no word at all": (GERMAN_LETTERS, letters_of(MARA, body='<html lang="de">1 2 3', subject="4")),
    "a German letter to somebody else": (ENGLISH_LETTERS, letters_of(ANN, body='<html lang="de">Das ist von uns.')),
    "a page in English": (GERMAN_PAGES, page_of(MARA, '<html lang="en">This is your plan.')),
    "a page that says nothing of its language": (GERMAN_PAGES, page_of(MARA, "<html>Das ist von uns.")),
    "a German page for somebody else": (ENGLISH_PAGES, page_of(ANN, '<html lang="de">Das ist dein Plan.')),
}


def verdict_of(evidence: Evidence, name: str) -> Verdict:
    (found,) = [each for each in languages.judge(evidence) if each.name == name]
    return found


@pytest.mark.parametrize("story", BROKEN)
def test_a_word_of_another_language_is_noticed(quarter: Evidence, story: str) -> None:
    name, broken = BROKEN[story]
    assert verdict_of(quarter, name).holds
    assert not verdict_of(broken(quarter), name).holds


def test_what_somebody_wrote_is_translated_for_nobody(quarter: Evidence) -> None:
    written = next(each for each in quarter.diary if each.did == "answered_form").fields["text-surprised"]
    assert "the" in written.split()
    shown = page_of(MARA, f'<html lang="de">Das ist von uns: {written}')(quarter)
    assert verdict_of(shown, GERMAN_PAGES).holds


def test_it_is_looked_at_under_faults_too(quarter: Evidence) -> None:
    english = letters_of(MARA, body='<html lang="en">This is for you.')(quarter)
    more = set(broken_promises(english)) - set(broken_promises(quarter))
    assert [MARA in each.sentence for each in more] == [True]
    assert {each.at for each in more} == {min(each.at for each in english.letters if each.to == MARA)}
