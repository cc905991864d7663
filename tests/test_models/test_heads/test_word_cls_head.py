"""Classification by words."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmvision_ext.models.heads.gather import gather
from mmvision_ext.models.heads.word_cls_head import WordClsHead
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

Write = Callable[..., str]
LABELS = [2, 0, 2, 3]


@pytest.fixture
def head(write_words: Write) -> WordClsHead:
    head = MODELS.build(
        dict(
            type='mmvision_ext.WordClsHead',
            vocabulary=write_words('words'),
            temperature=0.1,
            contrast_weight=0.5,
        )
    )
    assert isinstance(head, WordClsHead)
    return head


def images() -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(len(LABELS), 16, generator=generator)


def samples(labels: list[int]) -> list[DataSample]:
    return [DataSample().set_gt_label(label) for label in labels]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def test_losses_are_those_of_float64(head: WordClsHead) -> None:
    embedded = images().double().numpy()
    embedded /= np.linalg.norm(embedded, axis=1, keepdims=True)
    words = head.vocabulary.features.double().numpy()
    classes = log_softmax(embedded @ words.T * 10)
    cross_entropy = -np.mean(classes[range(4), LABELS])
    pairs = embedded @ words[LABELS].T * 10
    share = np.array(  # images 0 and 2 show the same class
        [[0.5, 0, 0.5, 0], [0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0, 0, 1]]
    )
    forth, back = log_softmax(pairs), log_softmax(pairs.T)
    contrast = -(share * (forth + back)).sum() / 8
    losses = head.loss((images(),), samples(LABELS))
    assert losses['loss'].item() == pytest.approx(cross_entropy, rel=1e-5)
    assert losses['loss_contrast'].item() == pytest.approx(
        contrast / 2, rel=1e-5
    )


def test_images_of_one_class_have_no_negatives(head: WordClsHead) -> None:
    losses = head.loss((images()[:2],), samples([1, 1]))
    # Half the probability each is the best there is.
    assert losses['loss_contrast'].item() >= 0.5 * np.log(2) - 1e-6
    same = images()[:1].repeat(2, 1)
    losses = head.loss((same,), samples([1, 1]))
    assert losses['loss_contrast'].item() == pytest.approx(
        0.5 * np.log(2), rel=1e-5
    )


def test_prediction_is_the_nearest_word(head: WordClsHead) -> None:
    words = head.vocabulary.features
    found = head.predict((3 * words[[3, 1]],))
    assert [sample.pred_label.item() for sample in found] == [3, 1]
    head.vocabulary.use(['harbor', 'ship'])
    found = head.predict((3 * words[[3, 1]],))
    assert [sample.pred_label.item() for sample in found] == [0, 1]


def test_predictions_have_the_cosines(head: WordClsHead) -> None:
    predicted = head.predict((images(),), samples(LABELS))
    words = head.vocabulary.features
    for sample, image in zip(predicted, images(), strict=True):
        expected = torch.cosine_similarity(image[None], words)
        torch.testing.assert_close(sample.word_similarity, expected)


def test_without_contrast(write_words: Write) -> None:
    head = WordClsHead(write_words('words'), contrast_weight=0)
    assert set(head.loss((images(),), samples(LABELS))) == {'loss'}


def test_only_the_image_and_the_scale_learn(head: WordClsHead) -> None:
    embedded = images().requires_grad_()
    losses = head.loss((embedded,), samples(LABELS))
    (losses['loss'] + losses['loss_contrast']).backward()
    assert embedded.grad is not None and embedded.grad.any()
    assert [name for name, _ in head.named_parameters()] == [
        'logits.log_scale'
    ]
    assert head.logits.log_scale.grad is not None


@pytest.mark.parametrize('shape', [(2, 8), (2, 16, 4, 4)])
def test_another_tower_is_refused(
    head: WordClsHead, shape: tuple[int, ...]
) -> None:
    with pytest.raises(InputError, match=r'of shape \(N, 16\) .*found'):
        head((torch.zeros(shape),))


def _loss_of_part(
    rank: int, world_size: int, folder: str, vocabulary: str
) -> None:
    """Gradients in one of two processes, averaged as DDP does."""
    torch.set_num_threads(1)  # OpenMP's threads do not survive a fork
    torch.distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/rendezvous',
        rank=rank,
        world_size=world_size,
    )
    head = WordClsHead(vocabulary)
    part = slice(2 * rank, 2 * rank + 2)
    embedded = images()[part].requires_grad_()
    losses = head.loss((embedded,), samples(LABELS[part]))
    losses['loss_contrast'].backward()
    scale = head.logits.log_scale.grad
    torch.distributed.all_reduce(scale)
    torch.save((embedded.grad / 2, scale / 2), f'{folder}/{rank}.pth')
    torch.distributed.destroy_process_group()


def test_two_processes_have_the_gradient_of_one(
    tmp_path: Path, write_words: Write
) -> None:
    vocabulary = write_words('words')
    torch.multiprocessing.start_processes(
        _loss_of_part,
        (2, str(tmp_path), vocabulary),
        nprocs=2,
        start_method='fork',  # a spawned process imports for seconds
    )
    head, embedded = WordClsHead(vocabulary), images().requires_grad_()
    head.loss((embedded,), samples(LABELS))['loss_contrast'].backward()
    parts = [
        torch.load(tmp_path / f'{rank}.pth', weights_only=True)
        for rank in range(2)
    ]
    found = torch.cat([rows for rows, _ in parts])
    torch.testing.assert_close(found, embedded.grad)
    for _, scale in parts:
        torch.testing.assert_close(scale, head.logits.log_scale.grad)


def test_one_process_gathers_nothing() -> None:
    rows = torch.randn(2, 3)
    assert gather(rows) is rows
