"""A study whose trainings are stubs."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mmvision_ext.studies.plan import Run, plan_runs
from mmvision_ext.studies.record import (
    Files,
    Record,
    write_json,
    write_record,
)
from mmvision_ext.studies.spec import Study, read_study

CONFIG = """
work_dir = 'a'
train_root = dict(folder='b')
model = dict(gain=10.0, behaviour='train')
train_cfg = dict(by_epoch=True, max_epochs=3)
optim_wrapper = dict(optimizer=dict(lr=0.1), milestones=[1, 2])
randomness = dict(seed=None)
"""


@pytest.fixture
def script() -> str:
    """The stub that stands in for tools/train.py."""
    return str(Path(__file__).with_name('stub_train.py'))


@pytest.fixture
def content(tmp_path: Path) -> dict:
    """What study.yaml says: two groups of two entries, three seeds."""
    config = tmp_path / 'stub.py'
    config.write_text(CONFIG)

    def entry(label: str, gain: float) -> dict:
        return dict(
            label=label, config=str(config), overrides={'model.gain': gain}
        )

    def entries(scratch: float, two_phase: float) -> list[dict]:
        return [entry('scratch', scratch), entry('two-phase', two_phase)]

    return dict(
        name='stub',
        title='A study',
        data='the cut',
        metrics=[
            dict(name='accuracy/top1', title='top-1 (%)', digits=1),
            'accuracy/top5',
        ],
        seeds=[0, 1, 2],
        baseline='scratch',
        configs=[
            dict(group='Net A', configs=entries(10.0, 20.0)),
            dict(group='Net B', configs=entries(12.0, 30.0)),
        ],
        chance={'accuracy/top1': 0.99},
        published=[
            dict(
                label='Net C',
                metrics={'accuracy/top1': 92.06},
                source='A paper',
                note='full data, not comparable',
            )
        ],
    )


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict], Study]:
    """Write a study file and read it."""

    def call(content: dict) -> Study:
        path = tmp_path / 'study.yaml'
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return read_study(path)

    return call


@pytest.fixture
def plan(tmp_path: Path, write) -> Callable[[dict], tuple[Run, ...]]:
    """The runs of a study file, in the temporary folder."""
    return lambda content: plan_runs(write(content), tmp_path / 'runs')


@pytest.fixture
def single(plan, content: dict) -> Callable[..., Run]:
    """One run; arguments are overrides."""

    def call(**overrides: object) -> Run:
        [group, _] = content['configs']
        entry = group['configs'][0]
        small = {key: content[key] for key in ('name', 'data', 'metrics')}
        (run,) = plan(
            {
                **small,
                'seeds': [1],
                'configs': [{**entry, 'overrides': overrides}],
            }
        )
        return run

    return call


@pytest.fixture
def finish() -> Callable[..., None]:
    """Write what a finished run leaves, without training."""

    def call(run: Run, curve: list[float], **extra: float) -> None:
        write_record(run, Record(run.config_hash))
        Files(run.work_dir).config.write_text(run.config_text)
        metrics = {'accuracy/top1': curve[-1], 'accuracy/top5': 99.0, **extra}
        steps = list(range(1, len(curve) + 1))
        write_json(
            Files(run.work_dir).result,
            dict(
                metrics=metrics,
                curves={'accuracy/top1': dict(x=steps, y=curve)},
                peak_memory_mib=None,
                iter_seconds=0.5,
                wall_seconds=60.0,
                config_hash=run.config_hash,
                epochs=len(curve),
                iterations=None,
                finished='2026-01-01T00:00:00+00:00',
                hardware='a CPU',
                commit='0123456789ab',
                command='python tools/train.py',
            ),
        )

    return call
