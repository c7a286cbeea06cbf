"""A mailbox always belongs to the same shard, and processes divide the shards without ever taking another's."""

from hypothesis import given
from hypothesis import strategies as st

from cycle.shards import SHARED, Shards, divide

SERVICE = "checkins@meadow.example"
mails = st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True)
processes = st.sampled_from(["a", "b", "c"])


@given(own=st.lists(mails, max_size=4), mailbox=mails)
def test_every_mailbox_belongs_to_one_of_the_shards_whatever_its_case(own: list[str], mailbox: str) -> None:
    shards = Shards(tuple(own))
    assert shards.of(mailbox) in shards.names
    assert shards.of(mailbox.upper()) == shards.of(mailbox)
    assert len(set(shards.names)) == len(shards.names) == SHARED + len(set(own))


def test_the_service_and_sender_mailboxes_have_a_shard_each_and_share_it_with_nobody() -> None:
    shards = Shards((SERVICE, "letters@meadow.example", SERVICE.upper()))
    own = {shards.of(SERVICE), shards.of("letters@meadow.example")}
    assert len(own) == 2
    assert own.isdisjoint(shards.of(f"manager-{number}") for number in range(500))


def test_a_shard_is_the_same_in_every_process_and_after_every_restart() -> None:
    # Written down, since a process of another version must find the same.
    one = Shards((SERVICE,))
    assert one.of(SERVICE) == Shards(("letters@meadow.example", SERVICE)).of(SERVICE) == "mailbox-0257b5ff68e0"
    assert one.of("7f3c7c1e-6d6b-4b52-8c5e-0d6c1f1f0a01") == "shared-7"


def test_the_shared_shards_are_all_used() -> None:
    shards = Shards((SERVICE,))
    assert len({shards.of(f"manager-{number}") for number in range(500)}) == SHARED


def test_no_address_is_in_a_name() -> None:
    assert not [name for name in Shards((SERVICE,)).names if "@" in name or "checkins" in name]


@given(
    names=st.lists(st.integers().map(str), unique=True, max_size=12),
    data=st.data(),
    count=st.integers(1, 4),
)
def test_nothing_is_taken_that_another_holds_and_nobody_keeps_more_than_a_share(
    names: list[str], data: st.DataObject, count: int
) -> None:
    holders = data.draw(st.dictionaries(st.sampled_from(names), processes) if names else st.just({}))
    division = divide(names, holders, "a", count)
    mine = {name for name, holder in holders.items() if holder == "a"}
    assert division.kept | division.surplus == mine
    assert not division.kept & division.surplus
    assert not division.taken & holders.keys()
    assert len(division.kept | division.taken) <= -(-len(names) // count)
    assert not (division.surplus and division.taken), "what is given back is not taken in the same breath"


@given(names=st.lists(st.integers().map(str), unique=True, max_size=12), count=st.integers(1, 4))
def test_after_two_rounds_each_shard_has_one_holder_and_nothing_moves_any_more(names: list[str], count: int) -> None:
    everybody = [str(number) for number in range(count)]
    holders = dict.fromkeys(names, "0")
    for _ in range(2):
        for each in everybody:
            division = divide(names, holders, each, count)
            holders = {name: holder for name, holder in holders.items() if name not in division.surplus}
            holders |= dict.fromkeys(division.taken, each)
    assert holders.keys() == set(names)
    for each in everybody:
        last = divide(names, holders, each, count)
        assert (last.taken, last.surplus) == (frozenset(), frozenset())
