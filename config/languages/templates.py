"""Templates compiled once a language: its regions differ only in what is filled in."""

from functools import cache
from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from config.languages import Language


@cache
def compiled_in(language: Language) -> "Compiled":
    """For every environment whose texts are of this language: a company has few languages, and many regions."""
    return Compiled()


class Compiled(BytecodeCache):
    """Code in memory, by a template's name, folder and source. Environments that share it have the same extensions."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code
