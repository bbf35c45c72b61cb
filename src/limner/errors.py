"""The exception with a sentence for the user, and short messages for exceptions of others."""

import errno

ADVICE = {
    errno.ENOENT: "check its name",
    errno.ENAMETOOLONG: "give a shorter one",
    errno.EACCES: "change its permissions, or choose another",
    errno.EPERM: "change its permissions, or choose another",
    errno.ENOSPC: "free some space and run the same command again",
}
"""What to do where the system refuses a file that is read, or one that no stage has a sentence for."""


class LimnerError(Exception):
    """One sentence that says what is wrong, where, and what to do.

    The command line prints it without a traceback and exits with status 1.
    """


def first_line(error: Exception, limit: int = 100) -> str:
    """The first line of an exception's message, at most `limit` characters; its class name if empty."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:limit]


def system_reason(error: OSError) -> str:
    """Why the system refused, and what to do where known: `File name too long: give a shorter one`."""
    reason = error.strerror or first_line(error)
    advice = ADVICE.get(error.errno or 0)
    return f"{reason}: {advice}" if advice else reason
