"""Words of the data, told to the model."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.logging import MMLogger
from torch import nn

from mmvision_ext.engine.hooks import VocabularyHook
from mmvision_ext.models.backbones.clip_resnet import CLIPResNet
from mmvision_ext.models.text.embeddings import (
    TextEmbeddings,
    write_embeddings,
)
from mmvision_ext.models.text.vocabulary import Vocabulary
from mmvision_ext.utils import InputError

WORDS = ('airplane', 'ship', 'harbor')


def loader(classes: Sequence[str]) -> Any:
    return SimpleNamespace(
        dataset=SimpleNamespace(metainfo=dict(classes=classes))
    )


@pytest.fixture
def runner(tmp_path: Path) -> Any:
    path = tmp_path / 'words.safetensors'
    content = TextEmbeddings(
        names=WORDS,
        features=torch.eye(3),
        prompts=tuple((word,) for word in WORDS),
        encoder='drawn',
    )
    write_embeddings(content, path)
    return SimpleNamespace(
        model=nn.Sequential(nn.Identity(), Vocabulary(str(path))),
        logger=MMLogger.get_instance('test_vocabulary_hook'),
        train_dataloader=loader(['ship', 'airplane']),
        val_dataloader=loader(list(WORDS)),
        test_dataloader=loader(['harbor']),
    )


def test_words_follow_the_data(runner: Any) -> None:
    hook, vocabulary = VocabularyHook(), runner.model[1]
    hook.before_train(runner)
    assert vocabulary.words == ('ship', 'airplane')
    hook.before_val(runner)
    assert vocabulary.words == WORDS
    hook.after_val(runner)
    assert vocabulary.words == ('ship', 'airplane')
    hook.before_test(runner)
    assert vocabulary.words == ('harbor',)
    assert torch.equal(vocabulary.features, torch.eye(3)[2:])


def test_validation_without_training_keeps_its_words(runner: Any) -> None:
    hook = VocabularyHook()
    hook.before_val(runner)
    hook.after_val(runner)
    assert runner.model[1].words == WORDS


def test_a_class_without_features_is_refused(runner: Any) -> None:
    runner.train_dataloader = loader(['ship', 'harbour'])
    with pytest.raises(InputError, match="did you mean 'harbor'"):
        VocabularyHook().before_train(runner)


def test_a_model_without_words_is_refused(runner: Any) -> None:
    runner.model = nn.Linear(1, 1)
    with pytest.raises(InputError, match='found Linear'):
        VocabularyHook().before_train(runner)


@pytest.mark.parametrize('prefix, count', [('visual.', 1), ('backbone.', 0)])
def test_words_of_another_clip_are_told_of(
    runner: Any, tmp_path: Path, prefix: str, count: int
) -> None:
    file = tmp_path / 'clip.pt'
    file.write_bytes(b'weights')
    tower = CLIPResNet(
        dict(
            layers=(1, 1, 1, 1), width=8, heads=1, embed_dim=4, image_size=64
        ),
        init_cfg=dict(type='Pretrained', checkpoint=str(file), prefix=prefix),
    )
    runner.model.append(tower)
    lines: list[str] = []
    runner.logger = SimpleNamespace(info=print, warning=lines.append)
    vocabulary = runner.model[1]
    same = hashlib.sha256(b'weights').hexdigest()
    for digest, expected in ((None, 0), (same, 0), ('0' * 64, count)):
        vocabulary.bank = replace(vocabulary.bank, sha256=digest)
        lines.clear()
        VocabularyHook().before_train(runner)
        assert len(lines) == expected
    assert all(str(file) in line for line in lines)
