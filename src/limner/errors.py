"""The one exception that a person is meant to read."""


class LimnerError(Exception):
    """One sentence that says what is wrong, where, and what to do.

    The command line prints it without a traceback and exits with status 1.
    """
