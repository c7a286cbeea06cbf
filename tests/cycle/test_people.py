from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.people import PeopleFileError, find_loops, read_people_csv

HEADER = "name,mail,manager,zone,start_date\n"
MARA = "Mara,mara@example.org,,Europe/Berlin,2020-01-01\n"


def problems(text: str, known: dict[str, str | None] | None = None) -> tuple[str, ...]:
    with pytest.raises(PeopleFileError) as caught:
        read_people_csv(text, known)
    return caught.value.problems


def test_a_file_is_read_with_its_columns_in_any_order() -> None:
    text = (
        "\ufeffMail,Start Date,name,zone,manager\r\n\r\n"
        'Ann@Example.org,2030-01-07,"Doe, Ann",Europe/Berlin,MARA@example.org\r\n'
        "mara@example.org,2020-01-01,Mara,Asia/Singapore,\r\n"
    )
    ann, mara = read_people_csv(text).rows
    assert (ann.name, ann.mail, ann.manager, ann.start_date.isoformat()) == (
        "Doe, Ann",
        "ann@example.org",
        "mara@example.org",
        "2030-01-07",
    )
    assert (mara.manager, mara.zone) == (None, "Asia/Singapore")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (",ann@example.org,,Europe/Berlin,2030-01-07", "line 3: name is empty; fill it in."),
        (
            "Ann,ann,,Europe/Berlin,2030-01-07",
            "line 3: mail 'ann' is not a mail address; write it like ann@example.org.",
        ),
        (
            "Ann,ann@example.org,,Berlin,2030-01-07",
            "line 3: zone 'Berlin' is not an IANA time zone; did you mean Europe/Berlin?",
        ),
        (
            "Ann,ann@example.org,,Europe/Berln,2030-01-07",
            "line 3: zone 'Europe/Berln' is not an IANA time zone; did you mean Europe/Berlin?",
        ),
        (
            "Ann,ann@example.org,,../etc/passwd,2030-01-07",
            "line 3: zone '../etc/passwd' is not an IANA time zone; write it like Europe/Berlin.",
        ),
        (
            "Ann,ann@example.org,,Europe/Berlin,7.1.2030",
            "line 3: start_date '7.1.2030' is not a date; write it YYYY-MM-DD, like 2030-02-04.",
        ),
        (
            "Ann,ann@example.org,,Europe/Berlin,2030-02-30",
            "line 3: start_date '2030-02-30' is not a date; write it YYYY-MM-DD, like 2030-02-04.",
        ),
        (
            "Ann,ann@example.org,,W. Europe Standard Time,2030-01-07",
            "line 3: zone 'W. Europe Standard Time' is not an IANA time zone; "
            "that is Windows's name for it; write the IANA one, like Europe/Berlin.",
        ),
        (
            "Ann,ann@example.org,,Europe/Berlin,20300207",
            "line 3: start_date '20300207' is not a date; write it YYYY-MM-DD, like 2030-02-04.",
        ),
        (
            "Ann,ann@example.org,,Europe/Berlin,9999-12-31",
            "line 3: start_date 9999-12-31 is no day that anybody starts on; its year must be from 1900 to 2099.",
        ),
        (
            "Ann,MARA@example.org,,Europe/Berlin,2030-01-07",
            "line 3: mail mara@example.org is in line 2 already; keep one of the two.",
        ),
        (
            "Ann,ann@example.org,marra@example.org,Europe/Berlin,2030-01-07",
            "line 3: manager marra@example.org of Ann is unknown; did you mean mara@example.org?",
        ),
        (
            "Ann,ann@example.org,ann@example.org,Europe/Berlin,2030-01-07",
            "line 3: Ann is their own manager; name another one, or leave manager empty.",
        ),
        (
            "Ann,ann@example.org,,Europe/Berlin",
            "line 3 has 4 values where the first line names 5 columns; "
            'put a value that holds a comma in double quotes ("Doe, Ann").',
        ),
        (
            '"An\nn",ann@example.org,,Europe/Berlin,2030-01-07',
            "line 3: name 'An\\nn' holds a line break or another invisible character; remove it.",
        ),
    ],
)
def test_a_malformed_row_is_one_sentence_with_a_remedy(row: str, sentence: str) -> None:
    assert problems(f"{HEADER}{MARA}{row}\n") == (sentence,)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is empty; its first line must be name,mail,manager,zone,start_date."),
        ("name;mail;manager;zone;start_date\n", "The file is separated by semicolons; save it with commas."),
        ("name,mial,manager,zone,start_date\n", "line 1: column 'mial' is unknown; did you mean mail?"),
        (
            "name,mail,zone,start_date\n",
            "line 1: column manager is missing; the columns are name, mail, manager, zone, start_date.",
        ),
        ("name,name,mail,manager,zone,start_date\n", "line 1: column name is there 2 times; keep one."),
        (HEADER, "The file names nobody; give each person a line of their own below the first."),
    ],
)
def test_a_malformed_header_is_told_before_any_row(text: str, sentence: str) -> None:
    assert problems(text)[0] == sentence


