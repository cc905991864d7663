"""A model of attributes, with what its config does to images before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform, Compose
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import TRANSFORMS, DefaultScope
from numpy.typing import NDArray

from mmvision_ext.datasets import LoadUprightImage
from mmvision_ext.datasets.transforms import LoadObjectCrop
from mmvision_ext.models.classifiers import CrossModalAttributeClassifier
from mmvision_ext.models.heads import known_vector
from mmvision_ext.models.heads.attribute_labels import KNOWN
from mmvision_ext.utils import InputError
from mmvision_ext.utils.type_name import type_name

from .attribute_settings import inference_steps
from .exported_model import is_exported, load_model
from .model import Classifier, config_faults, load_classifier, load_config
from .sources import ImageSource, Pixels

#: A sample as the model takes it: ``inputs`` and ``data_samples``.
Packed = dict[str, Any]


class GivenImageCrop(LoadObjectCrop):
    """Object crops out of an image that is already decoded."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        self._given = results['img']
        return super().transform(results)

    def _image(self, path: str) -> Pixels:
        return self._given


@dataclass(frozen=True)
class AttributeModel:
    """A model of A attributes and its preprocessing.

    Attributes:
        model: A classifier in evaluation mode, with ``cfg``.
        names: Names of the attributes, A of them.
        groups: Group of each attribute, empty where it has none, A of them.
        reader: Reads image files as in testing.
        pipeline: Test pipeline behind the reader.
        takes_objects: Whether the model looks at objects, each in a box, and
            not at whole images.
    """

    model: Classifier
    names: tuple[str, ...]
    groups: tuple[str, ...]
    reader: BaseTransform
    pipeline: Compose
    takes_objects: bool

    def read(self, source: ImageSource) -> Pixels:
        """Read an image as in testing.

        Args:
            source: The image.

        Returns:
            BGR, shape (H, W, 3), uint8.

        Raises:
            InputError: The file cannot be read as an image.
        """
        if source.path is None:
            return source.read()
        try:
            return self.reader.transform({'img_path': str(source.path)})['img']
        except InputError:
            raise
        except (AssertionError, OSError, ValueError, cv2.error) as error:
            raise InputError(
                f'image {source.name} cannot be read: {error}'
            ) from error

    def prepare(
        self,
        pixels: Pixels,
        name: str,
        box: Sequence[float] | None = None,
        known: torch.Tensor | None = None,
    ) -> Packed:
        """Make a sample of an image or of an object in it, as in testing.

        Args:
            pixels: BGR, shape (H, W, 3), uint8.
            name: What messages call the image.
            box: x1, y1, x2, y2 of the object in pixels; None takes the whole
                image.
            known: What is known of it, shape (A,), see :meth:`known_vector`.

        Returns:
            ``inputs``, (3, height, width) of the model's input, and
            ``data_samples``.

        Raises:
            InputError: The box lies outside the image, or the model looks at
                whole images.
        """
        height, width = pixels.shape[:2]
        results: dict[str, Any] = dict(
            img=pixels,
            img_path=name,
            img_shape=(height, width),
            ori_shape=(height, width),
        )
        if self.takes_objects:
            results['bbox'] = (0, 0, width, height) if box is None else box
        elif box is not None:
            raise InputError(
                'boxes: expected none, since this model looks at whole '
                f'images, found {box} for {name}. Cut the objects out, or '
                'use a model of objects (mmvision_ext.LoadObjectCrop).'
            )
        packed = self.pipeline(results)
        if known is not None:
            packed['data_samples'].set_field(known, KNOWN, dtype=torch.Tensor)
        return packed

    @torch.no_grad()
    def predict(self, batch: Sequence[Packed]) -> NDArray[np.float32]:
        """Score a batch.

        Args:
            batch: N samples of :meth:`prepare`.

        Returns:
            Probabilities, shape (N, A).

        Raises:
            InputError: The model gives no probabilities, or not one for each
                name.
        """
        samples = self.model.test_step(pseudo_collate(batch))
        return np.stack([self._scores(sample) for sample in samples])

    def known_vector(self, known: Mapping[str, bool]) -> torch.Tensor:
        """What is known, as the model takes it.

        Args:
            known: Attribute to whether it is present.

        Returns:
            float32 (A,): 1 present, -1 absent, 0 not known.

        Raises:
            InputError: The model cannot be told, or has no such attribute.
        """
        if not isinstance(self.model, CrossModalAttributeClassifier):
            raise InputError(
                'known: expected a mmvision_ext.CrossModalAttributeClassifier,'
                f' which can be told, found {type(self.model).__name__}. '
                'Leave known out.'
            )
        return known_vector(known, self.names)

    def _scores(self, sample: Any) -> NDArray[np.float32]:
        """Probabilities (A,) of a data sample."""
        found = sample.get('pred_score')
        if found is None or found.ndim != 1:
            raise InputError(
                'model: expected pred_score (attributes,) in its predictions, '
                f'found {"none" if found is None else tuple(found.shape)}. '
                'Its head has to be one of attributes.'
            )
        _check_count(len(self.names), len(found))
        scores = found.float().cpu().numpy()
        if not ((scores >= 0) & (scores <= 1)).all():
            raise InputError(
                'model: expected probabilities from 0 to 1, found '
                f'{scores.min()} to {scores.max()} for '
                f'{sample.get("img_path")}: the training diverged, or the '
                'head gives logits.'
            )
        return scores


