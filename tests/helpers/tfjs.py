"""Runs a folder for TensorFlow.js in Node, as a page loads it."""

import json
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from limner.export.tfjs import MODEL

ROOT = Path(__file__).parents[2]
TFJS = ROOT / "web" / "node_modules" / "@tensorflow" / "tfjs-converter"


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


def run_tfjs(script: str, folder: Path, request: Any) -> Any:
    """What a script of tests/export answers to `request` with the model, served by a plain HTTP server."""
    if shutil.which("node") is None or not TFJS.is_dir():
        pytest.skip("TensorFlow.js is not installed: it needs Node and `npm ci` in web/")
    inputs, outputs = folder.parent / "inputs.json", folder.parent / "outputs.json"
    inputs.write_text(json.dumps(request))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/{MODEL}"
        command = ["node", str(ROOT / "tests" / "export" / script), address, str(inputs), str(outputs)]
        completed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        server.shutdown()
    assert completed.returncode == 0, completed.stderr
    return json.loads(outputs.read_text())
