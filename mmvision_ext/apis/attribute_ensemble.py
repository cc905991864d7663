"""The average of several attribute models, beside each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmpretrain.structures import DataSample
from numpy.typing import NDArray

from mmvision_ext.evaluation.attribute_thresholds import sample_name
from mmvision_ext.evaluation.functional.attribute_counts import (
    count_at_thresholds,
)
from mmvision_ext.evaluation.functional.attribute_scores import (
    attribute_scores,
)
from mmvision_ext.evaluation.metrics import AttributeMetric
from mmvision_ext.utils import InputError

from .attribute_model import load_attribute_model
from .classification import Split, build_loader
from .comparison import Contestant
from .progress import track

AVERAGE = 'average'


@dataclass(frozen=True)
class Scored:
    """What a model says of N samples with A attributes.

    Attributes:
        samples: Name of each sample, N of them.
        scores: Probabilities, shape (N, A), float32.
        targets: 1 where a sample has an attribute, else 0, shape (N, A).
        known: Whether that is known, shape (N, A), bool.
        meta: Metainfo of the dataset, with ``classes``.
    """

    samples: list[str]
    scores: NDArray[np.float32]
    targets: NDArray[np.float32]
    known: NDArray[np.bool_]
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class EnsembleRow:
    """A member, or the average.

    Attributes:
        name: What tables call it.
        weight: Its share in the average; 1 for the average.
        measures: Measures of ``AttributeMetric``, without prefix, in per
            cent.
        config: Config of a member.
        checkpoint: Checkpoint of a member.
    """

    name: str
    weight: float
    measures: dict[str, float]
    config: str = ''
    checkpoint: str = ''


@dataclass(frozen=True)
class Ensemble:
    """Members and their average on one dataset.

    Attributes:
        rows: The members, and the average last.
        all_negative: Measures of a predictor that denies every attribute, in
            per cent.
        samples: Number of samples.
        protocol: What they are; empty where that is not stated.
    """

    rows: list[EnsembleRow]
    all_negative: dict[str, float]
    samples: int
    protocol: str


def evaluate_ensemble(
    members: Sequence[Contestant],
    weights: Sequence[float] | None = None,
    split: Split = 'test',
    topk: int = 15,
    device: str | None = None,
) -> Ensemble:
    """Score members and the mean of their probabilities.

    Each member sees the images as its own config prepares them. The samples
    may come in another order, but have to be the same.

    Args:
        members: At least two models with their configs.
        weights: Weight of each member in the mean; None weighs all alike.
        split: Which data loader of the configs, ``'val'`` or ``'test'``.
        topk: Number of highest scores for recall and F1, as in
            ``AttributeMetric``.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.

    Returns:
        The measures.

    Raises:
        InputError: A model cannot be loaded or scored, names are not
            different, weights cannot be used, or attributes, samples or
            labels of two members differ.
    """
    shares = _shares(weights, len(members))
    _check_names([member.name for member in members])
    found = [score_split(member, split, device) for member in members]
    aligned = [found[0]]
    for member, scored in zip(members[1:], found[1:], strict=True):
        aligned.append(align(scored, found[0], member.name, members[0].name))
    rows = [
        EnsembleRow(
            member.name,
            share,
            measure(scored, scored.scores, topk),
            member.config,
            member.checkpoint,
        )
        for member, share, scored in zip(members, shares, aligned, strict=True)
    ]
    mean = average([scored.scores for scored in aligned], shares)
    rows.append(EnsembleRow(AVERAGE, 1.0, measure(found[0], mean, topk)))
    return Ensemble(
        rows,
        _all_negative(found[0]),
        len(found[0].samples),
        str(found[0].meta.get('protocol', '')),
    )


def score_split(
    member: Contestant, split: Split, device: str | None = None
) -> Scored:
    """Score the data of a member's config.

    Args:
        member: The model.
        split: Which data loader, ``'val'`` or ``'test'``.
        device: As for :func:`evaluate_ensemble`.

    Returns:
        Scores and labels, in the order of the dataset.

    Raises:
        InputError: The model cannot be loaded, has other attributes than the
            dataset, or two samples have one name.
    """
    loaded = load_attribute_model(member.config, member.checkpoint, device)
    loader = build_loader(loaded.model.cfg, split)
    meta = getattr(loader.dataset, 'metainfo', {})
    if tuple(meta.get('classes') or ()) != loaded.names:
        raise InputError(
            f'{member.name}: expected the {len(loaded.names)} attributes of '
            f'the checkpoint in {split}_dataloader.dataset, in their order, '
            'found others. Use the config of the training.'
        )
    names, columns = [], []
    for batch in track(loader, f'scoring {member.name}', len(loader)):
        with torch.no_grad():
            samples = loaded.model.test_step(batch)
        for sample in samples:
            names.append(sample_name(sample.to_dict()))
            columns.append(_columns(sample, loaded.names, member.name))
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f'{member.name}: expected a different name for each sample, found '
            f"'{double}' twice. Test each sample once."
        )
    scores, targets, known = (np.stack(c) for c in zip(*columns, strict=True))
    return Scored(names, scores, targets, known, meta)


def align(
    scored: Scored, reference: Scored, name: str, reference_name: str
) -> Scored:
    """Bring the samples of a member into the order of another.

    Args:
        scored: What is ordered.
        reference: Gives the order.
        name: What messages call the first.
        reference_name: What messages call the second.

    Returns:
        The first, in the order of the second.

    Raises:
        InputError: Attributes, samples or labels differ.
    """
    pair = f'{name} and {reference_name}'
    mine, theirs = (tuple(x.meta['classes']) for x in (scored, reference))
    if mine != theirs:
        raise InputError(
            f'{pair}: expected the same attributes in the same order, found '
            f'{len(mine)} and {len(theirs)}, {_first_difference(mine, theirs)}'
        )
    place = {sample: row for row, sample in enumerate(scored.samples)}
    only = set(place) ^ set(reference.samples)
    if only:
        raise InputError(
            f'{pair}: expected the same samples, found {len(place)} and '
            f"{len(reference.samples)}, {len(only)} of them, such as '"
            f"{min(only)}', in one only. Use configs with the same data."
        )
    order = [place[sample] for sample in reference.samples]
    aligned = Scored(
        reference.samples,
        scored.scores[order],
        scored.targets[order],
        scored.known[order],
        scored.meta,
    )
    differ = aligned.known != reference.known
    differ |= (aligned.targets != reference.targets) & aligned.known
    if differ.any():
        row, column = np.argwhere(differ)[0]
        raise InputError(
            f'{pair}: expected the same labels, found {int(differ.sum())} '
            f"that differ, the first is '{mine[column]}' of "
            f"'{reference.samples[row]}'. Use configs with the same "
            'annotations.'
        )
    return aligned


def average(
    scores: Sequence[NDArray[np.float32]], shares: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Weighted mean of probabilities.

    Args:
        scores: Of M members, each of shape (N, A).
        shares: Their weights, which add up to 1, shape (M,).

    Returns:
        Shape (N, A), in [0, 1].
    """
    mean = np.tensordot(shares, np.stack(scores).astype(np.float64), 1)
    return mean.clip(0, 1).astype(np.float32)


