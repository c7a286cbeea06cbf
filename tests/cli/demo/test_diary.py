"""A diary says after the run exactly what was written into it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.demo.diary import Canary, Entry, append, from_line, read, to_line

ENTRY = Entry(
    at=datetime(2030, 3, 11, 10, tzinfo=UTC),
    person="ann@meadow.example",
    did="answered_form",
    link="/reflections/C1?from=letter",
    letter="/reflections/C1",
    fields={"text-learned": 'Zahlen & "Kunden"\nmehr'},
    shared={"learned": True},
    canaries=(Canary("What carried me goes by the name of teka.", shared=True),),
    status=303,
)


def test_an_entry_comes_back_as_it_was(tmp_path: Path) -> None:
    later = replace(ENTRY, at=ENTRY.at + timedelta(hours=1), did="opened_page")
    append(tmp_path / "ann.jsonl", [later])
    append(tmp_path / "ann.jsonl", [ENTRY])
    assert read(tmp_path / "ann.jsonl") == [ENTRY, later]
    assert read(tmp_path / "otto.jsonl") == []


def test_an_entry_is_one_line() -> None:
    assert "\n" not in to_line(ENTRY)


def test_an_entry_is_about_the_id_in_its_link() -> None:
    assert ENTRY.target == "C1"
    assert replace(ENTRY, link="/plan").target == ""


def test_a_refused_post_had_no_effect() -> None:
    assert ENTRY.took_effect
    assert not replace(ENTRY, status=403).took_effect


def test_an_entry_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        to_line(replace(ENTRY, at=ENTRY.at.replace(tzinfo=None)))


def test_an_act_that_no_diary_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="'danced' is not an act"):
        from_line(to_line(ENTRY).replace("answered_form", "danced"))
