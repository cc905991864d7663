"""What a config says of a model and its images, and its checksum."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.dataset_configs import pipeline_of_test
from mmvision_ext.utils.type_name import type_name


def inference_steps(config: Config) -> list[dict[str, Any]]:
    """Test pipeline of a config, without what needs labels.

    Args:
        config: A config, whose test dataset may be wrapped.

    Returns:
        The steps; the first one reads the image.

    Raises:
        InputError: There is no such pipeline, or it begins with something
            else.
    """
    steps = [
        step
        for step in pipeline_of_test(config)
        if type_name(step.get('type')) != 'RevealAttributes'
    ]
    first = type_name(steps[0].get('type')) if steps else 'no step'
    if not first.startswith('Load'):
        raise InputError(
            f'{config.filename or "config"}: test_dataloader.dataset.pipeline:'
            ' expected LoadObjectCrop, LoadUprightImage or LoadImageFromFile '
            f'first, found {first}.'
        )
    return steps


def config_checksum(config: Config, names: Sequence[str]) -> str:
    """SHA-256 of what decides the scores of an image, beside the weights.

    Args:
        config: The config of a model.
        names: Names of its attributes or classes.

    Returns:
        64 hexadecimal digits, of the model, its preprocessing, the steps of
        its test pipeline and the names.

    Raises:
        InputError: See :func:`inference_steps`.
    """
    settings = dict(
        model=config.model.to_dict(),
        pipeline=inference_steps(config),
        names=list(names),
    )
    if config.get('data_preprocessor'):
        settings['data_preprocessor'] = config.data_preprocessor.to_dict()
    return settings_checksum(settings)


def settings_checksum(settings: Mapping[str, Any]) -> str:
    """SHA-256 of settings.

    Args:
        settings: Texts, numbers, lists and dicts of these; what else there is
            counts by its text.

    Returns:
        64 hexadecimal digits, the same in whatever order the keys are.
    """
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
