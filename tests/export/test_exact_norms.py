"""Instance norms as the comparison of a file has them: the same, and exact where ONNX Runtime's are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from limner.export.exact_norms import has_instance_norms, with_exact_norms
from limner.look.session import make_session

CHANNELS = 3
SCALE, SHIFT = (np.array(values, np.float32) for values in ((1.5, -0.5, 2.0), (0.1, 0.2, -0.3)))


def norm(side: int, **attributes: float) -> ModelProto:
    values: dict[str, Any] = {**attributes}
    node = helper.make_node("InstanceNormalization", ["x", "scale", "shift"], ["y"], **values)
    shape = [1, CHANNELS, side, side]
    ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name in ("x", "y")]
    constants = [numpy_helper.from_array(*pair) for pair in ((SCALE, "scale"), (SHIFT, "shift"))]
    graph = helper.make_graph([node], "norm", ends[0], ends[1], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def run(model: ModelProto, image: NDArray[np.float32]) -> NDArray[np.float32]:
    session: Any = make_session(model.SerializeToString(), Path("norm"))
    output: NDArray[np.float32] = session.run(None, {"x": image})[0]
    return output


def expected(image: NDArray[np.float32], epsilon: float) -> NDArray[np.float64]:
    exact = image.astype(np.float64)
    apart = exact - exact.mean((2, 3), keepdims=True)
    variance = (apart**2).mean((2, 3), keepdims=True)
    even = apart / np.sqrt(variance + epsilon)
    result: NDArray[np.float64] = even * SCALE.reshape(1, -1, 1, 1) + SHIFT.reshape(1, -1, 1, 1)
    return result


@pytest.mark.parametrize("attributes", [{}, {"epsilon": 0.25}])
def test_a_norm_spelled_out_is_the_operator(attributes: dict[str, float]) -> None:
    image = np.random.default_rng(0).random((1, CHANNELS, 32, 32), np.float32)
    model = norm(32, **attributes)
    spelled = with_exact_norms(model)
    assert has_instance_norms(model)
    assert not has_instance_norms(spelled)
    wanted = expected(image, attributes.get("epsilon", 1e-5))
    for each in (model, spelled):
        assert np.abs(run(each, image) - wanted).max() < 1e-5


def test_a_mean_of_many_equal_values_is_exact() -> None:
    image = np.full((1, CHANNELS, 256, 256), 3.3, np.float32)
    image[..., 200:, :] += np.random.default_rng(0).random((1, CHANNELS, 56, 256), np.float32)
    wanted, model = expected(image, 1.0), norm(256, epsilon=1.0)
    own, exact = (np.abs(run(each, image) - wanted).max() for each in (model, with_exact_norms(model)))
    assert exact < 3e-6
    assert exact < 0.5 * own
