"""Every letter in every language: whole, calm, and readable by everybody."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from activities.letters.catalogue import KINDS, ActionPassed
from activities.letters.render import Rendered, render
from activities.letters.samples import HERE, sample_letters, sample_parts
from activities.letters.wording import Wording
from config.languages import LANGUAGES, Language, words_in

LETTERS = [(language, name) for language in LANGUAGES for name in sample_letters(language)]
EVERY_LETTER = pytest.mark.parametrize(("language", "name"), LETTERS)

SMALLEST_TEXT = 14
"""Pixels."""
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, AA: text against what is behind it."""


class Page(HTMLParser):
    """The HTML as a tree walk: each text with the styles and the elements around it."""

    VOID = frozenset({"meta", "br", "img", "hr", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str]]] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, list[tuple[str, dict[str, str]]]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = (tag, {name: value or "" for name, value in attrs})
        self.seen.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while tag not in self.VOID and self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((data, list(self.open)))

    def shown(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        """Each text that is on the screen, with the styles around it, the nearest last."""
        for text, around in self.texts:
            styles = [styles_of(attributes) for _, attributes in around]
            tags = {tag for tag, _ in around}
            if not tags & {"style", "title"} and not any(each.get("display") == "none" for each in styles):
                yield text, styles

    def links(self) -> dict[str, str]:
        """Where each goes, by what it says."""
        found: dict[str, str] = {}
        for text, around in self.texts:
            for tag, attributes in around:
                if tag == "a":
                    found[" ".join(text.split())] = attributes["href"]
        return found

    def words(self) -> str:
        return " ".join(" ".join(text for text, _ in self.shown()).split())


def styles_of(attributes: dict[str, str]) -> dict[str, str]:
    pairs = (each.partition(":") for each in attributes.get("style", "").split(";") if ":" in each)
    return {name.strip(): value.strip() for name, _, value in pairs}


def nearest(styles: list[dict[str, str]], *names: str) -> str:
    return next((each[name] for each in reversed(styles) for name in names if name in each), "")


def luminance(color: str) -> float:
    """Of "#rrggbb", as WCAG defines it."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def letters() -> dict[tuple[Language, str], Rendered]:
    return {(language, name): letter for language in LANGUAGES for name, letter in sample_letters(language).items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_sample_of_every_kind(language: Language) -> None:
    assert set(sample_parts(language)) == set(KINDS)
    assert set(sample_letters(language)) > set(KINDS)


BRITISH = re.compile(r"\b\d{1,2} (January|February|March|April|December)\b|\b\d{1,2}:\d\d\b(?! [AP]M)")


@pytest.mark.parametrize("name", sample_letters())
def test_an_american_reads_every_day_and_hour_as_americans_write_them(name: str) -> None:
    american, british = (
        # What people wrote stays as they wrote it.
        [re.sub(r"\((now|until) \d+ March\)", "", each) for each in (said.subject, said.preview, said.text, said.html)]
        for said in (sample_letters(locale)[name] for locale in ("en-US", "en-GB"))
    )
    for mine, theirs in zip(american, british, strict=True):
        assert not BRITISH.search(mine)
        assert bool(BRITISH.search(theirs)) is (mine != theirs)
        assert "\u202f" not in mine


@EVERY_LETTER
def test_a_letter_says_which_language_it_is_in(
    language: Language, name: str, letters: dict[tuple[Language, str], Rendered]
) -> None:
    page = Page(letters[language, name].html)
    assert page.seen[0] == ("html", page.seen[0][1])
    assert page.seen[0][1]["lang"] == language
    assert all(attributes.get("lang", language) == language for _, attributes in page.seen)


@EVERY_LETTER
def test_a_letter_can_be_read_by_ear_and_with_weak_eyes(
    language: Language, name: str, letters: dict[tuple[Language, str], Rendered]
) -> None:
    letter = letters[language, name]
    page = Page(letter.html)
    title = next(text for text, around in page.texts if around[-1][0] == "title")
    assert title == letter.subject
    tables = [attributes for tag, attributes in page.seen if tag == "table"]
    assert tables
    assert all(attributes.get("role") == "presentation" for attributes in tables)
    assert all("alt" in attributes for tag, attributes in page.seen if tag == "img")
    assert next(tag for tag, _ in page.seen if re.fullmatch(r"h\d", tag)) == "h1"
    assert [tag for tag, _ in page.seen].count("main") == 1
    for text, styles in page.shown():
        assert float(nearest(styles, "font-size").removesuffix("px")) >= SMALLEST_TEXT, text
        behind, ink = nearest(styles, "background-color", "background"), nearest(styles, "color")
        assert contrast(ink, behind) >= LEAST_CONTRAST, (text, ink, behind)


@EVERY_LETTER
def test_links_say_what_they_do_and_both_versions_have_them(
    language: Language, name: str, letters: dict[tuple[Language, str], Rendered]
) -> None:
    letter = letters[language, name]
    links = Page(letter.html).links()
    for words, url in links.items():
        assert len(words) > 2, words
        assert not re.search(r"\b(click here|here|more|hier|mehr|link)$|https?:", words, re.IGNORECASE), words
        assert re.search(re.escape(url) + r"(\s|$)", letter.text), url
    # Two links that say the same lead to the same place.
    assert len(links) == len({*links.items()})


@EVERY_LETTER
def test_the_plain_text_says_what_the_html_says(
    language: Language, name: str, letters: dict[tuple[Language, str], Rendered]
) -> None:
    """Links stand on lines of their own there, so sentences around them differ, and nothing else does."""
    letter = letters[language, name]
    plain = set(re.findall(r"\w+", letter.text.lower()))
    shown = set(re.findall(r"\w+", Page(letter.html).words().lower()))
    of_links = {word for words in Page(letter.html).links() for word in re.findall(r"\w+", words.lower())}
    small = 12
    assert len(shown - plain - of_links) <= small, shown - plain - of_links
    assert not re.search(r"<\w+|&\w+;", letter.text)


@EVERY_LETTER
def test_letters_are_calm_in_every_language(
    language: Language, name: str, letters: dict[tuple[Language, str], Rendered]
) -> None:
    letter = letters[language, name]
    for said in (letter.subject, letter.preview, letter.text):
        assert "!" not in said
        assert not re.search(r"%\(|\{|\bNone\b(?! of this)|\bTrue\b|\bFalse\b", said)
        assert not re.search(
            r"\b(überfällig|verspätet|versäum\w*|mahn\w*|gescheitert|verpasst|musst|dringend)\b", said, re.I
        )
    assert len(letter.subject) <= 60, letter.subject


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_german_letter_holds_no_english(name: str, letters: dict[tuple[Language, str], Rendered]) -> None:
    letter = letters["de", name]
    names = {"Ann", "Mara", "Hale", "Otto", "HR", "Perennial", "Outlook", "Check-in"}
    said = f"{letter.subject}\n{letter.preview}\n{letter.text}"
    for name_ in names:
        said = said.replace(name_, "")
    said = re.sub(r"https?://\S+|\S+@\S+", "", said)
    english = r"\b(the|you|your|and|with|is|are|what|this|not|it|of|to|for|from|on|at|one|that)\b"
    assert not re.search(english, said, re.IGNORECASE), re.findall(english, said, re.IGNORECASE)


def test_what_people_wrote_is_not_translated() -> None:
    """A title that happens to be a text of ours stays as it was typed."""
    part = sample_parts("de")["action_passed"]
    assert isinstance(part, ActionPassed)
    assert words_in("de").say("Learned") != "Learned"
    letter = render("Ann", [replace(part, title="Learned")], HERE, "HR", HERE, "de")
    assert "„Learned“" in letter.text
    assert "„Learned“" in letter.html


@pytest.mark.parametrize(("count", "english", "german"), [(1, "1", "1"), (2, "two", "zwei"), (13, "13", "13")])
def test_counts_are_words_up_to_twelve(count: int, english: str, german: str) -> None:
    assert Wording(words_in("en")).number(count) == english
    assert Wording(words_in("de")).number(count) == german


def test_names_stand_in_a_row_as_each_language_has_them() -> None:
    assert Wording(words_in("en")).listed(["Ann", "Ira", "Otto"]) == "Ann, Ira and Otto"
    assert Wording(words_in("de")).listed(["Ann", "Ira", "Otto"]) == "Ann, Ira und Otto"
    assert Wording(words_in("de")).listed(["Ann"]) == "Ann"


def test_german_quotes_open_below_and_braces_in_them_stay() -> None:
    assert Wording(words_in("de")).quoted("{a} % b") == "„{a} % b“"
