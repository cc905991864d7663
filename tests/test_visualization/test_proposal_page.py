"""Pages of proposals."""

import numpy as np
import pytest

from mmvision_ext.visualization.grid import MARGIN
from mmvision_ext.visualization.proposal_page import (
    BoxStage,
    ProposalTrace,
    proposal_page,
    stage_caption,
)

IMAGE = np.full((60, 120, 3), 100, np.uint8)
BOXES = np.array([[10, 10, 40, 40], [60, 20, 110, 50]], np.float32)


def _stage(name: str, scores: list[float] | None) -> BoxStage:
    values = None if scores is None else np.array(scores, np.float32)
    return BoxStage(name, BOXES, values, 300)


def test_a_caption_counts_boxes_and_gives_their_scores() -> None:
    assert stage_caption(_stage('stage 1', [0.25, 0.5])) == (
        'stage 1: 2 of 300, score 0.25 to 0.50'
    )
    assert stage_caption(_stage('learned proposals', None)) == (
        'learned proposals: 2 of 300'
    )


@pytest.mark.parametrize(
    ('num_stages', 'linked', 'columns'), [(1, False, 3), (7, True, 5)]
)
def test_a_page_holds_every_stage_and_the_ends(
    num_stages: int, linked: bool, columns: int
) -> None:
    trace = ProposalTrace(
        [_stage(f'stage {index}', [0.3, 0.9]) for index in range(num_stages)],
        linked,
    )
    end = np.full((100, 200, 3), 7, np.uint8)
    page = proposal_page(IMAGE, trace, [(end, 'a'), (end, 'b')], 'title', 200)
    assert page.shape[1] == 200 * columns + MARGIN * (columns + 1)
    assert (page == 7).all(axis=2).sum() == 2 * end.shape[0] * end.shape[1]


def test_a_page_without_proposals_is_drawn() -> None:
    empty = BoxStage(
        'RPN proposals',
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.float32),
        0,
    )
    page = proposal_page(IMAGE, ProposalTrace([empty], False), [], 'none')
    assert page.shape[1] == 480 + 2 * MARGIN