def load_attribute_model(
    config: str | Path | Config,
    checkpoint: str | Path | None = None,
    device: str | None = None,
    trust_checkpoint: bool = False,
) -> AttributeModel:
    """Load a model of attributes for use.

    Names and groups are those that the checkpoint was trained with; where it
    does not tell, those of the config's test dataset.

    Args:
        config: Config file, name of a config in the model index, or config,
            with a ``test_dataloader``; or an exported file.
        checkpoint: File or http(s) address of the weights; None takes the
            address in the model index.
        device: Such as ``'cuda:0'`` or ``'cpu'``. None takes the first GPU
            where there is one.
        trust_checkpoint: Whether code that the checkpoint holds is run.

    Returns:
        The model.

    Raises:
        InputError: See :func:`~mmvision_ext.apis.model.load_classifier`; or
            the number of names is not that of the head's attributes, or the
            test pipeline does not begin with reading the image.
    """
    if not is_exported(config):
        config = load_config(config)
        inference_steps(config)  # before the checkpoint is read
    model = load_model(
        config,
        checkpoint,
        device,
        trust_checkpoint,
        'attributes',
        load_classifier,
    )
    config = model.cfg
    steps = inference_steps(config)
    names = tuple(str(name) for name in model.dataset_meta['classes'])
    head = getattr(model, 'head', None)
    _check_count(len(names), getattr(head, 'num_classes', len(names)))
    takes_objects = type_name(steps[0]['type']) == 'LoadObjectCrop'
    with (
        DefaultScope.overwrite_default_scope(
            config.get('default_scope', 'mmpretrain')
        ),
        config_faults(config, 'test_dataloader'),
    ):
        rest = steps[1:]
        if takes_objects:
            options = {k: v for k, v in steps[0].items() if k != 'type'}
            reader = LoadUprightImage(options.get('backend_args'))
            rest = [GivenImageCrop(**options), *rest]
        else:
            reader = TRANSFORMS.build(steps[0])
        pipeline = Compose(rest)
    return AttributeModel(
        model,
        names,
        _groups(model.dataset_meta, names),
        reader,
        pipeline,
        takes_objects,
    )


def _groups(meta: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """Group of each attribute."""
    of_name = {
        name: group
        for group, members in (meta.get('attribute_groups') or {}).items()
        for name in members
    }
    return tuple(of_name.get(name, '') for name in names)


def _check_count(names: int, scores: int) -> None:
    if names != scores:
        raise InputError(
            f'attributes: expected a name for each of the {scores} scores of '
            f"the head, found {names} names. The names are the checkpoint's "
            '(meta.dataset_meta.classes), else those of '
            'test_dataloader.dataset in the config: use the config of the '
            'training.'
        )
