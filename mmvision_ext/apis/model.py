"""A model from a config and a checkpoint, with one clear error."""

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import torch
from mmdet.apis import init_detector
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DATASETS, MODELS, DefaultScope

from mmvision_ext.datasets.tensor_images import TensorImageDataset
from mmvision_ext.engine.checkpointing import (
    match_state_dict,
    read_checkpoint,
    state_of,
)
from mmvision_ext.models.text.vocabulary import Vocabulary
from mmvision_ext.utils import InputError, reason_of
from mmvision_ext.utils.config.class_check import has_vocabulary
from mmvision_ext.utils.config.options import merge_options
from mmvision_ext.utils.config.read import read_config
from mmvision_ext.utils.model_index import find_config, published_weights

from .attribute_words import tell_names, without_words

#: A detector of mmdet with ``cfg`` and ``dataset_meta``. Any, since the type
#: of ``nn.Module`` makes every such attribute a tensor or module.
Detector: TypeAlias = Any

#: A classifier of mmpretrain with ``cfg`` and ``dataset_meta``.
Classifier: TypeAlias = Any

# What builders raise for unknown types, wrong arguments and missing files.
BUILD_ERRORS = (
    AssertionError,
    AttributeError,
    ImportError,
    KeyError,
    OSError,
    TypeError,
    ValueError,
)


def load_detector(
    config: str | Path | Config,
    checkpoint: str | Path | None = None,
    device: str | None = None,
    trust_checkpoint: bool = False,
) -> Detector:
    """Build a detector for inference and fill it from a checkpoint.

    The model is what :func:`mmdet.apis.init_detector` returns, so every
    function of mmdet works on it. In addition, the checkpoint is read
    without running code from it, and one that does not fit the model is an
    error instead of a warning.

    Args:
        config: Config file, name of a config in the model index, or config.
        checkpoint: File or http(s) address of the weights; None takes the
            address in the model index.
        device: Such as ``'cuda:0'`` or ``'cpu'``. None takes the first GPU
            where there is one.
        trust_checkpoint: Whether code that the checkpoint holds is run, see
            :func:`~mmvision_ext.engine.checkpointing.read_checkpoint`.

    Returns:
        The model on its device in evaluation mode, with ``cfg`` (its config)
        and ``dataset_meta`` (``classes``, and ``palette`` where known).

    Raises:
        InputError: A file is missing or unreadable, no weights are
            published, the weights do not fit the model, or neither file
            names the classes.
    """
    return _load(
        load_config(config),
        _empty_detector,
        checkpoint,
        device,
        trust_checkpoint,
    )


def load_classifier(
    config: str | Path | Config,
    checkpoint: str | Path | None = None,
    device: str | None = None,
    trust_checkpoint: bool = False,
) -> Classifier:
    """Build a classifier for inference and fill it from a checkpoint.

    The model works with mmpretrain's inferencers. Nothing is downloaded and
    no code of the checkpoint is run unless asked for.

    Args:
        config: Config file, name of a config in the model index, or config.
        checkpoint: File or http(s) address of the weights; None takes the
            address in the model index.
        device: Such as ``'cuda:0'`` or ``'cpu'``. None takes the first GPU
            where there is one.
        trust_checkpoint: Whether code that the checkpoint holds is run, see
            :func:`~mmvision_ext.engine.checkpointing.read_checkpoint`.

    Returns:
        The model on its device in evaluation mode, with ``cfg`` (its config)
        and ``dataset_meta`` (``classes``).

    Raises:
        InputError: A file is missing or unreadable, no weights are
            published, the weights do not fit the model, or neither file
            names the classes; or the model takes embeddings of its classes
            from a file, which cannot be used.
    """
    config = load_config(config)
    config.setdefault('default_scope', 'mmpretrain')
    model = _load(
        config, empty_classifier, checkpoint, device, trust_checkpoint
    )
    tell_names(model, model.dataset_meta['classes'])
    # Where mmpretrain looks for them.
    model._config, model._dataset_meta = model.cfg, model.dataset_meta
    for part in model.modules():
        if isinstance(part, Vocabulary):  # whose file has an order of its own
            part.use(model.dataset_meta['classes'])
    return model


def load_config(
    config: str | Path | Config, options: Mapping[str, Any] | None = None
) -> Config:
    """Read a config file; a config passes through as a copy.

    Args:
        config: Config file, name of a config in the model index, or config.
        options: Settings to override, dotted key to value.

    Returns:
        The config, the caller's to change.

    Raises:
        InputError: The file does not exist or cannot be read, or an option
            is mistyped.
    """
    if isinstance(config, Config):
        config = copy.deepcopy(config)
    else:
        config = read_config(find_config(config))
    merge_options(config, options or {})
    return config


@contextmanager
def config_faults(config: Config, key: str) -> Iterator[None]:
    """Turn what a wrong part of a config does into one message.

    Args:
        config: The config from which something is built.
        key: The part, such as ``'model'``.

    Raises:
        InputError: The config has no such part; or in the place of the error
            of a builder: an unknown type or argument, or a missing file.
    """
    place = f'{config.filename or "config"}: {key}'
    if not config.get(key):
        raise InputError(f'{place}: expected in the config, found none.')
    try:
        yield
    except InputError:
        raise
    except BUILD_ERRORS as error:
        reason = error.args[0] if isinstance(error, KeyError) else error
        raise InputError(
            f'{place}: cannot be built: {type(error).__name__}: {reason}'
        ) from error


