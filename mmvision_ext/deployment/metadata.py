"""What an exported file says of itself."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmvision_ext.apis.attribute_settings import settings_checksum
from mmvision_ext.apis.exported_steps import stored_steps
from mmvision_ext.engine.checkpointing.durable import file_digest
from mmvision_ext.version import __version__


def describe_model(
    model: Any, checkpoint: str | Path, task: str, channel_order: str
) -> dict[str, str]:
    """Say what every kind of model says.

    Args:
        model: A model with ``cfg`` and ``dataset_meta``.
        checkpoint: File of its weights.
        task: What it does, see :func:`~mmvision_ext.apis.task.task_of`.
        channel_order: Of the input, ``'BGR'`` or ``'RGB'``.

    Returns:
        ``task``, ``classes`` (JSON list), ``dataset_meta`` (JSON: what else
        is known of the classes), ``pipeline`` (JSON: the steps from an image
        to the input), ``channel_order``, ``value_range``, ``mean`` and
        ``std`` (JSON, applied by the graph itself), ``normalised_order``
        (``'RGB'`` or ``'BGR'``: of which channels these are),
        ``config``, ``config_sha256`` (of all settings after inheritance),
        ``checkpoint``, ``checkpoint_sha256`` and ``mmvision_ext`` (version).

    Raises:
        InputError: The test pipeline has a step that cannot be stored.
    """
    config, preprocessor = model.cfg, model.data_preprocessor
    weights = Path(checkpoint)
    return {
        'task': task,
        'classes': json.dumps(list(model.dataset_meta['classes'])),
        'dataset_meta': json.dumps(
            _about_classes(model.dataset_meta), default=_plain
        ),
        'pipeline': json.dumps(stored_steps(config)),
        'channel_order': channel_order,
        'value_range': '0-255',
        'mean': json.dumps(_values(preprocessor, 'mean')),
        'std': json.dumps(_values(preprocessor, 'std')),
        'normalised_order': _normalised_order(preprocessor, channel_order),
        'config': str(config.filename),
        'config_sha256': settings_checksum(config.to_dict()),
        'checkpoint': str(checkpoint),
        'checkpoint_sha256': file_digest(weights) if weights.is_file() else '',
        'mmvision_ext': __version__,
    }


def _about_classes(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Colours and groups of the classes, where they are known."""
    return {
        key: meta[key]
        for key in ('palette', 'attribute_groups')
        if meta.get(key) is not None
    }


def _plain(value: Any) -> Any:
    """Arrays as lists."""
    return value.tolist()


def _normalised_order(preprocessor: Any, channel_order: str) -> str:
    """Order of the channels where mean and deviation are applied."""
    swaps = getattr(
        preprocessor,
        '_channel_conversion',  # of mmengine and mmdet
        getattr(preprocessor, 'to_rgb', False),  # of mmpretrain
    )
    return channel_order[::-1] if swaps else channel_order


def _values(preprocessor: Any, name: str) -> list[float] | None:
    values = getattr(preprocessor, name, None)
    return None if values is None else values.flatten().tolist()
