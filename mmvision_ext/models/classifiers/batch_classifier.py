"""A classifier that keeps the labels of a batch in one tensor."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from mmpretrain.models import ImageClassifier, LabelSmoothLoss
from mmpretrain.structures import DataSample

from mmvision_ext.registry import MODELS
from mmvision_ext.structures import ClassificationBatch
from mmvision_ext.utils import InputError

Samples = ClassificationBatch | list[DataSample]
Network = Callable[[ImageClassifier, torch.Tensor], torch.Tensor]


@MODELS.register_module()
class BatchClassifier(ImageClassifier):
    """mmpretrain's ImageClassifier without a Python object for each image.

    Given a :class:`~mmvision_ext.structures.ClassificationBatch` it computes
    the loss, or the probabilities, of the whole batch; given mmpretrain's
    list of data samples, or nothing, it does what ImageClassifier does. The
    logits become float32 before loss and softmax. Where the data preprocessor
    lays images out as ``channels_last``, so does the network its weights.

    Args:
        compile: Arguments of :func:`torch.compile` for the network in
            training, such as ``dict(mode='reduce-overhead')`` for CUDA
            graphs; None does not compile. Names of parameters stay the same,
            and predictions, whose last batch is smaller, are not compiled.
        **options: ``backbone``, ``neck``, ``head``, ``data_preprocessor``,
            ``train_cfg``, ``pretrained`` and ``init_cfg`` of ImageClassifier.
            The head has a ``loss_module`` and gives logits (B, C).
    """

    def __init__(
        self, compile: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        preprocessor = options.get('data_preprocessor') or {}
        if 'type' in preprocessor and not options.get('train_cfg'):
            # ImageClassifier gives every one ClsDataPreprocessor's arguments.
            options['data_preprocessor'] = MODELS.build(dict(preprocessor))
        super().__init__(**options)
        if getattr(self.data_preprocessor, 'channels_last', False):
            self.to(memory_format=torch.channels_last)
        self._network: Network = _logits
        # Of a function that takes the model, not of a part of the model:
        # its names would change, and copies of it, as EMAHook makes them,
        # would go on using the original's weights.
        if compile is not None:
            self._network = torch.compile(_logits, **compile)

    def loss(
        self, inputs: torch.Tensor, data_samples: Samples
    ) -> dict[str, torch.Tensor]:
        """Compute the loss.

        Args:
            inputs: Normalised images, (B, 3, H, W).
            data_samples: B labels or soft targets.

        Returns:
            ``loss``, a scalar.

        Raises:
            InputError: If the head is to compute training accuracy as well,
                or has no loss of its own.
        """
        if not isinstance(data_samples, ClassificationBatch):
            return super().loss(inputs, data_samples)
        criterion = self._criterion()
        if self._network is not _logits:
            torch.compiler.cudagraph_mark_step_begin()
        logits = self._network(self, inputs).float()
        target = data_samples.target()
        if isinstance(criterion, LabelSmoothLoss) and target.ndim == 1:
            # LabelSmoothLoss reads the largest index back from the device.
            target = torch.zeros_like(logits).scatter_(1, target[:, None], 1)
        return {'loss': criterion(logits, target, avg_factor=len(logits))}

    def predict(
        self,
        inputs: torch.Tensor,
        data_samples: Samples | None = None,
        **options: Any,
    ) -> list[ClassificationBatch] | list[DataSample]:
        """Compute probabilities.

        Args:
            inputs: Normalised images, (B, 3, H, W).
            data_samples: What is known of the images.
            **options: Further arguments of the head's ``predict``, for data
                samples.

        Returns:
            The batch with ``pred_score``, (B, C), as the only element; for
            data samples, or none, B data samples.
        """
        if not isinstance(data_samples, ClassificationBatch):
            return super().predict(inputs, data_samples, **options)
        scores = _logits(self, inputs).float().softmax(dim=1)
        data_samples.set_field(scores, 'pred_score', dtype=torch.Tensor)
        return [data_samples]

    def _criterion(self) -> Callable[..., torch.Tensor]:
        """The head's loss.

        Raises:
            InputError: As in :meth:`loss`.
        """
        head = self.head
        if getattr(head, 'cal_acc', False) or getattr(
            head, 'with_accuracy', False
        ):
            raise InputError(
                'model.head.cal_acc=True: expected False where batches come '
                'as ClassificationBatch: accuracies of training batches '
                'would hold the device up. Leave cal_acc out.'
            )
        criterion = getattr(head, 'loss_module', None)
        if criterion is None:
            raise InputError(
                'model.head: expected a head with a loss_module, such as '
                f'LinearClsHead, found {type(head).__name__}.'
            )
        return criterion


def _logits(model: ImageClassifier, inputs: torch.Tensor) -> torch.Tensor:
    """Backbone, neck and head: (B, 3, H, W) to (B, C)."""
    return model.head(model.extract_feat(inputs))
