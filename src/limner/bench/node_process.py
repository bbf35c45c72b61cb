"""Programs in Node that are measured, with a GPU where they need one."""

from __future__ import annotations

import shutil
from pathlib import Path

from limner.bench.json_process import JsonProcess, Unavailable
from limner.page.chromium import find_chromium

DRIVER = "vk_swiftshader_icd.json"


def start_node(
    program: Path, package: Path, *arguments: str, needs_gpu: bool, gpu: bool, timeout: float
) -> JsonProcess:
    """Start `program`, whose first argument is `package`, the folder of the built @limner/engine.

    If it needs a GPU, it gets the machine's with `gpu`, else Chromium's software GPU. `timeout` is in
    seconds, for one answer. Raises Unavailable with the reason where it cannot be started.
    """
    node = shutil.which("node")
    if node is None:
        raise Unavailable("Node was not found")
    if not (package / "node.js").is_file():
        raise Unavailable("@limner/engine is not built: run `npm run bench:build` in web/")
    variables = software_gpu() if needs_gpu and not gpu else {}
    if variables is None:
        raise Unavailable("Node cannot use Chromium's software GPU here; with --gpu it uses the machine's")
    return JsonProcess([node, str(program), str(package), *arguments], variables, timeout)


def software_gpu() -> dict[str, str] | None:
    """The variables with which Node finds Chromium's software GPU, on Linux; None if it cannot."""
    chromium = find_chromium()
    if chromium is None:
        return None
    # Debian starts Chromium by a script that is elsewhere.
    for folder in (Path(chromium).resolve().parent, Path("/usr/lib/chromium")):
        driver = folder / DRIVER
        if driver.is_file() and (folder / "libvulkan.so.1").is_file():
            files = dict.fromkeys(("VK_DRIVER_FILES", "VK_ICD_FILENAMES"), str(driver))
            return files | {"LD_LIBRARY_PATH": str(folder)}
    return None