def test_an_open_quote_is_told_in_a_sentence() -> None:
    (sentence,) = problems(f'{HEADER}"Ann,ann@example.org\n')
    assert sentence.startswith("line 2 cannot be read as comma-separated values")


def test_every_problem_of_a_file_is_told_at_once() -> None:
    found = problems(f"{HEADER}Ann,ann,,Berlin,never\nOtto,otto@example.org,nobody@else.net,Europe/Berlin,2030-01-07\n")
    assert len(found) == 4


def test_a_reporting_loop_is_refused_with_the_names_in_it() -> None:
    rows = "Ann,ann@x.org,mara@x.org,Europe/Berlin,2030-01-07\nMara,mara@x.org,hale@x.org,Europe/Berlin,2030-01-07\n"
    hale = "Hale,hale@x.org,ann@x.org,Europe/Berlin,2030-01-07\n"
    assert problems(HEADER + rows + hale) == (
        "Nobody can report to themselves in the end: Ann reports to Mara reports to Hale reports to Ann; "
        "correct one of their managers.",
    )
    assert "Ann reports to Mara" in problems(HEADER + rows, {"hale@x.org": "ann@x.org"})[0]
    assert len(read_people_csv(HEADER + rows, {"hale@x.org": None}).rows) == 2


def test_a_bad_row_of_a_manager_is_not_told_again_for_each_report() -> None:
    rows = "Mara,mara@x.org,,Berlin,2030-01-07\nAnn,ann@x.org,mara@x.org,Europe/Berlin,2030-01-07\n"
    (sentence,) = problems(HEADER + rows)
    assert sentence.startswith("line 2: zone 'Berlin'")


def test_loops_are_found_once_each_from_the_smallest_on() -> None:
    managers = {"d": "b", "b": "c", "c": "b", "a": "a", "e": None, "f": "stranger"}
    assert find_loops(managers) == [["a"], ["b", "c"]]


@given(st.dictionaries(st.integers(0, 12).map(str), st.none() | st.integers(0, 12).map(str), max_size=13))
def test_whoever_follows_their_managers_into_a_circle_is_in_a_loop(managers: dict[str, str | None]) -> None:
    circling = set()
    for person in managers:
        at = managers[person]
        for _ in managers:
            if at == person:
                circling.add(person)
            at = managers.get(at) if at is not None else None
    found = [person for loop in find_loops(managers) for person in loop]
    assert len(found) == len(set(found))
    assert set(found) == circling


@given(st.text(alphabet="name,mailzone@.\n\"'\r;é0-", max_size=80))
def test_no_text_breaks_the_reading_without_a_sentence(text: str) -> None:
    told: tuple[str, ...] | None = None
    try:
        read_people_csv(HEADER + text)
    except PeopleFileError as error:
        told = error.problems
    assert told != ()


LEAVE_HEADER = HEADER.strip() + ",leave_from,leave_until\n"


def test_leave_is_told_by_two_columns_that_may_be_empty_or_absent() -> None:
    rows = read_people_csv(LEAVE_HEADER + MARA.strip() + ",2030-03-04,2030-03-15\n").rows
    assert [row.leave for row in rows] == [(date(2030, 3, 4), date(2030, 3, 15))]
    assert [row.leave for row in read_people_csv(LEAVE_HEADER + MARA.strip() + ",,\n").rows] == [()]
    assert [row.leave for row in read_people_csv(HEADER + MARA).rows] == [None]


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ("2030-03-04,", "line 2: leave_until is empty; fill in both days of a leave, the first and the last, or none."),
        (",2030-03-04", "line 2: leave_from is empty; fill in both days of a leave, the first and the last, or none."),
        ("4.3.2030,2030-03-05", "line 2: leave_from '4.3.2030' is not a date; write it YYYY-MM-DD, like 2030-02-04."),
        ("2030-03-05,2030-03-04", "line 2: leave_until 2030-03-04 lies before leave_from 2030-03-05."),
    ],
)
def test_a_leave_that_cannot_be_is_pointed_out(days: str, sentence: str) -> None:
    assert problems(LEAVE_HEADER + MARA.strip() + f",{days}\n") == (sentence,)


def test_one_leave_column_without_the_other_is_pointed_out() -> None:
    assert problems(HEADER.strip() + ",leave_from\n" + MARA.strip() + ",2030-03-04\n") == (
        "line 1: column leave_until is missing; leave is told by leave_from and leave_until.",
    )
