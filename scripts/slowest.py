"""Print the slowest tests of JUnit reports: python scripts/slowest.py REPORT.xml ..."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

COUNT = 15


def slowest(reports: list[Path], count: int = COUNT) -> list[tuple[float, str]]:
    """The seconds and the names of the slowest tests, slowest first."""
    cases = [case for report in reports for case in ElementTree.parse(report).iter("testcase")]
    timed = [(float(case.get("time", 0)), f"{case.get('classname')}: {case.get('name')}") for case in cases]
    return sorted(timed, reverse=True)[:count]


if __name__ == "__main__":
    print(f"The {COUNT} slowest tests:")
    for seconds, name in slowest([Path(argument) for argument in sys.argv[1:]]):
        print(f"{seconds:7.1f} s  {name}")
