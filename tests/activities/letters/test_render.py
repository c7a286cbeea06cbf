import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.letters.catalogue import KINDS, Part, facts
from activities.letters.render import Rendered

Letter = Callable[[str, Sequence[Part]], Rendered]

CANARY = "the heron nests behind the boathouse"
NASTY = """<script>alert("it's")</script> {{ 7 * 7 }} {% set x = 1 %} </mj-text><mj-raw> <!-- --> ]]> &lt;b&gt;"""


class Page(HTMLParser):
    """What a reader of the HTML gets: the words, the links, the elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: set[str] = set()
        self.elements: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.links |= {value for name, value in attrs if name in ("href", "src") and value}

    def handle_data(self, data: str) -> None:
        if self.elements[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return squeezed("".join(self.words))


def squeezed(text: str) -> str:
    return " ".join(text.split())


def urls(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("https://"):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from urls(each)


def but(part: Part, **changes: Any) -> Part:
    """The same part with some facts changed."""
    return replace(part, **changes)


def planted(part: Part, sentence: str) -> Part:
    """The same part, with `sentence` in place of everything that a person wrote."""

    def plant(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(plant(each) for each in value)
        return sentence if isinstance(value, str) else value

    return but(
        part,
        **{each.name: plant(getattr(part, each.name)) for each in fields(part) if "written" in each.metadata},
    )


def variants(parts: dict[str, Part]) -> Iterator[Part]:
    """Every kind, and each other way it can be worded."""
    yield from parts.values()
    yield but(parts["outcome_question"], second=True)
    yield but(parts["pre_read"], link_only=True)
    yield but(parts["feedback_request"], about=None)
    yield but(parts["supporter_invitation"], about="action")
    yield but(parts["help_asked"], about="action")
    yield but(parts["pre_read"], promises=(), learning=None, lines=(), pathway=(), celebrating=None, ask=())
    yield but(parts["reflection_request"], questions=1, minutes=1)
    yield but(parts["slots"], kept_day="Thursday 11 March", kept_hour="10:00", moves=2)
    yield but(parts["support_note"], about="their_plan")
    yield but(parts["support_note"], about="check_ins", keep_hr_out_url=None)
    yield but(parts["support_repairs"], kept_out=True)
    yield but(parts["support_request"], reason=None)
    yield but(parts["weekly"], open_count=1)
    yield but(parts["action_without_owner"], partner_name=None)
    yield but(parts["action_passed"], day_before_leave="1 March")
    for step in ("action_ahead", "action_tomorrow", "action_passed", "action_still_open"):
        yield but(parts[step], with_name=None, others=())


def test_every_letter_is_calm_and_says_all_it_was_given_to_say(parts: dict[str, Part], letter_to: Letter) -> None:
    for part in variants(parts):
        letter = letter_to("Ann", [part])
        for said in (letter.subject, letter.preview, letter.text, Page(letter.html).text):
            assert said.strip()
            assert not re.search(r"\b(overdue|fail\w*|late|must)\b", said, re.IGNORECASE)
            assert not re.search(r"\b(None(?! of this)|True|False|Undefined)\b|[{}]", said)
        for said in (letter.subject, letter.preview, letter.text):
            assert "!" not in said
            assert "  \n" not in said
            assert "\n\n\n" not in said
        assert len(letter.subject) <= 60


@pytest.mark.parametrize("template", sorted(KINDS))
def test_both_versions_carry_every_link_that_the_letter_was_given(
    template: str, parts: dict[str, Part], letter_to: Letter
) -> None:
    letter = letter_to("Ann", [parts[template]])
    given_links = set(urls(tuple(facts(parts[template]).values())))
    assert given_links <= Page(letter.html).links
    for link in Page(letter.html).links:
        assert re.search(re.escape(link) + r"(\s|$)", letter.text), link


@pytest.mark.parametrize("template", sorted(KINDS))
def test_the_html_names_its_language_and_title_and_fetches_nothing(
    template: str, parts: dict[str, Part], letter_to: Letter
) -> None:
    letter = letter_to("Ann", [parts[template]])
    assert '<html lang="en"' in letter.html
    assert f"<title>{letter.subject}</title>" in letter.html.replace("&#39;", "'")
    assert '<meta name="color-scheme" content="light dark"' in letter.html
    assert not {"img", "link", "script", "iframe"} & set(Page(letter.html).elements)
    assert "@import" not in letter.html
    assert "mj-" not in Page(letter.html).elements


def test_nothing_that_somebody_wrote_is_in_a_subject_or_a_preview(parts: dict[str, Part], letter_to: Letter) -> None:
    for part in variants(parts):
        secret = planted(part, CANARY)
        letter = letter_to("Ann", [secret])
        assert CANARY not in letter.subject + letter.preview
        assert CANARY not in repr(letter)


def test_several_things_share_a_subject_that_names_none_of_them(parts: dict[str, Part], letter_to: Letter) -> None:
    mine = [parts["outcome_question"], planted(parts["action_passed"], CANARY), parts["weekly"]]
    letter = letter_to("Ann", mine)
    assert letter.subject == "Three small things for you, Ann"
    assert CANARY not in letter.subject + letter.preview
    assert CANARY in letter.text
    assert letter.text.count("Hello Ann,") == letter.html.count("Hello Ann,") == 1
    assert letter.text.count("- - -") == 2
    assert letter.text.index("How did it go") < letter.text.index(CANARY) < letter.text.index("are still open")


def test_what_travels_alone_is_given_no_company(parts: dict[str, Part], letter_to: Letter) -> None:
    with pytest.raises(ValueError, match="A pre_read travels alone"):
        letter_to("Ann", [parts["weekly"], parts["pre_read"]])


def test_a_message_without_parts_is_refused(letter_to: Letter) -> None:
    with pytest.raises(ValueError, match="at least one part"):
        letter_to("Ann", [])


@pytest.mark.parametrize(
    "template",
    ["pre_read", "action_ahead", "action_passed", "action_without_owner", "support_request", "feedback_request"],
)
def test_what_people_write_stays_text(template: str, parts: dict[str, Part], letter_to: Letter) -> None:
    letter = letter_to("Ann", [planted(parts[template], NASTY)])
    plain = letter_to("Ann", [parts[template]])
    assert NASTY in letter.text
    assert NASTY in Page(letter.html).text
    assert Page(letter.html).elements == Page(plain.html).elements


@settings(deadline=None)
@given(title=st.text(min_size=1))
def test_any_title_reaches_its_reader_unchanged(title: str, parts: dict[str, Part], letter_to: Letter) -> None:
    letter = letter_to("Ann", [but(parts["action_passed"], title=title)])
    kept = squeezed(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", "", title))
    assert kept in Page(letter.html).text
    assert kept in squeezed(letter.text)


def test_a_name_with_a_line_break_stays_on_its_line(parts: dict[str, Part], letter_to: Letter) -> None:
    letter = letter_to("Ann", [but(parts["reflection_request"], day="Thursday\r\nBcc: otto@example.com")])
    assert letter.subject == "Before your check-in on Thursday Bcc: otto@example.com"
    assert letter.preview == "A few questions, for you first."


def test_both_readers_get_the_same_pre_read(parts: dict[str, Part], letter_to: Letter) -> None:
    assert letter_to("Ann", [parts["pre_read"]]) == letter_to("Mara", [parts["pre_read"]])


def test_a_pre_read_is_at_most_300_words(parts: dict[str, Part], letter_to: Letter) -> None:
    assert len(letter_to("Ann", [parts["pre_read"]]).text.split()) <= 300


def test_a_link_only_pre_read_holds_nothing_that_anybody_wrote(parts: dict[str, Part], letter_to: Letter) -> None:
    shown = letter_to("Ann", [planted(parts["pre_read"], CANARY)])
    hidden = letter_to("Ann", [but(planted(parts["pre_read"], CANARY), link_only=True)])
    assert CANARY in shown.text
    assert CANARY in shown.html
    assert CANARY not in hidden.text + hidden.html
    empty = but(
        parts["pre_read"], promises=(), learning=None, lines=(), pathway=(), celebrating=None, ask=(), link_only=True
    )
    assert hidden == letter_to("Ann", [empty])


def test_a_pre_read_leaves_out_the_headings_it_has_nothing_for(parts: dict[str, Part], letter_to: Letter) -> None:
    letter = letter_to("Ann", [but(parts["pre_read"], promises=(("Mara", ()), ("Ann", ())), lines=())])
    for version in (letter.text, letter.html):
        assert "Promised" not in version
        assert "Ann's lines" not in version.replace("&#39;", "'")
        assert "Mara learned" in version


def test_an_action_kept_to_oneself_is_seen_by_nobody_else(parts: dict[str, Part], letter_to: Letter) -> None:
    kept = letter_to("Mara", [but(parts["action_passed"], with_name=None, others=())]).text
    assert "Nobody else sees this one." in kept
    assert "will see" not in kept
    assert "on with" not in kept
    shared = letter_to("Mara", [but(parts["action_passed"], others=("Ann", "Ira", "Otto"))]).text
    assert "Ann, Ira and Otto will see a new date" in shared


def test_hr_is_named_only_where_hr_may_still_be_asked(parts: dict[str, Part], letter_to: Letter) -> None:
    asked = letter_to("Ann", [parts["support_repairs"]])
    kept_out = letter_to("Ann", [but(parts["support_repairs"], kept_out=True)])
    assert "Hale in HR" in asked.text
    assert "Hale" not in kept_out.text + kept_out.html
    no_choice = letter_to("Ann", [but(parts["support_note"], keep_hr_out_url=None)])
    assert "Keep HR out" not in no_choice.text + no_choice.html


def test_a_request_to_hr_is_silent_about_a_reason_it_was_not_given(parts: dict[str, Part], letter_to: Letter) -> None:
    assert "in the way" in letter_to("Hale", [parts["support_request"]]).text
    assert "in the way" not in letter_to("Hale", [but(parts["support_request"], reason=None)]).text


def test_the_weekly_letter_spells_its_count(parts: dict[str, Part], letter_to: Letter) -> None:
    said = {
        count: letter_to("Ann", [but(parts["weekly"], open_count=count)]).text.split("\n")[2] for count in (1, 5, 30)
    }
    assert said[1].startswith("One thing you took on is still open.")
    assert said[5].startswith("Five things you took on are still open.")
    assert said[30].startswith("30 things you took on are still open.")