def count_parameters(config: Config) -> int:
    """Number of parameters of a config's classifier, trained or not.

    Args:
        config: A classification config.

    Returns:
        The number, without buffers such as running statistics.
    """
    config = load_config(config)
    config.setdefault('default_scope', 'mmpretrain')
    with config_faults(config, 'model'):
        model = empty_classifier(config)
    return sum(parameter.numel() for parameter in model.parameters())


def pick_device(device: str | None) -> str:
    """The device asked for, or the first GPU, or the CPU.

    Args:
        device: Such as ``'cuda:0'`` or ``'cpu'``; None chooses.

    Returns:
        Name of the device.

    Raises:
        InputError: This machine has no such device.
    """
    name = device or ('cuda:0' if torch.cuda.is_available() else 'cpu')
    try:
        torch.empty(0, device=name)
    except (AssertionError, ImportError, RuntimeError) as error:
        raise InputError(
            f'device: expected one of this machine, such as cpu or cuda:0, '
            f'found {name!r} ({reason_of(error)}).'
        ) from error
    return name


def dataset_metainfo(config: Config) -> dict[str, Any]:
    """Metainfo of a config's test dataset, without reading its annotations.

    Args:
        config: Config of a detector or classifier.

    Returns:
        The metainfo, with ``classes`` where the dataset names them.
    """
    dataset = config.test_dataloader.dataset.to_dict()
    while 'type' in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    with (
        DefaultScope.overwrite_default_scope(
            config.get('default_scope', 'mmdet')
        ),
        config_faults(config, 'test_dataloader'),
    ):
        kind = dataset['type']
        if isinstance(kind, str):
            kind = DATASETS.get(kind)
        if kind and issubclass(kind, TensorImageDataset):
            return dict(kind.config_metainfo(dataset))  # it cannot be lazy
        dataset['lazy_init'] = True
        return dict(DATASETS.build(dataset).metainfo)


def _load(
    config: Config,
    build: Callable[[Config], Any],
    checkpoint: str | Path | None,
    device: str | None,
    trust: bool,
) -> Any:
    """What all kinds of model have in common."""
    device = pick_device(device)
    if checkpoint is None:
        checkpoint = published_weights(config.filename)
    content = read_checkpoint(checkpoint, trust)
    with config_faults(config, 'model'):
        model = build(config)
    state = state_of(content)
    report = match_state_dict(model.state_dict(), state)
    try:  # load hooks of some models rename or resize entries
        missing, surplus = model.load_state_dict(state, strict=False)
        fits = not without_words(model, missing)
    except RuntimeError:  # shapes
        fits = False
    if not fits:
        raise InputError(
            f'checkpoint {checkpoint} does not fit the model of '
            f'{config.filename or "the config"}: expected the same '
            f'architecture and class count.\n{report.summary(str(checkpoint))}'
            '\nName the config that the checkpoint was trained with; it lies '
            'beside the checkpoint in its work directory.'
        )
    if surplus:
        warnings.warn(
            f'checkpoint {checkpoint}: {len(surplus)} of {len(state)} entries '
            f'have no place in the model of {config.filename or "the config"} '
            f'and are left out: {", ".join(surplus[:3])}'
            f'{", ..." if len(surplus) > 3 else ""}. Name the config that the '
            'checkpoint was trained with, or results will be others.',
            stacklevel=3,
        )
    model.cfg = config
    model.dataset_meta = _dataset_meta(content, config, checkpoint)
    return model.to(device).eval()


def _empty_detector(config: Config) -> Detector:
    """The model without weights; other warnings than of that pass on."""
    if has_vocabulary(config.model):  # init_detector would ask it for COCO's
        config.model.backbone.init_cfg = None
        with DefaultScope.overwrite_default_scope(config.default_scope):
            return revert_sync_batchnorm(MODELS.build(config.model))
    with warnings.catch_warnings(record=True) as caught:
        model = init_detector(config, None, device='cpu')
    for warning in caught:
        if not str(warning.message).startswith(
            ('checkpoint is None', 'palette does not exist')
        ):
            warnings.warn(warning.message, warning.category, stacklevel=3)
    return model


def empty_classifier(config: Config) -> Classifier:
    """The model without weights, neither loaded nor downloaded."""
    settings = config.model.to_dict()
    if config.get('data_preprocessor'):
        settings.setdefault(
            'data_preprocessor', config.data_preprocessor.to_dict()
        )
    for part in (settings, settings.get('backbone') or {}):
        part.pop('checkpoint_path', None)
        if part.get('pretrained') is True:  # timm and Hugging Face download
            part['pretrained'] = False
    with DefaultScope.overwrite_default_scope(config.default_scope):
        return revert_sync_batchnorm(MODELS.build(settings))


def _dataset_meta(
    content: Mapping[str, Any], config: Config, checkpoint: str | Path
) -> dict[str, Any]:
    """Class names and palette: the checkpoint's, else the config's."""
    saved = content.get('meta')
    if not isinstance(saved, Mapping):
        saved = {}
    meta = dict(saved.get('dataset_meta') or {})
    if not meta and 'CLASSES' in saved:  # mmdet 2
        meta = {'classes': saved['CLASSES']}
    meta = {name.lower(): value for name, value in meta.items()}
    from_config = (
        dataset_metainfo(config) if config.get('test_dataloader') else {}
    )
    for key in ('classes', 'palette'):
        if meta.get(key) is None and from_config.get(key) is not None:
            meta[key] = from_config[key]
    if not meta.get('classes'):
        raise InputError(
            f'class names: found none in {checkpoint} '
            '(meta.dataset_meta.classes) and none in the config. Set '
            'test_dataloader.dataset.metainfo.classes.'
        )
    return meta
