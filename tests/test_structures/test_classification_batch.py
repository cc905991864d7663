"""Labels and predictions of a batch."""

import pytest
import torch
from mmengine.structures import BaseDataElement

from mmvision_ext.structures import ClassificationBatch
from mmvision_ext.utils import InputError


def test_length_is_the_number_of_images_whichever_field_there_is() -> None:
    assert len(ClassificationBatch(gt_label=torch.zeros(3))) == 3
    assert len(ClassificationBatch(pred_score=torch.zeros(2, 5))) == 2
    assert len(ClassificationBatch(sample_idx=torch.arange(4))) == 4
    with pytest.raises(InputError, match='found none'):
        len(ClassificationBatch())


def test_soft_targets_come_before_labels() -> None:
    batch = ClassificationBatch(gt_label=torch.tensor([1, 0]))
    assert batch.target().tolist() == [1, 0]
    batch.gt_score = torch.tensor([[0.3, 0.7], [1.0, 0.0]])
    assert batch.target() is batch.gt_score
    with pytest.raises(InputError, match='found pred_score'):
        ClassificationBatch(pred_score=torch.zeros(1, 2)).target()
    with pytest.raises(InputError, match='found no field'):
        ClassificationBatch().target()


def test_it_is_a_data_element() -> None:
    """mmengine moves it between devices and turns it into a dict."""
    batch = ClassificationBatch(gt_label=torch.tensor([1, 0]))
    assert isinstance(batch, BaseDataElement)
    assert batch.to('meta').gt_label.is_meta
    assert list(batch.to_dict()) == ['gt_label']
