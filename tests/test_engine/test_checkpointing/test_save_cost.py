"""A safe save needs no memory for a copy of the checkpoint."""

import sys
from pathlib import Path

import pytest

from mmvision_ext.engine.checkpointing.save_cost import measure_save_cost


@pytest.mark.skipif(sys.platform != 'linux', reason='memory from /proc')
def test_memory(tmp_path: Path) -> None:
    row = measure_save_cost(40, tmp_path, 1, 'test')
    assert float(row['megabytes']) == pytest.approx(40, rel=0.01)
    assert float(row['safe_memory']) < 0.2  # 1.2 with the checkpoint itself
    assert float(row['stock_memory']) > 0.8
    assert not [*tmp_path.iterdir()]
