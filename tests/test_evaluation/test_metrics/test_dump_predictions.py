"""Predictions in a file, one record an image."""

from pathlib import Path

import mmengine
import torch
from mmengine.registry import METRICS
from mmpretrain.structures import DataSample

from mmvision_ext.structures import ClassificationBatch


def test_a_batch_gives_the_records_of_its_images(tmp_path: Path) -> None:
    scores = torch.tensor([[0.1, 0.9], [0.8, 0.2]])
    batch = ClassificationBatch(
        pred_score=scores,
        gt_label=torch.tensor([1, 1]),
        sample_idx=torch.tensor([4, 2]),
    )
    first, second = _dump(tmp_path, batch)
    assert torch.equal(first['pred_score'], scores[0])
    assert first['pred_label'].tolist() == [1]
    assert second['pred_label'].tolist() == [0]
    assert second['gt_label'].tolist() == [1]
    assert (first['sample_idx'], second['sample_idx']) == (4, 2)


def test_fields_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    batch = ClassificationBatch(pred_score=torch.ones(1, 2))
    (record,) = _dump(tmp_path, batch)
    assert list(record) == ['pred_score', 'pred_label']


def test_data_samples_are_kept_as_they_are(tmp_path: Path) -> None:
    sample = DataSample().set_pred_score(torch.tensor([0.3, 0.7]))
    sample.set_metainfo(dict(img_path='a.jpg'))
    (record,) = _dump(tmp_path, sample)
    assert record['img_path'] == 'a.jpg'
    assert torch.equal(record['pred_score'], sample.pred_score)


def _dump(
    folder: Path, sample: ClassificationBatch | DataSample
) -> list[dict]:
    """What is in the file after one sample was tested."""
    path = str(folder / 'out.pkl')
    metric = METRICS.build(
        dict(type='mmvision_ext.DumpPredictions', out_file_path=path)
    )
    metric.process(None, [sample.to_dict()])
    metric.evaluate(len(sample) if sample.get('pred_score').ndim == 2 else 1)
    return mmengine.load(path)
