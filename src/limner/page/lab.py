"""The lab: a page of its own on which small networks learn, served alone or added to a published page."""

from __future__ import annotations

import json
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from limner.errors import LimnerError
from limner.page.lab_data import MEDIA_TYPE, LabData
from limner.page.server import make_app, serve_app

WEB = Path(__file__).parents[1] / "_web_lab"
"""The built page: part of the wheel; in a checkout, `make web` builds it."""

FOLDER = "lab"
"""Its folder in a published page."""
LIST = "data/list.json"
"""Names the data files that lie beside the page: it asks for no others."""
CARS = "cars/cars.json"
"""The one data set that is small enough to be published with a page."""
STARTS = "starts"
"""Its networks that are trained already, in its folder of data."""


def check_built() -> None:
    """Raise LimnerError if the lab was not built."""
    if not (WEB / "index.html").is_file():
        raise LimnerError("The lab is not built yet: run `make web` in the checkout (it needs Node 20).")


def list_files(data: Path | None) -> list[str]:
    """The files of a data folder by their paths in it, sorted; none where there is no such folder.

    What a name with a dot hides, such as a download that broke off, is left out.
    """
    if data is None or not data.is_dir():
        return []
    paths = [path.relative_to(data) for path in data.rglob("*") if path.is_file()]
    return sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))


def list_starts() -> list[str]:
    """The trained networks that come with the lab, by their paths in its folder of data, sorted."""
    return sorted(f"{STARTS}/{path.name}" for path in (WEB / "data" / STARTS).glob("*.onnx"))


def make_lab_app(data: Path | None = None) -> Starlette:
    """Serve the lab, with the files of the folder `data` under /data, and those that are made for it."""
    made = LabData(data)

    def send_list(_: Request) -> Response:
        return JSONResponse({"files": sorted({*list_files(data), *list_starts(), *made})})

    def send_made(request: Request) -> Response:
        # Not for browsers to keep: a set may be fetched anew.
        path = request.url.path.removeprefix("/data/")
        return Response(made[path](), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-cache"})

    def send_start(request: Request) -> Response:
        return FileResponse(WEB / request.url.path.lstrip("/"), media_type=MEDIA_TYPE)

    routes: list[BaseRoute] = [Route(f"/{LIST}", send_list)]
    routes += [Route(f"/data/{path}", send_made) for path in made]
    own = set(list_files(data))
    routes += [Route(f"/data/{path}", send_start) for path in list_starts() if path not in own]
    if data is not None and data.is_dir():
        routes.append(Mount("/data", StaticFiles(directory=data)))
    return make_app(WEB, routes=routes)


def serve_lab(data: Path | None = None, *, port: int | None = None, open_browser: bool = True) -> None:
    """Print the lab's address, open it if asked to, and serve it until Ctrl-C. `data` holds data sets."""
    check_built()
    serve_app(make_lab_app(data), "The lab is", port=port, open_browser=open_browser)


def lab_contents(data: Path | None = None, *, pictures: bool = False) -> dict[str, bytes]:
    """The files of the lab for a published page, with the cars where `data` has them; index.html last.

    With `pictures`, also with those of the data sets that `data` has, and with SqueezeNet's features.
    """
    check_built()
    contents = {
        f"{FOLDER}/{path.relative_to(WEB).as_posix()}": path.read_bytes()
        for path in sorted(WEB.rglob("*"))
        if path.is_file()
    }
    files = list_starts()
    if CARS in list_files(data):
        assert data is not None  # it has that file
        files.append(CARS)
        contents[f"{FOLDER}/data/{CARS}"] = (data / CARS).read_bytes()
    if pictures:
        made = LabData(data)
        files += made
        contents |= {f"{FOLDER}/data/{path}": made[path]() for path in made}
    contents[f"{FOLDER}/{LIST}"] = json.dumps({"files": sorted(files)}).encode()
    contents[f"{FOLDER}/index.html"] = contents.pop(f"{FOLDER}/index.html")
    return contents


def with_link(index: str) -> str:
    """The page's index.html with a link to the lab, in its help."""
    link = f'<p class="hint"><a href="./{FOLDER}/">The lab</a>: networks that learn in the page.</p>'
    place = index.find("<button id=help-close")
    if place < 0:
        raise LimnerError("The page was built in another way than its lab expects: run `make web`.")
    return index[:place] + link + index[place:]
