"""Rows, summary, tables and charts of finished runs."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.studies.bands import mean_and_sd
from mmvision_ext.studies.collect import collect, write_rows
from mmvision_ext.studies.plan import plan_runs
from mmvision_ext.studies.record import (
    Attempt,
    Files,
    read_record,
    write_record,
)
from mmvision_ext.studies.study_runner import collect_study
from mmvision_ext.studies.summary import Kind, summarise
from mmvision_ext.utils import InputError
from mmvision_ext.visualization.charts import Curve

# Group, label, seed: 3 epochs each. Net B two-phase has one seed only.
CURVES = np.random.default_rng(0).uniform(20, 90, (4, 3, 3)).round(3)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


@pytest.fixture
def study(write, content: dict):
    """The study of two groups."""
    return write(content)


@pytest.fixture
def runs(study, finish, tmp_path: Path):
    """Its runs, ten of twelve finished."""
    runs = plan_runs(study, tmp_path / 'runs')
    for number, run in enumerate(runs[:10]):
        curve = CURVES.reshape(12, 3)[number]
        finish(run, curve.tolist(), **{'accuracy/mean_class': 1.0})
    return runs


def test_numbers_agree_with_numpy(study, runs) -> None:
    rows = summarise(study, collect(study, runs))
    last = CURVES[:, :, -1]
    used = [last[0], last[1], last[2], last[3][:1]]
    baseline = [None, used[0], None, used[2]]
    for row, values, against in zip(rows, used, baseline, strict=False):
        found = row.statistics['accuracy/top1']
        assert found.mean == pytest.approx(np.mean(values))
        assert found.sd == (
            pytest.approx(np.std(values, ddof=1)) if len(values) > 1 else None
        )
        assert found.difference == (
            None
            if against is None
            else pytest.approx(np.mean(values) - np.mean(against))
        )
        assert row.num_runs == len(values) and row.planned == 3
    assert [row.note for row in rows[:3]] == ['baseline', '', 'baseline']
    assert [row.kind for row in rows[4:]] == [Kind.CHANCE, Kind.PUBLISHED]
    assert rows[4].statistics['accuracy/top1'].mean == 0.99
    assert rows[5].statistics['accuracy/top1'].mean == 92.06
    assert 'accuracy/top5' not in rows[5].statistics
    assert rows[5].note == 'published: full data, not comparable; A paper'


def test_all_files(study, runs, tmp_path: Path) -> None:
    lines = collect_study(study, runs)
    results = tmp_path / 'results'
    assert lines == [
        str(results / name)
        for name in (
            'runs.csv',
            'curves.csv',
            'summary.csv',
            'summary.md',
            'summary.tex',
            'bars.png',
            'curves.png',
        )
    ]
    rows = _rows(results / 'runs.csv')
    assert len(rows) == 10
    assert rows[4]['run'] == 'net-a_two-phase_seed1'
    assert rows[4]['overrides'] == 'model.gain=20.0'
    assert float(rows[4]['accuracy/top1']) == CURVES[1, 1, -1]
    # Metrics that the study does not name are there as well.
    assert rows[4]['accuracy/mean_class'] == '1.0'
    assert (rows[4]['data'], rows[4]['hardware']) == ('the cut', 'a CPU')
    assert len(_rows(results / 'curves.csv')) == 30
    summary = _rows(results / 'summary.csv')
    assert float(summary[1]['accuracy/top1 sd']) == pytest.approx(
        CURVES[1, :, -1].std(ddof=1)
    )
    assert summary[3]['accuracy/top1 sd'] == ''
    assert (summary[3]['seeds'], summary[3]['planned_seeds']) == ('1', '3')
    for name in ('bars.png', 'curves.png'):
        with Image.open(results / name) as picture:
            assert min(picture.size) > 300
            assert len(picture.convert('RGB').getcolors(1 << 24)) > 50


def test_markdown(study, runs, tmp_path: Path) -> None:
    collect_study(study, runs)
    text = (tmp_path / 'results' / 'summary.md').read_text()
    values = CURVES[1, :, -1]
    difference = values.mean() - CURVES[0, :, -1].mean()
    line = next(
        line for line in text.splitlines() if 'Net A: two-phase' in line
    )
    cells = [cell.strip() for cell in line.split('|')[1:-1]]
    assert cells[:5] == [
        'Net A: two-phase',
        '3',
        '3',
        f'{values.mean():.1f} ± {values.std(ddof=1):.1f}',
        f'{difference:+.1f}'.replace('-', '−'),
    ]
    assert '| 1 of 3 |' in text
    assert '- 2 run(s) of the study are not finished.' in text
    assert 'full data, not comparable' in text and '- Data: the cut.' in text


def test_latex(study, runs, tmp_path: Path) -> None:
    collect_study(study, runs)
    text = (tmp_path / 'results' / 'summary.tex').read_text()
    assert r'\begin{tabular}{lrrrrrr}' in text
    assert r'top-1 (\%)' in text and r'$\pm$' in text
    # Groups, then chance and published.
    assert text.count(r'\midrule') == 3
    table = text[text.index(r'\toprule') :]
    assert not {'%', '_', '±', '–'} & set(table.replace(r'\%', ''))


def test_one_seed_has_no_deviation(write, content, finish, tmp_path) -> None:
    study = write({**content, 'seeds': [0]})
    runs = plan_runs(study, tmp_path / 'runs')
    for run in runs:
        finish(run, [50.0])
    collect_study(study, runs)
    text = (tmp_path / 'results' / 'summary.md').read_text()
    assert '±' not in text and 'sample standard' not in text
    assert (tmp_path / 'results' / 'curves.png').is_file()


def test_rows_of_another_machine_stay(
    study, runs, finish, tmp_path: Path
) -> None:
    collect_study(study, runs)
    before = _rows(tmp_path / 'results' / 'runs.csv')
    elsewhere = plan_runs(study, tmp_path / 'other')
    finish(elsewhere[0], [1.0, 2.0, 3.0])
    lines = collect_study(study, elsewhere)
    assert lines[-1].startswith('9 row(s) of runs.csv kept')
    after = _rows(tmp_path / 'results' / 'runs.csv')
    assert float(after[0]['accuracy/top1']) == 3.0
    assert after[1:] == before[1:]
    assert len(_rows(tmp_path / 'results' / 'curves.csv')) == 30


def test_rows_of_a_changed_config_go(
    study, runs, write, content: dict, tmp_path: Path
) -> None:
    collect_study(study, runs)
    content['configs'][1]['configs'][0]['overrides'] = {'model.gain': 13.0}
    changed = write(content)
    lines = collect_study(changed, plan_runs(changed, tmp_path / 'runs'))
    assert lines[-1].startswith('3 row(s) of runs.csv left out')
    assert 'net-b_scratch_seed2' in lines[-1]
    rows = _rows(tmp_path / 'results' / 'runs.csv')
    assert not any(row['run'].startswith('net-b_scratch') for row in rows)


def test_nothing_finished(study, tmp_path: Path) -> None:
    with pytest.raises(InputError, match='at least one finished run'):
        collect_study(study, plan_runs(study, tmp_path / 'runs'))


def test_a_metric_that_was_not_measured(
    write, content: dict, runs, tmp_path: Path
) -> None:
    study = write(
        {**content, 'metrics': ['accuracy/top2'], 'chance': {}}
        | {'published': []}
    )
    with pytest.raises(InputError, match="did you mean 'accuracy/top") as got:
        collect(study, runs)
    assert '--collect-only' in str(got.value)
    assert not (tmp_path / 'results').exists()


def test_another_csv_in_the_place_of_ours(study, runs, tmp_path) -> None:
    (tmp_path / 'results').mkdir()
    (tmp_path / 'results' / 'runs.csv').write_text('a,b\n1,2\n')
    with pytest.raises(InputError, match=r'runs\.csv: expected the columns'):
        collect(study, runs)


def _log(run, protocol: str) -> None:
    record = read_record(run)
    record.attempts.append(Attempt('', '', '', ''))
    write_record(run, record)
    start = 'x - INFO - ClassificationMetric: top-1 1 %; 9 images; protocol: '
    text = f'{start}older\n{start}{protocol}\nDone; protocol: none\n'
    Files(run.work_dir).log(1).write_text(text, 'utf-8')


def test_the_protocol_that_the_log_states(study, runs, tmp_path) -> None:
    _log(runs[0], '30 a class, seed 0')
    _log(runs[1], 'not stated')
    path = write_rows(study, collect(study, runs))[0]
    found = [row['protocol'] for row in _rows(path)[:3]]
    assert found == ['30 a class, seed 0', '', '']


def test_rows_of_before_there_was_a_protocol(study, runs, tmp_path) -> None:
    path = write_rows(study, collect(study, runs))[0]
    lines = path.read_text().splitlines()
    column = lines[0].split(',').index('protocol')
    rows = list(csv.reader(lines))
    with path.open('w', newline='') as file:
        csv.writer(file).writerows(
            row[:column] + row[column + 1 :] for row in rows
        )
    kept = collect(study, plan_runs(study, tmp_path / 'other'))
    write_rows(study, kept)
    assert len(kept.kept) == 10 and _rows(path)[0]['protocol'] == ''


def test_a_row_that_was_read_is_written_the_same(study, runs, tmp_path):
    collection = collect(study, runs)
    path = write_rows(study, collection)[0]
    text = path.read_text()
    elsewhere = plan_runs(study, tmp_path / 'other')
    write_rows(study, collect(study, elsewhere))
    assert path.read_text() == text


def test_band_at_the_steps_that_all_seeds_have() -> None:
    x, mean, sd = mean_and_sd(
        [Curve([1, 2, 3], [1.0, 2.0, 6.0]), Curve([2, 3], [4.0, 2.0])]
    )
    assert x.tolist() == [2, 3] and mean.tolist() == [3, 4]
    assert sd == pytest.approx(np.std([[2, 6], [4, 2]], axis=0, ddof=1))
    assert np.isnan(mean_and_sd([Curve([1], [1.0])])[2]).all()
