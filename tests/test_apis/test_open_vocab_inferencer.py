"""Images and words in, boxes with words and context maps out."""

import json
import runpy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from mmvision_ext.apis import OpenVocabDetInferencer, iter_dataset_predictions
from mmvision_ext.apis.context_maps import ContextMap, save_context
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.models.text import TextEncoder, read_embeddings, template_set
from mmvision_ext.models.text.prompts import fill
from mmvision_ext.testing.tiny_words import (
    DIMENSIONS,
    add_word_data,
    save_word_detector,
    word_detector_config,
    write_random_words,
)
from mmvision_ext.utils import InputError

WORDS = ('airplane', 'ship', 'storage tank', 'harbor')
TRAINED = ('ship', 'airplane')


class Letters(TextEncoder):
    """Counts letters."""

    encoder = 'drawn'

    def embed(self, sentences: Sequence[str]) -> torch.Tensor:
        rows = [
            [text.count(chr(97 + i)) + 0.1 for i in range(DIMENSIONS)]
            for text in sentences
        ]
        return torch.tensor(rows)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image with one harbor, 60 x 90 px."""
    root = tmp_path_factory.mktemp('words')
    pixels = np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8)
    Image.fromarray(pixels).save(root / 'a.png')
    annotation = dict(
        id=1, image_id=1, category_id=1, bbox=[5, 5, 30, 30], area=900
    )
    content = dict(
        images=[dict(id=1, file_name='a.png', width=90, height=60)],
        annotations=[dict(annotation, iscrowd=0)],
        categories=[
            dict(id=i, name=word)
            for i, word in enumerate(reversed(WORDS), start=1)
        ],
    )
    (root / 'a.json').write_text(json.dumps(content))
    write_random_words(root / 'words.safetensors', WORDS)
    return root


@pytest.fixture(scope='module')
def config(folder: Path, repository: Path) -> Config:
    words = str(folder / 'words.safetensors')
    found = word_detector_config(repository / 'configs', words)
    add_word_data(found, WORDS, folder)
    return found


@pytest.fixture(scope='module')
def checkpoint(config: Config, folder: Path) -> str:
    return save_word_detector(config, folder / 'random.pth', TRAINED)


@pytest.fixture
def detect(config: Config, checkpoint: str) -> OpenVocabDetInferencer:
    return OpenVocabDetInferencer(config, checkpoint, 'cpu', score_thr=0.0)


def test_it_begins_with_the_words_of_the_training(
    detect: OpenVocabDetInferencer, folder: Path
) -> None:
    assert detect.words == TRAINED
    [result] = detect(folder / 'a.png', progress=False)
    assert result.classes == TRAINED and len(result)


def test_words_are_those_asked_for(
    detect: OpenVocabDetInferencer, folder: Path
) -> None:
    found = {}
    for words in (['harbor', 'ship'], ['ship', 'harbor']):
        [result] = detect(folder / 'a.png', progress=False, words=words)
        assert result.classes == tuple(words)
        found[words[0]] = sorted(
            (name, round(float(score), 5))
            for name, score in zip(result.names, result.scores, strict=True)
        )
    assert found['harbor'] == found['ship']
    [again] = detect(folder / 'a.png', progress=False)
    assert again.classes == ('ship', 'harbor')


def test_an_embedding_file_takes_the_place_of_all(
    detect: OpenVocabDetInferencer, folder: Path, tmp_path: Path
) -> None:
    path = write_random_words(tmp_path / 'more.safetensors', ['car', 'tram'])
    [result] = detect(folder / 'a.png', progress=False, words=path)
    assert result.classes == ('car', 'tram')
    assert not detect.model.dataset_meta.get('palette')


def test_new_words_are_encoded_on_the_spot(
    config: Config, checkpoint: str, folder: Path
) -> None:
    detect = OpenVocabDetInferencer(config, checkpoint, 'cpu', 0.0, Letters())
    bank = read_embeddings(folder / 'words.safetensors')
    photo = template_set('photo')
    prompts = fill(bank.names, photo)
    detect.model.vocabulary.adopt(replace(bank, prompts=prompts), 'photos')
    detect.use_words(['cab', 'ship'])
    features = detect.model.vocabulary.features
    torch.testing.assert_close(features[1], bank.features[1])
    expected = detect.encoder.encode(
        [[text.format('a cab') for text in photo]]
    )
    torch.testing.assert_close(features[:1], expected)
    [result] = detect(folder / 'a.png', progress=False)
    assert result.classes == ('cab', 'ship')


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], r'one word or more, none of them empty, found \[\]'),
        (['ship', ''], 'none of them empty'),
        (['ship', 'ship'], "found 'ship' again"),
        (['harbour'], "no 'harbour'; did you mean 'harbor'. It has .*ship"),
        (['ship', 'SHIP'], "words: expected every word once, found 'ship'"),
        ('ship', "a list of words, or an embedding file .*, found 'ship'"),
        ('no.safetensors', 'expected a file, found none at no.safetensors'),
    ],
)
def test_words_that_cannot_be_used(
    detect: OpenVocabDetInferencer, words, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        detect.use_words(words)
    assert detect.words == TRAINED


def test_new_words_that_are_one_word(config: Config, checkpoint: str) -> None:
    detect = OpenVocabDetInferencer(config, checkpoint, 'cpu', 0.0, Letters())
    for words in (['cab', 'Cab'], ['cab', ' cab'], ['red cab', 'red_cab']):
        with pytest.raises(InputError, match='expected every word once'):
            detect.use_words(words)
    assert detect.words == TRAINED


def test_words_are_found_as_people_write_them(
    detect: OpenVocabDetInferencer,
) -> None:
    detect.use_words(['Storage_Tank', 'SHIP'])
    assert detect.words == ('storage tank', 'ship')


def test_new_words_need_sentences_of_the_package(
    config: Config, checkpoint: str, folder: Path
) -> None:
    detect = OpenVocabDetInferencer(config, checkpoint, 'cpu', 0.0, Letters())
    bank = read_embeddings(folder / 'words.safetensors')
    prompts = fill(bank.names, ['my {}', 'your {}'])
    detect.model.vocabulary.adopt(replace(bank, prompts=prompts), 'own')
    detect.use_words(['ship'])
    with pytest.raises(InputError, match="own has no 'cab', and its words"):
        detect.use_words(['cab'])


def test_another_encoder_is_refused(
    config: Config, checkpoint: str, tmp_path: Path
) -> None:
    class Other(Letters):
        encoder = 'another'

    detect = OpenVocabDetInferencer(config, checkpoint, 'cpu', 0.0, Other())
    path = write_random_words(
        tmp_path / 'other.safetensors', ['car'], encoder='another'
    )
    for words in (['cab'], path):
        with pytest.raises(InputError, match='found those of another'):
            detect.use_words(words)


def test_a_detector_of_fixed_classes_is_refused(mask_rcnn) -> None:
    with pytest.raises(InputError, match='classes are words.*MaskRCNN'):
        OpenVocabDetInferencer(mask_rcnn.config, mask_rcnn.checkpoint, 'cpu')


def test_a_data_set_is_searched_for_its_own_classes(
    config: Config, checkpoint: str
) -> None:
    predictions = iter_dataset_predictions(config, checkpoint, 'cpu')
    assert predictions.model.vocabulary.words == WORDS
    [sample] = list(predictions)
    assert sample.gt_instances.labels.tolist() == [WORDS.index('harbor')]


def test_positions_and_their_mean(
    detect: OpenVocabDetInferencer, folder: Path
) -> None:
    [found] = detect.context(folder / 'a.png', progress=False, words=WORDS)
    # 90 x 60 px become 64 x 43, padded to 64 x 64: 2 x 2 positions.
    assert found.cosines.shape == (4, 2, 2)
    assert found.extent == (43 / 64, 1)
    assert np.abs(found.cosines).max() <= 1 + 1e-5
    model, context = detect.model, detect.model.roi_head.context
    packed = detect.pipeline(dict(img=found.source.read(), img_id=0))
    pre = model.data_preprocessor
    image = packed['inputs'].flip(0).float()
    image = (image - pre.mean) / pre.std
    image = torch.nn.functional.pad(image, (0, 0, 0, 21))
    with torch.no_grad():
        last = model.backbone(image[None])[-1][0]
        words = model.vocabulary.features
        for row, column in ((0, 1), (1, 0)):
            feature = context.projection(last[:, row, column])
            expected = torch.cosine_similarity(feature[None], words)
            np.testing.assert_allclose(
                found.cosines[:, row, column], expected, atol=1e-4
            )
        feature = context.projection(last.mean((1, 2)))
        logits = torch.cosine_similarity(feature[None], words) * 10 - 2
    np.testing.assert_allclose(found.posterior, logits.sigmoid(), atol=1e-4)


def test_a_map_leaves_the_padding_out() -> None:
    cosines = np.zeros((1, 4, 4), np.float32)
    cosines[0, 2:] = 1  # the lower half is padding
    item = ContextMap(
        ImageSource('x'), ('ship',), cosines, (0.5, 1), np.zeros(1)
    )
    found = item.resized(0, (80, 160))
    assert found.shape == (80, 160)
    assert found[:50].max() == 0  # the last position reaches in by a half


def test_pages(
    detect: OpenVocabDetInferencer, folder: Path, tmp_path: Path
) -> None:
    found = detect.context(folder / 'a.png', progress=False, words=WORDS)
    [path] = save_context(found, tmp_path / 'pages', limit=2)
    assert path.name == 'context_a.png'
    few = np.asarray(Image.open(path))
    more = found[0].draw(4)
    assert more.shape[0] > few.shape[0]  # a row of maps more
    with pytest.raises(InputError, match='another folder'):
        save_context(found, folder)


def test_a_detector_without_context(
    config: Config, folder: Path, tmp_path: Path
) -> None:
    config = Config(config.to_dict())
    config.model.roi_head.context = None
    path = save_word_detector(config, tmp_path / 'x.pth', TRAINED)
    detect = OpenVocabDetInferencer(config, path, 'cpu')
    with pytest.raises(InputError, match='context, found none'):
        detect.context(folder / 'a.png', progress=False)


def test_demo(
    config: Config,
    checkpoint: str,
    folder: Path,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    config.dump(tmp_path / 'config.py')
    out = tmp_path / 'out'
    demo = str(repository / 'projects/demo/open_vocab_demo.py')
    options = ['--out', str(out), '--device', 'cpu', '--score-thr', '0']
    paths = [folder / 'a.png', tmp_path / 'config.py', checkpoint]
    call = [demo, *map(str, paths), *options]
    monkeypatch.setattr('sys.argv', [*call, '--words', 'harbor', '--maps'])
    runpy.run_path(demo, run_name='__main__')
    names = sorted(path.name for path in out.iterdir())
    assert names == ['a.png', 'context_a.png', 'predictions.json']
    found = json.loads((out / 'predictions.json').read_text())
    assert [entry['name'] for entry in found['categories']] == ['harbor']
    assert '3 files in' in capsys.readouterr().out
    monkeypatch.setattr('sys.argv', [*call, '--words', 'ship', 'ship'])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(demo, run_name='__main__')
    assert stopped.value.code == 2
    assert "found 'ship' again" in capsys.readouterr().err
