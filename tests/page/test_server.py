"""The server answers this machine only, and serves only the page's files."""

from __future__ import annotations

import socket
import threading
import urllib.request
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from limner.errors import LimnerError
from limner.page import server
from limner.page.server import listen, make_app, serve, serve_during


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>limner</title>")
    (folder / "assets" / "engine.js").write_text("export {}")
    (folder / "assets" / "ort.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("not for visitors")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def client(page: Path, host: str = "localhost:8000") -> TestClient:
    return TestClient(make_app(page), base_url=f"http://{host}")


def test_serves_the_content_types_that_browsers_require(page: Path) -> None:
    web = client(page)
    assert web.get("/").text == "<title>limner</title>"
    assert web.get("/assets/engine.js").headers["content-type"].startswith("text/javascript")
    assert web.get("/assets/ort.wasm").headers["content-type"] == "application/wasm"


def test_cross_origin_isolation_headers_allow_wasm_threads(page: Path) -> None:
    headers = client(page).get("/").headers
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost"])
def test_accepts_its_own_host_names(page: Path, host: str) -> None:
    assert client(page, host).get("/").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "192.168.1.7:8000"])
def test_refuses_other_hosts(page: Path, host: str) -> None:
    assert client(page, host).get("/").status_code == 400


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/link.txt", "/none"]
)
def test_refuses_paths_outside_the_page(page: Path, path: str) -> None:
    assert client(page).get(path).status_code == 404


def test_uses_the_next_port_if_one_is_taken() -> None:
    with listen(None) as first, listen(None) as second:
        assert first.getsockname()[0] == "127.0.0.1"
        assert first.getsockname()[1] != second.getsockname()[1]


def test_a_taken_port_raises() -> None:
    with listen(None) as first, pytest.raises(LimnerError, match="cannot be used"):
        listen(first.getsockname()[1])


@pytest.mark.parametrize("port", [-1, 70000])
def test_an_invalid_port_raises_and_is_named(port: int) -> None:
    with pytest.raises(LimnerError, match=str(port)):
        listen(port)


def test_serving_a_folder_that_is_not_a_page_raises(tmp_path: Path) -> None:
    with pytest.raises(LimnerError, match="limner publish"):
        serve(tmp_path)


def test_listens_on_loopback(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with listen(0) as probe:  # any free port: other programs often use those from 8000
        port = probe.getsockname()[1]
    thread = threading.Thread(target=serve, args=(page,), kwargs={"port": port, "open_browser": False})
    thread.daemon = True
    thread.start()
    for _ in range(1200):
        thread.join(0.05)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
                connection.sendall(f"GET / HTTP/1.0\r\nHost: localhost:{port}\r\n\r\n".encode())
                assert b"200 OK" in connection.recv(100)
                break
        except ConnectionRefusedError:
            continue
    else:
        pytest.fail("the server did not answer")
    assert f"http://127.0.0.1:{port}/" in capsys.readouterr().out


def test_a_page_is_served_while_work_goes_on_and_after_it(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[str] = []

    def ask() -> None:
        address = capsys.readouterr().out.split(" at ")[1].split()[0]
        answers.append(urllib.request.urlopen(address, timeout=10).read().decode())

    monkeypatch.setattr(server, "_wait_for_ctrl_c", ask)
    with serve_during(page, open_browser=False):
        ask()
    assert answers == ["<title>limner</title>"] * 2
