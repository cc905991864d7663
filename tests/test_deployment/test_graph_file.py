"""No ONNX file reads another one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

for _package in ('onnx', 'onnxruntime'):
    pytest.importorskip(_package, reason='extra deploy is not installed')

import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

from mmvision_ext.apis import (  # noqa: E402
    ClassificationInferencer,
    load_inferencer,
    task_of,
)
from mmvision_ext.deployment.graph_file import read_graph  # noqa: E402
from mmvision_ext.deployment.session import (  # noqa: E402
    OnnxClassifier,
    OnnxDetector,
)
from mmvision_ext.utils import InputError  # noqa: E402

SECRET = b'password'


def external(location: str) -> TensorProto:
    """A tensor whose values are the bytes of another file."""
    tensor = TensorProto(name='leak', data_type=TensorProto.UINT8)
    tensor.dims.append(len(SECRET))
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key='location', value=location)
    return tensor


def save(path: Path, nodes: list[Any], tensors: list[Any]) -> Path:
    """A graph of the output 'probabilities', float32, (8,)."""
    image = helper.make_tensor_value_info(
        'image', TensorProto.FLOAT, [1, 3, 'h', 'w']
    )
    scores = helper.make_tensor_value_info(
        'probabilities', TensorProto.FLOAT, [len(SECRET)]
    )
    graph = helper.make_graph(nodes, 'g', [image], [scores], tensors)
    opset = [helper.make_opsetid('', 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def cast(name: str = 'leak') -> Any:
    return helper.make_node(
        'Cast', [name], ['probabilities'], to=TensorProto.FLOAT
    )


def in_initializer(path: Path, tensor: Any) -> Path:
    return save(path, [cast()], [tensor])


def in_constant(path: Path, tensor: Any) -> Path:
    return save(
        path,
        [helper.make_node('Constant', [], ['leak'], value=tensor), cast()],
        [],
    )


def in_branch(path: Path, tensor: Any) -> Path:
    """Constant in the two graphs of an If."""
    out = helper.make_tensor_value_info('x', TensorProto.UINT8, [len(SECRET)])
    constant = helper.make_node('Constant', [], ['x'], value=tensor)
    branch = helper.make_graph([constant], 'b', [], [out])
    true = helper.make_tensor('true', TensorProto.BOOL, [], [True])
    choose = helper.make_node(
        'If', ['true'], ['leak'], then_branch=branch, else_branch=branch
    )
    return save(path, [choose, cast()], [true])


def in_sparse_tensor(path: Path, tensor: Any) -> Path:
    model = onnx.load(
        in_initializer(
            path, helper.make_tensor('a', TensorProto.UINT8, [1], [1])
        )
    )
    model.graph.sparse_initializer.add().values.CopyFrom(tensor)
    path.write_bytes(model.SerializeToString())
    return path


def in_function(path: Path, tensor: Any) -> Path:
    model = onnx.load(
        in_initializer(
            path, helper.make_tensor('a', TensorProto.UINT8, [1], [1])
        )
    )
    constant = helper.make_node('Constant', [], ['x'], value=tensor)
    model.functions.add(name='f').node.append(constant)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    'make',
    [in_initializer, in_constant, in_branch, in_sparse_tensor, in_function],
)
@pytest.mark.parametrize('relative', [False, True])
def test_files_that_name_others_are_refused(
    make: Any,
    relative: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def session(*arguments: Any, **options: Any) -> None:
        pytest.fail('the file was given to ONNX Runtime')

    monkeypatch.setattr(onnxruntime, 'InferenceSession', session)
    secret = tmp_path / 'secret'
    secret.write_bytes(SECRET)
    (tmp_path / 'models').mkdir()
    path = make(
        tmp_path / 'models' / 'm.onnx',
        external('../secret' if relative else str(secret)),
    )
    for load in (
        ClassificationInferencer,
        load_inferencer,
        task_of,
        OnnxClassifier,
        OnnxDetector,
    ):
        with pytest.raises(InputError, match=r'm\.onnx: .*external data'):
            load(path)


def test_a_place_without_the_flag_counts(tmp_path: Path) -> None:
    tensor = external('secret')
    tensor.ClearField('data_location')
    path = in_initializer(tmp_path / 'm.onnx', tensor)
    with pytest.raises(InputError, match="tensor 'leak' names another file"):
        read_graph(path)


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    """A field of a later version could name a file as well."""
    tensor = helper.make_tensor('leak', TensorProto.UINT8, [8], list(SECRET))
    path = in_initializer(tmp_path / 'm.onnx', tensor)
    content = path.read_bytes()
    path.write_bytes(content + b'\xfa\x7f\x03abc')  # field 2047
    assert read_graph(path).SerializeToString() == content


def test_damaged_files_are_one_error(tmp_path: Path) -> None:
    path = tmp_path / 'm.onnx'
    for content in (b'no model', b'', b'\x3a\xff\xff'):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r'm\.onnx: expected'):
            OnnxClassifier(path)


def test_other_graphs_are_refused(tmp_path: Path) -> None:
    tensor = helper.make_tensor('leak', TensorProto.UINT8, [8], list(SECRET))
    path = in_initializer(tmp_path / 'm.onnx', tensor)
    with pytest.raises(InputError, match='found probabilities'):
        OnnxClassifier(path)
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim.pop()
    onnx.save(model, path)
    with pytest.raises(InputError, match='expected one input of float32'):
        OnnxDetector(path)
    del model.graph.input[:]
    onnx.save(model, path)
    with pytest.raises(InputError, match='found 0 of'):
        OnnxDetector(path)


def test_outputs_of_another_shape_are_refused(tmp_path: Path) -> None:
    values = [
        ('boxes', np.zeros((2, 4), np.float32)),
        ('scores', np.zeros(3, np.float32)),
        ('labels', np.zeros(3, np.int64)),
    ]
    nodes = [
        helper.make_node(
            'Constant', [], [name], value=onnx.numpy_helper.from_array(value)
        )
        for name, value in values
    ]
    path = save(tmp_path / 'm.onnx', nodes, [])
    model = onnx.load(path)
    del model.graph.output[:]
    for name, value in values:
        model.graph.output.append(
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), None
            )
        )
    onnx.save(model, path)
    with pytest.raises(InputError, match=r'm\.onnx: .*\(3, 4\).* boxes'):
        OnnxDetector(path)(np.zeros((3, 8, 8), np.float32))
