"""What a config's model does, and the inferencer that does it."""

from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from mmengine.config import Config

from mmvision_ext.utils import InputError, brief
from mmvision_ext.utils.config.class_check import has_vocabulary
from mmvision_ext.utils.type_name import type_name

from .attribute_inferencer import AttributeInferencer
from .classification_inferencer import ClassificationInferencer
from .exported_model import exported_task, is_exported
from .inferencer import DetectionInferencer
from .model import load_config
from .open_vocab_inferencer import OpenVocabDetInferencer

Task = Literal[
    'detection', 'open-vocabulary detection', 'classification', 'attributes'
]
TASKS: tuple[Task, ...] = get_args(Task)

#: What all of them share: a call from images to a list of results.
Inferencer: TypeAlias = (
    DetectionInferencer | ClassificationInferencer | AttributeInferencer
)

#: What does a task; each is called alike but for the options of its own.
INFERENCERS: dict[Task, Any] = {
    'detection': DetectionInferencer,
    'open-vocabulary detection': OpenVocabDetInferencer,
    'classification': ClassificationInferencer,
    'attributes': AttributeInferencer,
}


def task_of(config: str | Path | Config) -> Task:
    """What the model of a config does.

    Args:
        config: Config file, name of a config in the model index, config, or
            exported file.

    Returns:
        ``'detection'`` (also of instances), ``'open-vocabulary detection'``,
        ``'classification'`` or ``'attributes'``.

    Raises:
        InputError: The config or the exported file cannot be read, or the
            config is of another project.
    """
    if is_exported(config):
        return exported_task(config)
    config = load_config(config)
    model = _settings(config, 'model', config.get('model') or {})
    if config.get('default_scope', 'mmdet') == 'mmdet':
        if has_vocabulary(model):
            return 'open-vocabulary detection'
        return 'detection'
    evaluators = config.get('test_evaluator') or ()
    if not isinstance(evaluators, (list, tuple)):
        evaluators = [evaluators]
    parts = [
        model,
        _settings(config, 'model.head', model.get('head') or {}),
        *(_settings(config, 'test_evaluator', part) for part in evaluators),
    ]
    if any('Attribute' in type_name(part.get('type')) for part in parts):
        return 'attributes'
    return 'classification'


def _settings(config: Config, key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(
            f'{config.filename or "config"}: {key}: expected settings, found '
            f'{brief(value)}.'
        )
    return value


def load_inferencer(
    config: str | Path | Config,
    checkpoint: str | Path | None = None,
    device: str | None = None,
    trust_checkpoint: bool = False,
    **options: Any,
) -> Inferencer:
    """Load the inferencer that fits a config.

    Args:
        config: Config file, name of a config in the model index, config, or
            exported file.
        checkpoint: File or http(s) address of the weights; None takes the
            address in the model index.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        trust_checkpoint: Whether code that the checkpoint holds is run.
        **options: What the inferencer of this task takes beside, such as
            ``score_thr`` of detectors or ``thresholds`` of attributes.

    Returns:
        The inferencer.

    Raises:
        InputError: The config or checkpoint cannot be used.
    """
    if not is_exported(config):
        config = load_config(config)
    return INFERENCERS[task_of(config)](
        config,
        checkpoint,
        device=device,
        trust_checkpoint=trust_checkpoint,
        **options,
    )
