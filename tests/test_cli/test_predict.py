"""Predictions from the command line, and the demos, which do the same."""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mmvision_ext.cli import main
from mmvision_ext.testing.tiny_attributes import (
    image_config,
    make_attribute_data,
    save_random,
)
from mmvision_ext.testing.tiny_photos import save_classifier, write_grey_video

DEMOS = ('image_demo', 'video_demo', 'attribute_demo', 'open_vocab_demo')


@pytest.fixture(scope='module')
def files(tmp_path_factory) -> dict[str, str]:
    """Two models, an image and a video."""
    root = tmp_path_factory.mktemp('files')
    classifier, weights = save_classifier(root)
    make_attribute_data(root / 'data')
    config = image_config(root / 'data')
    config.dump(root / 'attributes.py')
    save_random(config, root / 'attributes.pth', None)
    Image.new('RGB', (40, 30), (200, 20, 20)).save(root / 'photo.jpg')
    write_grey_video(root / 'clip.mp4', (0, 100, 200))
    return dict(
        classifier=str(classifier),
        weights=str(weights),
        attributes=str(root / 'attributes.py'),
        attribute_weights=str(root / 'attributes.pth'),
        photo=str(root / 'photo.jpg'),
        clip=str(root / 'clip.mp4'),
    )


@pytest.fixture
def demo(repository: Path, monkeypatch) -> Callable[..., int]:
    """Run a demo; returns its exit status."""

    def run(name: str, *arguments: str) -> int:
        path = str(repository / 'projects' / 'demo' / f'{name}.py')
        monkeypatch.setattr(sys, 'argv', [path, *arguments])
        try:
            runpy.run_path(path, run_name='__main__')
        except SystemExit as stop:
            return stop.code
        return 0

    return run


@pytest.fixture
def out(tmp_path: Path) -> list[str]:
    return ['--device', 'cpu', '--out', str(tmp_path / 'out')]


def names(out: list[str]) -> list[str]:
    return sorted(path.name for path in Path(out[-1]).iterdir())


def test_classes_of_a_photo(files, out, capsys) -> None:
    model = [files['classifier'], files['weights']]
    assert main(['predict', *model, files['photo'], *out]) == 0
    assert names(out) == ['photo.png', 'predictions.json']
    first, last = capsys.readouterr().out.splitlines()
    assert 'photo.jpg: ' in first and last == f'2 files in {out[-1]}'
    content = json.loads((Path(out[-1]) / 'predictions.json').read_text())
    assert content['images'][0]['file_name'] == files['photo']


def test_a_video_becomes_a_video(files, out, demo, capsys) -> None:
    model = [files['classifier'], files['weights']]
    assert demo('video_demo', files['clip'], *model, *out, '--every', '2') == 0
    assert names(out) == ['clip.mp4', 'predictions.json']
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(': ')[0] for line in lines[:-1]] == [
        f'{files["clip"]} frame 0',
        f'{files["clip"]} frame 2',
    ]


def test_attributes_of_a_photo(files, out, demo, capsys) -> None:
    model = [files['attributes'], files['attribute_weights']]
    call = [files['photo'], *model, *out, '--thresholds', '0']
    assert demo('attribute_demo', *call) == 0
    assert names(out) == ['attributes.json', 'photo.png']
    content = json.loads((Path(out[-1]) / 'attributes.json').read_text())
    assert len(content['results'][0]['attributes']) == 139
    capsys.readouterr()
    Path(files['photo']).with_name('t.json').write_text('{}')
    call[-1] = str(Path(files['photo']).with_name('t.json'))
    assert demo('attribute_demo', *call) == 2
    assert 't.json' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--words', 'cat'], '--words: expected a config of open-vocabulary'),
        (['--maps'], '--maps: expected a config of open-vocabulary'),
        (['--thresholds', '1'], '--thresholds: expected a config of attrib'),
        (['--score-thr', '1'], '--score-thr: expected a config of detection'),
        (['--every', '3'], '--every: expected a video, found '),
        (['--every', '0'], '--every: expected a video, found '),
        (['--batch-size', '0'], 'batch_size: expected a whole number'),
        (['--device', 'tpu:7'], 'one of this machine, such as cpu or cuda:0'),
    ],
)
def test_options_that_do_not_fit(files, out, options, message, capsys) -> None:
    call = ['predict', files['classifier'], files['weights'], files['photo']]
    with pytest.raises(SystemExit) as stop:
        main([*call, *out, *options])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not Path(out[-1]).exists()


def test_a_pattern_that_the_shell_expanded(files, out, demo, capsys) -> None:
    model = [files['classifier'], files['weights']]
    photos = ['a.png', 'b.png', 'c.png']
    with pytest.raises(SystemExit) as stop:
        main(['predict', *model, *photos, *out])
    assert stop.value.code == demo('image_demo', *photos, *model, *out) == 2
    text = capsys.readouterr().err
    assert "found 2 more: ['b.png', 'c.png']. The shell" in text
    assert text.count("quote it ('*.png'), or name the folder") == 2
    with pytest.raises(SystemExit):
        main(['predict', *model, *photos, *out, '--scores'])
    text = capsys.readouterr().err
    assert 'unrecognized arguments: b.png c.png --scores' in text


def test_a_demo_names_the_task_it_is_for(files, out, demo, capsys) -> None:
    model = [files['classifier'], files['weights']]
    assert demo('attribute_demo', files['photo'], *model, *out) == 2
    text = capsys.readouterr().err
    assert 'expected a config of attributes, found one of classific' in text


def test_weights_that_are_not_published(files, out, capsys) -> None:
    call = ['predict', files['classifier'], 'published', files['photo']]
    with pytest.raises(SystemExit) as stop:
        main([*call, *out])
    assert stop.value.code == 2
    text = capsys.readouterr().err
    assert 'no weights of tiny_4xb8_photos are published' in text


def test_an_output_that_is_a_file(files, capsys) -> None:
    call = ['predict', files['classifier'], files['weights'], files['photo']]
    with pytest.raises(SystemExit):
        main([*call, '--out', files['photo']])
    assert '--out: expected a folder' in capsys.readouterr().err


@pytest.mark.parametrize('name', DEMOS)
def test_demos_show_an_example(name: str, demo, capsys) -> None:
    assert demo(name, '--help') == 0
    text = capsys.readouterr().out
    assert 'Example:' in text and f'python projects/demo/{name}.py' in text
