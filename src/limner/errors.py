"""The exception with a sentence for the user, and a one-line message for a library's exception."""


class LimnerError(Exception):
    """One sentence that says what is wrong, where, and what to do.

    The command line prints it without a traceback and exits with status 1.
    """


def first_line(error: Exception, limit: int = 100) -> str:
    """The first line of an exception's message, at most `limit` characters; its class name if empty."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:limit]
