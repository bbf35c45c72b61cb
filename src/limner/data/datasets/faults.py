"""Why a server did not give a file, in words for people."""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager

from limner.errors import first_line

ANSWERS = {
    401: "it refuses to give the file (401)",
    403: "it refuses to give the file (403)",
    404: "it does not have the file (404)",
    407: "the proxy between wants a password (407)",
    410: "it has the file no more (410)",
    429: "it has had too many requests (429); try again in some minutes",
}
"""By status code of HTTP."""

BRIEF = (408, 425, 429)
"""Status codes below 500 of faults that may pass."""


class TransferError(Exception):
    """Why a mirror did not give a file. The message continues `HOST: `."""

    def __init__(self, reason: str, *, may_pass: bool = False, is_offline: bool = False) -> None:
        super().__init__(reason)
        self.may_pass = may_pass
        """Whether the same request may succeed some seconds later."""
        self.is_offline = is_offline
        """Whether it looks as if this machine had no network."""


@contextmanager
def network_faults(silence: float) -> Iterator[None]:
    """Turn what urllib, http.client and sockets raise into a TransferError; `silence` is their limit."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise status_fault(error.code) from error
    except urllib.error.URLError as error:
        cause = error.reason if isinstance(error.reason, Exception) else error
        raise _fault_of(cause, silence) from error
    except (http.client.HTTPException, OSError) as error:
        raise _fault_of(error, silence) from error


def status_fault(code: int) -> TransferError:
    """The fault that a status code of HTTP tells."""
    if code >= 500:
        return TransferError(f"it has a fault of its own ({code})", may_pass=True)
    return TransferError(ANSWERS.get(code, f"it answered {code}"), may_pass=code in BRIEF)


def _fault_of(error: Exception, silence: float) -> TransferError:
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = "is the clock of this machine right?"
        return TransferError(f"its certificate was refused ({error.verify_message}): {advice}")
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, ConnectionError):
        return TransferError(f"it does not speak HTTP ({first_line(error)})")
    passing = {
        TimeoutError: f"it was silent for {silence:g} seconds",
        ConnectionRefusedError: "it is down: it refused the connection",
        ConnectionError: "it broke off the connection",
        http.client.HTTPException: "it broke off the connection",
        ssl.SSLError: "it broke off the connection",
    }
    for kind, reason in passing.items():
        if isinstance(error, kind):
            return TransferError(reason, may_pass=True)
    if isinstance(error, socket.gaierror):
        return TransferError("its name was not found", is_offline=True)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else first_line(error)
    return TransferError(f"there is no way to it ({reason})", is_offline=True)
