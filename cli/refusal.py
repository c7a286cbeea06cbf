"""The end of a command that cannot do what it was asked: sentences on stderr, exit code 1, and nothing half-done."""


class Refused(Exception):
    """Why a command does nothing: one sentence each, with the thing's name and what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
