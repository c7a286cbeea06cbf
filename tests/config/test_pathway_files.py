"""HR's pathway files: what they say, and a sentence with file and line for everything in them that cannot be used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.pathway_files import EXAMPLE, PathwaysFile, PathwaysFileError, read_pathways
from cycle.pathways import Catalogue

YAML = """\
competencies:
  - key: analysis
    name: Analysis
    levels: [Answers., Asks.]
roles:
  - key: analyst
    name: Analyst
    needs: {analysis: 1}
    lateral: [advisor]
  - key: advisor
    name: Advisor
tracks:
  - {key: numbers, name: Numbers, kind: expert, roles: [analyst]}
openings:
  - key: here
    role: advisor
    where: Leeds
    opens_on: 2030-03-04
    closes_on: 2030-03-29
"""
CSVS = [
    ("competencies.csv", "key,name,level_1,level_2\nanalysis,Analysis,Answers.,Asks.\n"),
    ("roles.csv", "key,name,needs,lateral\nanalyst,Analyst,analysis: 1,advisor\nadvisor,Advisor,,\n"),
    ("tracks.csv", "key,name,kind,roles\nnumbers,Numbers,expert,analyst\n"),
    ("openings.csv", "key,role,where,opens_on,closes_on\nhere,advisor,Leeds,2030-03-04,2030-03-29\n"),
]


def problems(*files: tuple[str, str], before: Catalogue | None = None) -> tuple[str, ...]:
    with pytest.raises(PathwaysFileError) as refused:
        read_pathways(files, before)
    assert str(refused.value) == "\n".join(refused.value.problems)
    return refused.value.problems


def ways() -> PathwaysFile:
    return read_pathways([("ways.yaml", YAML)])


def test_the_shipped_example_can_be_imported() -> None:
    read = read_pathways([(EXAMPLE.name, EXAMPLE.read_text(encoding="utf-8"))])
    assert read.catalogue.openings
    assert read.catalogue.lateral_roles("customer-advisor")
    assert read.holders == ()


def test_csv_files_say_the_same_as_yaml() -> None:
    assert read_pathways(CSVS).catalogue == ways().catalogue


def test_a_section_that_no_file_holds_stays_as_it_was() -> None:
    before = ways().catalogue
    fresh = read_pathways([("openings.csv", CSVS[3][1].replace("Leeds", "Hamburg"))], before)
    assert fresh.catalogue.roles == before.roles
    assert [each.where for each in fresh.catalogue.openings] == ["Hamburg"]
    assert fresh.holders is None


def test_an_empty_section_empties_it() -> None:
    assert read_pathways([("ways.yaml", "openings:\n")], ways().catalogue).catalogue.openings == ()


def test_who_has_which_role_is_read_with_the_address_in_small_letters() -> None:
    read = read_pathways([("people.csv", "mail,role\nAnn@Meadow.example,analyst\n")], ways().catalogue)
    assert [(each.mail, each.role) for each in read.holders or ()] == [("ann@meadow.example", "analyst")]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("key: analyst", "key: Analyst!", "ways.yaml line 6: key is 'Analyst!'; it must be small letters, digits and"),
        ("where: Leeds", "wher: Leeds", "ways.yaml line 17: wher is not a field; did you mean where?"),
        ("where: Leeds", "link: http://x", "ways.yaml line 17: link is 'http://x'; it must be a web address that"),
        ("2030-03-29", "29.3.2030", "ways.yaml line 19: closes_on is '29.3.2030'; it must be a date like 2030-03-29."),
        ("tracks:", "traks:", "ways.yaml line 12: traks is not a section; did you mean tracks?"),
        ("analysis: 1}", "analisis: 1}", "analyst needs analisis, which is no competency; did you mean analysis?"),
        ("analysis: 1}", "analysis: 3}", "needs analysis at level 3, which has 2; describe that level, or ask for"),
        ("[advisor]", "[adviser]", "ways.yaml line 6: analyst has beside it adviser, which is no role; did you mean"),
        ("role: advisor", "role: boss", "the opening here is for boss, which is no role; choose from analyst, advisor"),
        ("opens_on: 2030-03-04", "opens_on: 2031-03-04", "closes on 2030-03-29, before it opens on 2031-03-04"),
        ("key: advisor", "key: analyst", "ways.yaml line 10: analyst is there twice, first at ways.yaml line 6"),
        ("roles: [analyst]", "roles: [analyst, analyst]", "the track numbers names a role twice"),
        ("levels: [Answers., Asks.]", "levels: [", "ways.yaml line"),
        ("2030-03-29", "2030-02-30", "ways.yaml cannot be read as YAML"),
    ],
)
def test_each_problem_names_its_file_and_line_and_what_to_do(old: str, new: str, sentence: str) -> None:
    assert old in YAML
    found = problems(("ways.yaml", YAML.replace(old, new, 1)))
    assert any(sentence in each for each in found), found


def test_every_problem_is_told_at_once() -> None:
    broken = YAML.replace("    name: Analyst\n", "").replace("where: Leeds", "wher: Leeds")
    assert len(problems(("ways.yaml", broken))) == 3


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("roles.csv", "key;name\na;b\n", "roles.csv is separated by semicolons; save it with commas."),
        ("roles.csv", "key,name\na\n", "roles.csv line 2 has 1 values where the first line names 2 columns"),
        ("roles.csv", "key,name\n\na,\n", "roles.csv line 3: name is missing; it must be 1 to 120 letters."),
        ("roles.csv", 'key,name\na,"b\n', "roles.csv line 2 cannot be read as comma-separated values"),
        ("roles.csv", "", "roles.csv is empty; its first line must be key,name,about,needs,lateral."),
        ("staff.csv", "a,b\n", "staff.csv: call the file after what it holds: competencies.csv, roles.csv"),
        ("ways.xlsx", "PK", "ways.xlsx is neither YAML nor CSV"),
        ("ways.yaml", "- a\n", "ways.yaml: begin with one of competencies, roles, tracks, openings, people"),
        ("ways.yaml", "roles: 3\n", "ways.yaml line 1: roles must be a list; begin each entry with a hyphen."),
        ("ways.yaml", "roles: []\nroles: [{}]\n", "ways.yaml line 2: roles are there twice; keep them in one list."),
        ("ways.yaml", "roles: [a]\n", "ways.yaml line 1: an entry of roles must be named fields such as key and name."),
    ],
)
def test_a_file_that_is_something_else_is_said_so(name: str, text: str, sentence: str) -> None:
    assert any(sentence in each for each in problems((name, text)))


def test_a_section_in_two_files_is_refused() -> None:
    assert problems(CSVS[1], ("ways.yaml", YAML)) == ("ways.yaml: roles are in roles.csv too; keep them in one file.",)


def test_what_was_imported_before_is_not_left_hanging() -> None:
    found = problems(("roles.csv", "key,name\nadvisor,Advisor\n"), before=ways().catalogue)
    assert found == (
        "imported before, and not in these files: the track numbers names analyst, which is no role; choose from "
        "advisor.",
    )


@given(st.sampled_from(["roles.csv", "ways.yaml", "openings.csv"]), st.text(max_size=200))
def test_whatever_stands_in_a_file_it_is_read_or_refused_in_sentences(name: str, text: str) -> None:
    said: tuple[str, ...] = ()
    try:
        read_pathways([(name, text)])
    except PathwaysFileError as refused:
        said = refused.problems
    assert all(name in each or "hold none" in each for each in said)
