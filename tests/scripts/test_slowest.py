"""The slowest tests of several JUnit reports."""

from pathlib import Path

from slowest import slowest

REPORT = """<testsuites><testsuite>
<testcase classname="{name}" name="quick" time="0.5"/>
<testcase classname="{name}" name="slow" time="{time}"/>
</testsuite></testsuites>"""


def test_the_slowest_come_first(tmp_path: Path) -> None:
    reports = [tmp_path / "python.xml", tmp_path / "web.xml"]
    reports[0].write_text(REPORT.format(name="loop", time=3))
    reports[1].write_text(REPORT.format(name="frames.test.ts", time=12.5))
    assert slowest(reports, count=3) == [
        (12.5, "frames.test.ts: slow"),
        (3.0, "loop: slow"),
        (0.5, "loop: quick"),
    ]
