"""What actors type can be told apart, and depends on the seed alone."""

from hypothesis import given
from hypothesis import strategies as st

from cli.demo.words import chance, draw, pick, private_canary, shared_canary, title


def test_thousands_of_titles_are_all_different() -> None:
    assert len({title(1, number) for number in range(4000)}) == 4000


def test_the_same_person_and_letter_always_decide_the_same() -> None:
    # Pinned: another number here would be another quarter for everybody who knows this seed.
    assert draw(1, "ann@meadow.example", "form") == 12_822_761_835_391_205_785
    assert draw(1, "a") != draw(2, "a")


@given(st.integers(), st.integers())
def test_a_private_and_a_shared_canary_never_read_the_same(one: int, other: int) -> None:
    assert private_canary(one) != shared_canary(other)
    assert (private_canary(one) == private_canary(other)) == (one == other)


@given(st.integers(0, 100), st.text())
def test_a_chance_is_between_never_and_always(percent: int, case: str) -> None:
    assert not chance(0, case)
    assert chance(100, case)
    assert pick((percent,), case) == percent
