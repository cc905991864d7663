"""Names of types, however a config gives them."""

import pytest
from mmengine.hooks import EMAHook

from mmvision_ext.utils.type_name import type_name


@pytest.mark.parametrize(
    ('kind', 'name'),
    [
        ('EMAHook', 'EMAHook'),
        ('mmdet.EMAHook', 'EMAHook'),
        (EMAHook, 'EMAHook'),
        (None, ''),
    ],
)
def test_name_without_scope_and_module(kind: object, name: str) -> None:
    assert type_name(kind) == name
