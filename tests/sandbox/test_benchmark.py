"""The benchmark runs, and says what it found in a table."""

import re

from sandbox.benchmark import benchmark


def test_the_table_has_the_sandbox_beside_a_bare_hello() -> None:
    lines = benchmark(requests=30).splitlines()
    rates = {
        found[1].strip(): found[2] for line in lines if (found := re.fullmatch(r"(.+?) +([\d,]+) requests.*", line))
    }
    assert list(rates) == ["a bare Starlette hello", "GET /users/{id}", "GET /users/{id}/events/{id}"]
    assert "0" not in rates.values()
