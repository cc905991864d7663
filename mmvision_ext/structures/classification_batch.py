"""Labels and predictions of a whole batch in a few tensors."""

import torch
from mmengine.structures import BaseDataElement

from mmvision_ext.utils import InputError

FIELDS = ('gt_label', 'gt_score', 'pred_score', 'sample_idx')


class ClassificationBatch(BaseDataElement):
    """What mmpretrain keeps in B data samples, without B Python objects.

    A model returns a list with one of them a batch; mmengine's evaluator
    passes that on to the metrics as it is.

    Attributes:
        gt_label: Class indices, int64, (B,).
        gt_score: Soft targets, float, (B, C); after mixup or CutMix.
        pred_score: Probabilities, float, (B, C).
        sample_idx: Positions in the dataset, int64, (B,).

    Example:
        >>> batch = ClassificationBatch(gt_label=torch.tensor([3, 1]))
        >>> len(batch)
        2
    """

    def __len__(self) -> int:
        """Number of images.

        Raises:
            InputError: If the batch holds no field yet.
        """
        for name in FIELDS:
            if name in self:
                return len(self.get(name))
        raise InputError('ClassificationBatch: expected a field, found none')

    def target(self) -> torch.Tensor:
        """What a loss compares logits with.

        Returns:
            ``gt_score``, (B, C), where there is one, else ``gt_label``, (B,).

        Raises:
            InputError: If the batch holds neither.
        """
        for name in ('gt_score', 'gt_label'):
            if name in self:
                return self.get(name)
        raise InputError(
            'ClassificationBatch: expected gt_score or gt_label, found '
            f'{", ".join(self.keys()) or "no field"}'
        )
