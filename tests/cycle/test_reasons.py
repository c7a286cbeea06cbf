"""Why a talk has its hour is kept in English, and said in any language."""

from datetime import date

import pytest

from config.languages import words_in
from cycle.reasons import INSIDE, ON_DUE_DATE, recalled
from cycle.sentences import Sentence, ShortDay
from cycle.zones import sentence

GERMAN, AMERICAN = words_in("de"), words_in("en-US")


@pytest.mark.parametrize("month", range(1, 13))
def test_a_reason_with_a_day_is_recalled_from_its_english(month: int) -> None:
    kept = str(Sentence(ON_DUE_DATE.template, day=ShortDay(date(2030, month, 11))))
    assert type(kept) is str
    assert recalled(kept) == kept
    assert GERMAN.say(recalled(kept)) == f"am vorgesehenen Tag, dem {GERMAN.short_day(date(2030, month, 11))}"
    assert AMERICAN.say(recalled(kept)) == f"on the due date {AMERICAN.short_day(date(2030, month, 11))}" != kept


def test_a_leap_day_is_recalled() -> None:
    kept = str(Sentence(ON_DUE_DATE.template, day=ShortDay(date(2028, 2, 29))))
    assert AMERICAN.say(recalled(kept)) == "on the due date February 29"


def test_those_who_moved_are_recalled_by_name() -> None:
    for names in (["Ann"], ["Ann", "Mara"]):
        said = GERMAN.say(recalled(str(sentence(names))))
        assert all(name in said for name in names)
        assert "Zeitzone" in said


def test_a_reason_without_anything_to_fill_in_is_recalled_as_it_is() -> None:
    assert GERMAN.say(recalled(str(INSIDE))) == "in den Arbeitszeiten von euch beiden"


def test_what_is_no_reason_of_ours_stays_as_it_is() -> None:
    for text in ("on the due date", "because {day} suits", "on the due date sometime"):
        assert recalled(text) == text
        assert GERMAN.say(recalled("because {day} suits")) == "because {day} suits"
