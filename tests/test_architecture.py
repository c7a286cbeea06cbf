"""What a linter does not see: the tree, the one clock, the one door for mail, and letters that are all worded."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from activities.letters.catalogue import KINDS
from workflows.every import WORKFLOWS

HOUSE = Path(__file__).parents[1]

# The packages of the house, each with the packages in it.
TREE = {
    "activities": {"letters"},
    "cli": {"demo", "demo/invariants", "doctor", "showcase"},
    "config": {"languages"},
    "cycle": set[str](),
    "integrations": {
        "database",
        "database/migrations",
        "database/migrations/versions",
        "database/tables",
        "entra",
        "graph",
        "temporal",
    },
    "sandbox": set[str](),
    "web": set[str](),
    "workflows": set[str](),
}

# The one clock; and in the stand-in tenant its own, beside the lifetimes of tokens, which are real on both sides.
READS_A_CLOCK = {"integrations/clock.py", "sandbox/clock.py", "sandbox/tokens.py"}
# Patience with other processes, how long a demo took, and what a benchmark is for: real time that decides nothing.
HOLDS_A_STOPWATCH = {
    "cli/bench.py",
    "cli/bench_web.py",
    "cli/demo/command.py",
    "cli/demo/runner.py",
    "cli/demo/virtual_time.py",
    "cli/processes.py",
    # Tokens and certificates live in real time: how often a failing one is tried again.
    "integrations/entra/app.py",
    "integrations/entra/tokens.py",
    "sandbox/benchmark.py",
    # How often one may send something guards the machine.
    "web/rate_limits.py",
}
# The outermost layers, where the unexpected becomes an answer.
TAKES_ANY_EXCEPTION = {"activities/failures.py", "cli/main.py", "sandbox/app.py", "web/frame.py"}
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "constants", "base", "manager", "service", "misc"}


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders or TREE:
        yield from sorted((HOUSE / folder).rglob("*.py"))
    if not folders:
        yield HOUSE / "worker.py"


def name(module: Path) -> str:
    return module.relative_to(HOUSE).as_posix()


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def attributes(module: Path) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Attribute):
            yield node.value, node.attr


def reads_a_clock(module: Path) -> bool:
    """Whether it asks the machine for the present: `datetime.now`, `date.today`, `time.time` and their like."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module == "time" and {each.name for each in node.names} & WALL:
            return True
    of_the_class = {"now", "utcnow", "today"}
    for value, attribute in attributes(module):
        owner = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
        if owner in {"datetime", "date"} and attribute in of_the_class:
            return True
        if owner in names_of_time(module) and attribute in WALL:
            return True
    return False


def holds_a_stopwatch(module: Path) -> bool:
    stopwatches = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}
    return any(
        (isinstance(value, ast.Name) and value.id in names_of_time(module) and attribute in stopwatches)
        or (isinstance(value, ast.Call) and attribute == "time" and "loop" in ast.unparse(value.func))
        for value, attribute in attributes(module)
    )


WALL = {"time", "time_ns"}


@cache
def names_of_time(module: Path) -> set[str]:
    """What the module calls the standard library's `time`."""
    return {
        each.asname or each.name
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Import)
        for each in node.names
        if each.name == "time"
    }


def takes_any_exception(module: Path) -> bool:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ExceptHandler):
            caught = [node.type] if not isinstance(node.type, ast.Tuple) else node.type.elts
            if any(each is None or ast.unparse(each) in {"Exception", "BaseException"} for each in caught):
                return True
    return False


