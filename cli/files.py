"""Reading a file that somebody named on the command line."""

from pathlib import Path

from cli.refusal import Refused


def text_of(path: Path) -> str:
    """Raises Refused when there is no such file, or it is not text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refused(f"{path} cannot be read ({error.strerror}); check the file's name and rights.") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not UTF-8 text; save it as UTF-8 and try again.") from error
