"""The cost of a save."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmvision_ext.engine.checkpointing.save_cost import measure_save_cost
from mmvision_ext.utils import InputError

# In a process of its own: memory that an older one has freed would take in
# what a save needs, and nothing would be seen to rise.
MEASURE = """
import json, sys
from pathlib import Path
from mmvision_ext.engine.checkpointing.save_cost import measure_save_cost
print(json.dumps(measure_save_cost(40, Path(sys.argv[1]), 1, 'test')))
"""


@pytest.mark.parametrize(('megabytes', 'repeats'), [(0, 1), (1, 0)])
def test_nothing_to_measure(
    megabytes: float, repeats: int, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match='above 0 and at least 1 repeat'):
        measure_save_cost(megabytes, tmp_path, repeats, 'test')


@pytest.mark.skipif(sys.platform != 'linux', reason='memory from /proc')
def test_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, '-c', MEASURE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    row = json.loads(done.stdout.splitlines()[-1])
    assert float(row['megabytes']) == pytest.approx(40, rel=0.01)
    assert float(row['safe_memory']) < 0.2  # 1.2 with the checkpoint itself
    assert float(row['stock_memory']) > 0.8
    assert not [*tmp_path.iterdir()]