def measure(
    scored: Scored, scores: NDArray[np.float32], topk: int
) -> dict[str, float]:
    """Measures of scores, as ``AttributeMetric`` gives them.

    Args:
        scored: Labels and metainfo.
        scores: Probabilities, shape (N, A).
        topk: As for :func:`evaluate_ensemble`.

    Returns:
        The measures without prefix, in per cent.

    Raises:
        InputError: ``topk`` is not below the number of attributes.
    """
    metric = AttributeMetric(topk=topk)
    metric.dataset_meta = dict(scored.meta)
    columns = (scores, scored.targets, scored.known)
    for row, target, known in zip(*columns, strict=True):
        sample = DataSample().set_pred_score(torch.from_numpy(row))
        sample.set_gt_score(torch.from_numpy(target))
        mask = torch.from_numpy(known)
        sample.set_field(mask, 'gt_mask', dtype=torch.Tensor)
        metric.process(None, [sample.to_dict()])
    found = metric.evaluate(len(scores))
    return {key.partition('/')[2]: value for key, value in found.items()}


def _columns(
    sample: Any, names: Sequence[str], member: str
) -> tuple[NDArray, NDArray, NDArray]:
    """Scores, targets and mask of a data sample, each (A,)."""
    columns = [
        sample.get(key) for key in ('pred_score', 'gt_score', 'gt_mask')
    ]
    if columns[1] is not None and columns[2] is None:
        columns[2] = torch.ones_like(columns[1], dtype=torch.bool)
    shapes = [None if x is None else tuple(x.shape) for x in columns]
    if set(shapes) != {(len(names),)}:
        raise InputError(
            f'{member}: expected pred_score and gt_score of shape '
            f'({len(names)},) in every sample, found {shapes[0]} and '
            f'{shapes[1]}. The model needs a head of these attributes, the '
            "test pipeline dict(type='mmvision_ext.PackAttributes')."
        )
    scores, targets, known = (column.cpu().numpy() for column in columns)
    return scores.astype(np.float32), targets.astype(np.float32), known


def _all_negative(scored: Scored) -> dict[str, float]:
    """Decisions of a predictor that denies every attribute, in per cent."""
    nothing = np.zeros_like(scored.scores)
    data = attribute_scores(nothing, scored.targets, scored.known)
    found = count_at_thresholds(data, 0.5).overall()
    return {key: 100 * value for key, value in found.items()}


def _shares(
    weights: Sequence[float] | None, members: int
) -> NDArray[np.float64]:
    """Weights that add up to 1, shape (M,)."""
    values = np.ones(members) if weights is None else np.array(weights, float)
    right = np.isfinite(values).all() and (values >= 0).all()
    if members < 2 or len(values) != members or not right or not values.sum():
        raise InputError(
            'ensemble: expected at least two members, and no weights or one '
            'for each, not negative and not all 0, found '
            f'{members} members and weights {weights}.'
        )
    return values / values.sum()


def _check_names(names: Sequence[str]) -> None:
    if len({*names, AVERAGE}) <= len(names):
        raise InputError(
            f"members: expected different names, none of them '{AVERAGE}', "
            f'found {", ".join(names)}. Name them: NAME=CONFIG:CHECKPOINT.'
        )


def _first_difference(mine: Sequence[str], theirs: Sequence[str]) -> str:
    """The end of a message about two lists of names that differ."""
    for index, pair in enumerate(zip(mine, theirs, strict=False)):
        if pair[0] != pair[1]:
            return (
                f"the first that differ are number {index + 1}, '{pair[0]}' "
                f"and '{pair[1]}'."
            )
    return 'of which one lacks the last of the other.'
