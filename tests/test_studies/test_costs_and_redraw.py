"""Costs of networks in the results, their charts, and redrawing."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from mmvision_ext.studies import collect as collect_module
from mmvision_ext.studies.analysis import Chart
from mmvision_ext.studies.chart_style import (
    has_own_labels,
    label_colors,
    label_lines,
)
from mmvision_ext.studies.collect import collect, write_rows
from mmvision_ext.studies.cost import NetworkCost, count_cost
from mmvision_ext.studies.plan import plan_runs
from mmvision_ext.studies.study_runner import collect_study, redraw_study
from mmvision_ext.studies.summary import summarise
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.read import read_config

CHARTS = [chart.value for chart in Chart]
STRIPES = 'projects/example_project/configs/'
STRIPES += 'resnet14-w16_scratch_1xb40-6e_stripes.py'


@pytest.fixture
def counted(monkeypatch) -> list[float]:
    """Gains of the networks that are counted, by a stand-in."""
    seen: list[float] = []

    def count(config, size) -> NetworkCost:
        seen.append(config.model.gain)
        return NetworkCost(int(config.model.gain * 1e5), size[0] * 1000)

    monkeypatch.setattr(collect_module, 'count_cost', count)
    return seen


@pytest.fixture
def study(write, content: dict):
    """A study with everything that can be drawn."""
    return write({**content, 'charts': CHARTS, 'input_size': [32, 24]})


@pytest.fixture
def runs(study, finish, tmp_path: Path):
    """Its runs."""
    runs = plan_runs(study, tmp_path / 'runs')
    for number, run in enumerate(runs):
        finish(run, [30.0, 60.0 + number])
    return runs


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_costs_of_the_rows(study, runs, counted, tmp_path: Path) -> None:
    lines = collect_study(study, runs)
    results = tmp_path / 'results'
    assert counted == [10.0, 20.0, 12.0, 30.0]  # each network once
    rows = _rows(results / 'runs.csv')
    assert (rows[3]['params'], rows[3]['multiply_adds']) == (
        '2000000',
        '32000',
    )
    assert rows[3]['input_size'] == '32x24'
    summary = _rows(results / 'summary.csv')
    assert (summary[1]['params'], summary[1]['minutes']) == ('2000000', '1.0')
    assert summary[-1]['params'] == ''
    text = (results / 'summary.md').read_text()
    assert 'params (M)' in text and '2.000' in text and '32 x 24' in text
    for name in (
        'accuracy_parameters.png',
        'accuracy_operations.png',
        'accuracy_time.png',
        'efficiency.png',
    ):
        assert str(results / name) in lines
        with Image.open(results / name) as picture:
            assert len(picture.convert('RGB').getcolors(1 << 24)) > 50


def test_costs_on_record_are_not_counted_again(
    study, runs, counted, write, content: dict, tmp_path: Path
) -> None:
    write_rows(study, collect(study, runs))
    counted.clear()
    elsewhere = plan_runs(study, tmp_path / 'other')
    before = (tmp_path / 'results' / 'runs.csv').read_text()
    write_rows(study, collect(study, elsewhere))
    assert not counted
    assert (tmp_path / 'results' / 'runs.csv').read_text() == before
    larger = write({**content, 'input_size': [64, 64]})
    assert collect(larger, runs).rows[0]['multiply_adds'] == 64000
    plain = write(content)
    path = write_rows(plain, collect(plain, elsewhere))[0]
    assert 'params' not in path.read_text()


def test_redrawn_from_the_tables_alone(
    study, runs, counted, tmp_path: Path
) -> None:
    collect_study(study, runs)
    results = tmp_path / 'results'
    tables = {
        name: (results / name).read_bytes()
        for name in ('runs.csv', 'curves.csv')
    }
    others = [path for path in results.iterdir() if path.name not in tables]
    before = {path: path.read_bytes() for path in others}
    for path in others:
        path.unlink()
    (tmp_path / 'runs').rename(tmp_path / 'gone')
    counted.clear()
    lines = redraw_study(study)
    assert not counted and set(lines) == {str(path) for path in others}
    for path in others:
        assert path.read_bytes() == before[path], path.name
    for name, text in tables.items():
        assert (results / name).read_bytes() == text


def test_redrawn_without_what_left_the_study(
    study, runs, counted, write, content: dict
) -> None:
    collect_study(study, runs)
    content['configs'][1]['configs'].pop()
    content['seeds'] = [0, 1]
    lines = redraw_study(write(content))
    assert lines[-1].startswith('6 row(s) of runs.csv left out')
    assert 'net-b_two-phase_seed0' in lines[-1]


def test_nothing_to_redraw(study, runs, write, content: dict) -> None:
    with pytest.raises(InputError, match='found 0 row'):
        redraw_study(study)
    plain = write(content)
    write_rows(plain, collect(plain, runs))
    with pytest.raises(InputError, match='expected counts .*--collect-only'):
        redraw_study(study)


def test_counts_of_a_real_network(repository: Path, monkeypatch) -> None:
    monkeypatch.chdir(repository)
    cost = count_cost(read_config(STRIPES), (16, 16))
    assert cost == count_cost(read_config(STRIPES), (16, 16))
    larger = count_cost(read_config(STRIPES), (32, 32))
    assert larger.params == cost.params > 10_000
    assert larger.multiply_adds > 3 * cost.multiply_adds > 0


def test_a_size_that_the_network_does_not_take(repository, monkeypatch):
    monkeypatch.chdir(repository)
    config = read_config(STRIPES)
    config.model.backbone.in_channels = 5
    with pytest.raises(InputError, match='takes an image of 16 x 16'):
        count_cost(config, (16, 16))


def test_times_of_different_machines_are_marked(
    study, runs, counted, finish
) -> None:
    collection = collect(study, runs)
    collection.rows[0]['hardware'] = 'a GPU'
    from mmvision_ext.studies.cost_charts import _machines

    rows = summarise(study, collection)
    assert 'cannot be compared' in _machines(rows[:4])
    assert _machines(rows[1:4]) == 'a CPU'


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(charts=['bar']), "no chart 'bar' is known; did you mean 'bars'"),
        (dict(charts='bars'), 'charts: expected a list of charts'),
        (dict(charts=['efficiency']), 'efficiency need counts.*input_size'),
        (dict(input_size=32), r'input_size: expected \[height, width\]'),
        (dict(input_size=[32]), r'expected \[height, width\].*found \[32\]'),
        (dict(input_size=[32, 0]), r'expected \[height, width\]'),
        (dict(input_size=['a', 2]), r'expected \[height, width\].*'),
        (dict(significance=5), 'significance: expected a level such as'),
        (dict(significance=1.5), 'between 0 and 1'),
        (dict(significanse=0.05), "did you mean 'significance'"),
        (dict(chart=['bars']), "did you mean 'chart"),
    ],
)
def test_wrong_keys(change: dict, message: str, write, content) -> None:
    with pytest.raises(InputError, match=message) as error:
        write({**content, **change})
    assert 'study.yaml' in str(error.value)


def test_tests_need_a_baseline(write, content: dict) -> None:
    del content['baseline']
    with pytest.raises(InputError, match='baseline to test against'):
        write({**content, 'significance': 0.05})


def test_studies_beside_each_other_have_results_of_their_own(study) -> None:
    import dataclasses

    other = dataclasses.replace(study, path=study.path.with_name('b.yaml'))
    assert study.results_dir.name == 'results'
    assert other.results_dir == study.results_dir / 'b'


def test_many_labels_can_be_told_apart(write, content: dict) -> None:
    shared = write(content)
    assert not has_own_labels(shared) and len({*label_lines(shared)}) == 2
    for number, group in enumerate(content['configs']):
        entry = group['configs'][0]
        group['configs'] = [
            {**entry, 'label': f'{number} {index}'} for index in range(10)
        ]
    del content['baseline']
    study = write(content)
    assert has_own_labels(study)
    colors, lines = label_colors(study), label_lines(study)
    for number in range(2):
        looks = {
            (colors[f'{number} {index}'], lines[f'{number} {index}'])
            for index in range(10)
        }
        assert len(looks) == 10
    assert colors['0 0'] == colors['1 0']