def makes_a(module: Path, row: str) -> bool:
    """Whether it makes rows of this table: `Reading(...)`, `insert(Reading)`, `insert_once(session, Reading, ...)`."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            called, given = ast.unparse(node.func), {ast.unparse(each) for each in node.args}
            if called == row or (called.startswith("insert") and row in given):
                return True
    return False


def imported(module: Path) -> set[str]:
    """Every module that it imports from, and every name that it takes, as dotted paths."""
    found: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


def constants(module: Path) -> set[str]:
    return {node.value for node in ast.walk(tree(module)) if isinstance(node, ast.Constant) and type(node.value) is str}


# The tree


@pytest.mark.parametrize("package", TREE)
def test_the_packages_are_those_of_the_tree_and_no_others(package: str) -> None:
    root = HOUSE / package
    holding_code = {module.parent.relative_to(root).as_posix() for module in root.rglob("*.py")} - {"."}
    assert holding_code == TREE[package]


def test_no_code_stands_outside_the_tree() -> None:
    unseen = {"tests", "build", "dist"}
    with_code = {
        folder.name
        for folder in HOUSE.iterdir()
        if folder.is_dir() and not folder.name.startswith(".") and any(folder.glob("*.py"))
    }
    assert with_code - unseen == set(TREE)
    assert {file.name for file in HOUSE.glob("*.py")} == {"worker.py"}


def test_each_tool_is_told_of_every_package() -> None:
    told = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]
    assert {each.removesuffix("*") for each in told["setuptools"]["packages"]["find"]["include"]} == set(TREE)
    assert set(told["mypy"]["packages"]) == set(TREE)
    assert set(told["importlinter"]["root_packages"]) == set(TREE)


def test_every_module_says_what_it_decides_or_guards() -> None:
    assert [name(module) for module in modules() if tree(module).body and not ast.get_docstring(tree(module))] == []


def test_no_module_is_named_after_nothing_in_particular() -> None:
    named = {part.removesuffix(".py"): name(module) for module in modules() for part in Path(name(module)).parts}
    assert {part: named[part] for part in SAYS_NOTHING & set(named)} == {}


def test_the_composition_root_stays_short() -> None:
    assert len((HOUSE / "worker.py").read_text().splitlines()) < 120


# What only some may do


def test_only_the_clock_asks_what_time_it_is() -> None:
    assert {name(module) for module in modules() if reads_a_clock(module)} == READS_A_CLOCK


def test_only_what_waits_for_other_processes_holds_a_stopwatch() -> None:
    assert {name(module) for module in modules() if holds_a_stopwatch(module)} <= HOLDS_A_STOPWATCH


def test_only_the_outermost_layers_take_any_exception() -> None:
    assert {name(module) for module in modules() if takes_any_exception(module)} == TAKES_ANY_EXCEPTION


def test_who_read_what_is_noted_in_one_place() -> None:
    # The showcase invents a past, in which people have read.
    notes = {name(module) for module in modules() if makes_a(module, "Reading")}
    assert notes == {"integrations/database/readings.py", "cli/showcase/story.py"}


def test_a_workflow_neither_draws_lots_nor_reads_files_or_the_environment() -> None:
    """A task that only sets a timer is as safe as the timer; the rest of asyncio is not, so one module has it."""
    for module in modules("workflows"):
        unsafe = {"random", "uuid", "os", "pathlib", "time", "threading"}
        assert not imported(module) & (unsafe if module.name == "wake_up.py" else unsafe | {"asyncio"}), module
    of_asyncio = {
        each for owner, each in attributes(HOUSE / "workflows" / "wake_up.py") if ast.unparse(owner) == "asyncio"
    }
    assert of_asyncio == {"Task", "create_task"}


def test_the_sandbox_is_imported_by_the_command_line_alone() -> None:
    users = {
        name(module)
        for module in modules(*(set(TREE) - {"sandbox"}))
        if any(each.split(".")[0] == "sandbox" for each in imported(module))
    }
    assert all(user.startswith("cli/") for user in users)


# The one door for mail


def test_letters_leave_by_the_postbox_only() -> None:
    users = {name(module) for module in modules() if "integrations.graph.mail" in imported(module)}
    assert users == {"activities/__init__.py", "activities/letters/send.py"}
    delivers = {name(module) for module in modules("workflows") if "activities.letters.send" in imported(module)}
    assert delivers == {"workflows/postbox.py"}
    assert "Postbox" in {workflow.__name__ for workflow in WORKFLOWS}


def test_only_the_mail_client_asks_graph_to_send() -> None:
    ways = {"send", "send_mail", "reply", "reply_all", "forward"}
    ours = list(modules("activities", "cli", "config", "cycle", "integrations", "web", "workflows"))
    users = {
        name(module)
        for module in ours
        for value, attribute in attributes(module)
        if attribute == "post" and isinstance(value, ast.Attribute) and value.attr in ways
    }
    assert users == {"integrations/graph/mail.py"}
    assert [name(module) for module in ours if any("/sendMail" in each for each in constants(module))] == []


def test_an_event_is_written_by_the_calendar_activity_only() -> None:
    written = {"create_event", "move_event", "cancel_event"}
    writers = {
        name(module)
        for module in modules("activities", "cli", "web", "workflows")
        if written & {attribute for _, attribute in attributes(module)}
    }
    assert writers == {"activities/calendar.py"}


# Letters


def test_every_kind_of_letter_has_its_texts_and_every_folder_of_texts_its_kind() -> None:
    templates = HOUSE / "activities/letters/templates"
    folders = {folder.name: {file.name for file in folder.iterdir()} for folder in templates.iterdir()}
    assert folders.pop("layout")
    assert folders == {kind: {"subject.txt", "body.txt", "body.mjml"} for kind in KINDS}


def test_every_kind_of_letter_is_owed_by_an_activity_and_made_into_a_part() -> None:
    owers = [module for module in modules("activities") if module.parent.name != "letters"]
    owers += [module for module in modules("integrations") if module.parent.name == "database"]
    owed = set[str]().union(*(constants(module) for module in owers))
    composed = constants(HOUSE / "activities/letters/compose.py")
    assert set(KINDS) <= owed
    assert set(KINDS) <= composed
