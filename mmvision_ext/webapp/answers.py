"""What models found, as the page shows it: pictures, tables, JSON."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmvision_ext.apis.attribute_results import Attribute, AttributeResult
from mmvision_ext.apis.results import DetectionResult, DetectionResults
from mmvision_ext.apis.retrieval import SearchResult
from mmvision_ext.visualization.draw import Picture

if TYPE_CHECKING:
    from mmvision_ext.apis import ClassificationResult

MAX_SIDE = 1280  # of a picture with results, in pixels

Row = list[str | float | int]


def at_least(result: DetectionResult, threshold: float) -> DetectionResult:
    """Keep the detections of a confidence and above.

    Args:
        result: N detections.
        threshold: Lowest confidence, from 0 to 1.

    Returns:
        A result of its own, in the same order.
    """
    kept = result.scores >= threshold
    masks = result.masks
    if masks is not None:
        masks = [mask for mask, keep in zip(masks, kept, strict=True) if keep]
    return replace(
        result,
        boxes=result.boxes[kept],
        scores=result.scores[kept],
        labels=result.labels[kept],
        masks=masks,
    )


def drawn(result: DetectionResult) -> Picture:
    """The detections on the image, no larger than a screen.

    Args:
        result: The detections.

    Returns:
        RGB, shape (H, W, 3), uint8.
    """
    long_side = max(result.height, result.width)
    return result.draw(MAX_SIDE if long_side > MAX_SIDE else None)


def detection_rows(result: DetectionResult) -> list[Row]:
    """Detections as a table.

    Args:
        result: N detections.

    Returns:
        N rows: class, score, ``x, y, width, height`` of the box in pixels.
    """
    rows: list[Row] = []
    for name, score, box in zip(
        result.names, result.scores, result.boxes.round(), strict=True
    ):
        x1, y1, x2, y2 = box.astype(int).tolist()
        place = f'{x1}, {y1}, {x2 - x1}, {y2 - y1}'
        rows.append([name, _rounded(score), place])
    return rows


def detection_json(
    result: DetectionResult, origin: Mapping[str, str], threshold: float
) -> dict[str, Any]:
    """Detections as COCO-style JSON.

    Args:
        result: The detections.
        origin: Which model they come from.
        threshold: Lowest confidence.

    Returns:
        ``info`` with the origin and the threshold, ``images``,
        ``categories`` and ``annotations``.
    """
    results = DetectionResults()
    results.append(result)
    info = dict(**origin, score_threshold=round(threshold, 4))
    return dict(info=info, **results.to_coco())


def class_rows(result: 'ClassificationResult', k: int) -> list[Row]:
    """The best classes as a table.

    Args:
        result: Scores of K classes.
        k: Number of rows.

    Returns:
        At most k rows: rank, class, score.
    """
    return [
        [rank, name, _rounded(score)]
        for rank, (name, score) in enumerate(result.top(k), 1)
    ]


def class_json(
    result: 'ClassificationResult', origin: Mapping[str, str]
) -> dict[str, Any]:
    """Scores of all classes for JSON.

    Args:
        result: Scores of K classes.
        origin: Which model they come from.

    Returns:
        ``info``, ``image`` and ``scores``, class to score, best first.
    """
    return dict(
        info=dict(origin),
        image=result.source.name,
        scores={
            name: _rounded(score, 6)
            for name, score in result.top(len(result.classes))
        },
    )


def chosen_attributes(
    result: AttributeResult, threshold: float, groups: Sequence[str]
) -> list[Attribute]:
    """Attributes that reach a threshold.

    Args:
        result: Scores of A attributes.
        threshold: Score from which one counts as present.
        groups: Groups that are shown; none shows all.

    Returns:
        The attributes, best first.
    """
    return [
        item
        for item in result.above(threshold)
        if not groups or item.group in groups
    ]


def attribute_rows(attributes: Sequence[Attribute]) -> list[Row]:
    """Attributes as a table.

    Args:
        attributes: N attributes.

    Returns:
        N rows: attribute, group, score.
    """
    return [
        [item.name, item.group, _rounded(item.score)] for item in attributes
    ]


def attribute_json(
    result: AttributeResult,
    attributes: Sequence[Attribute],
    origin: Mapping[str, str],
    threshold: float,
) -> dict[str, Any]:
    """Attributes for JSON.

    Args:
        result: Scores of A attributes.
        attributes: Those that are shown.
        origin: Which model they come from.
        threshold: Score from which one counts as present.

    Returns:
        ``info``, then as :meth:`AttributeResult.to_dict`, with the
        attributes that are shown.
    """
    info = dict(**origin, threshold=round(threshold, 4))
    shown = [item.name for item in attributes]
    return dict(info=info, **{**result.to_dict(), 'attributes': shown})


def search_rows(result: SearchResult) -> list[Row]:
    """Images that were found, as a table.

    Args:
        result: N images.

    Returns:
        N rows: rank, score, image, score of each attribute asked for.
    """
    return [
        [
            hit.rank,
            _rounded(hit.score),
            hit.path,
            ', '.join(f'{k} {v:.2f}' for k, v in hit.details.items()),
        ]
        for hit in result.hits
    ]


def search_json(result: SearchResult, index: str) -> dict[str, Any]:
    """Images that were found, for JSON.

    Args:
        result: N images.
        index: Name of the index.

    Returns:
        ``info``, ``query``, ``measure``, ``searched`` and ``hits``.
    """
    return dict(
        info=dict(index=index),
        query=result.query,
        measure=result.measure,
        searched=result.searched,
        hits=[
            dict(
                rank=hit.rank,
                image=hit.path,
                score=_rounded(hit.score, 6),
                attributes={k: _rounded(v, 6) for k, v in hit.details.items()},
            )
            for hit in result.hits
        ],
    )


def write_download(
    folder: Path, image: str, what: str, content: Mapping[str, Any]
) -> str:
    """Write JSON that the page offers.

    Args:
        folder: Folder of all such files.
        image: Name of the image, or of what was searched.
        what: Kind of the result.
        content: What to write.

    Returns:
        The file, in a folder of its own so that it keeps its name.
    """
    place = Path(tempfile.mkdtemp(dir=folder))
    stem = ''.join(c if c.isalnum() or c in '-_' else '_' for c in image)
    path = place / f'{stem[:60]}_{what}.json'
    text = json.dumps(content, indent=1, ensure_ascii=False)
    path.write_text(text + '\n', encoding='utf-8')
    return str(path)


def _rounded(score: float, digits: int = 3) -> float:
    return round(float(score), digits)
