"""Names and shapes of outputs tell what a network does that makes no picture."""

import pytest

from limner.look.network_kind import Output, describe_outputs


@pytest.mark.parametrize(
    ("name", "shape", "sentence"),
    [
        ("y", (1, 84, 8400), "find things"),
        ("boxes", (1, 100), "find things"),
        ("y", (1, 21, 32, 32), "what each part of a picture shows (21 classes)"),
        ("embedding", (1, 512), "describe a picture by 512 numbers"),
        ("y", (1, 1), "gives one number"),
        ("heatmaps", (1, 17, 8, 8), "find points"),
        ("pose", (1, 17, 3), "find points"),
        ("body_pose", (1, 17, 3), "find points"),
        ("transpose_1", (1, 512), "what is in a picture (512 classes)"),
    ],
)
def test_an_output_tells_what_the_network_does(name: str, shape: tuple[int, ...], sentence: str) -> None:
    assert sentence in describe_outputs([Output(name, shape, is_integer=False)])


@pytest.mark.parametrize("shape", [(1, 1, 32, 32), (1, 256, 1024)])
def test_integers_name_parts(shape: tuple[int, ...]) -> None:
    sentence = describe_outputs([Output("y", shape, is_integer=True)])
    assert sentence == "seems to name what each part of a picture shows"
