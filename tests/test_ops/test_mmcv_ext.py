"""The stand-in module as mmcv sees it."""

import pytest
import torch

from mmvision_ext.ops import STAND_IN, mmcv_ext, ops_kind


def test_unknown_operators_name_themselves_and_the_mend() -> None:
    operator = mmcv_ext.deform_conv_forward
    with pytest.raises(mmcv_ext.MissingOpError) as caught:
        operator(torch.zeros(1), stride=1)
    assert 'deform_conv_forward' in str(caught.value)
    assert 'bash tools/install.sh --compile-ops' in str(caught.value)
    assert isinstance(caught.value, NotImplementedError)


def test_dunder_names_stay_absent() -> None:
    assert not hasattr(mmcv_ext, '__wrapped__')


@pytest.mark.skipif(ops_kind() != STAND_IN, reason='mmcv is compiled')
def test_missing_operator_through_mmcv() -> None:
    from mmcv.ops import soft_nms

    with pytest.raises(mmcv_ext.MissingOpError, match='`softnms`'):
        soft_nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.ones(1))


@pytest.mark.skipif(ops_kind() != STAND_IN, reason='mmcv is compiled')
def test_mmcv_reports_its_environment() -> None:
    from mmcv.utils import collect_env

    assert 'not compiled' in collect_env()['MMCV Compiler']
