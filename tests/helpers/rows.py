"""What a row of `limner bench everywhere` must be in JSON."""

from __future__ import annotations

from typing import Any

SCHEMA: dict[str, tuple[type, ...]] = {
    "model": (str,),
    "platform": (str,),
    "runtime": (str,),
    "version": (str,),
    "backend": (str,),
    "device": (str,),
    "software": (bool,),
    "threads": (int, type(None)),
    "precision": (str,),
    "batch": (int,),
    "kind": (str,),
    "runs": (int,),
    "p10Ms": (float, type(None)),
    "p50Ms": (float, type(None)),
    "p90Ms": (float, type(None)),
    "minMs": (float, type(None)),
    "steady": (bool,),
    "loadMs": (float, type(None)),
    "firstRunMs": (float, type(None)),
    "cpuMs": (float, type(None)),
    "maxDifference": (float, type(None)),
    "accuracy": (float, type(None)),
    "accuracyDifference": (float, type(None)),
    "bytes": (int, type(None)),
}
"""The fields of a row in JSON, and their types."""


def check_row(row: dict[str, Any]) -> None:
    """Fail where a row of the JSON is not as it is documented."""
    assert row.keys() - {"reason"} == SCHEMA.keys()
    for name, types in SCHEMA.items():
        value = float(row[name]) if types[0] is float and type(row[name]) is int else row[name]
        assert type(value) in types, (name, value)
    assert row["platform"] in ("python", "node", "browser")
    assert row["kind"] in ("inference", "training")
    if "reason" in row:
        assert row["reason"].endswith(".")
        assert row["runs"] == 0
        assert row["p50Ms"] is None
    else:
        assert row["runs"] > 0
        if row["p10Ms"] is None:
            assert 0 < row["minMs"] <= row["p50Ms"]
            assert (row["p90Ms"], row["steady"]) == (None, False)
        else:
            assert 0 < row["minMs"] <= row["p10Ms"] <= row["p50Ms"] <= row["p90Ms"]
        assert row["version"]
