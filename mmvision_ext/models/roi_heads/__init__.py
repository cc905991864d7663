"""RoI heads and their parts."""

from .attribute_branch import AttributeBranch
from .attribute_roi_head import AttributeRoIHead
from .context_guided_roi_head import ContextGuidedRoIHead
from .global_context import GlobalContext
from .region_distillation import RegionDistillation
from .word_bbox_head import WordBBoxHead

__all__ = [
    'AttributeBranch',
    'AttributeRoIHead',
    'ContextGuidedRoIHead',
    'GlobalContext',
    'RegionDistillation',
    'WordBBoxHead',
]
