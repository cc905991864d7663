"""The words of the data, told to a detector whose classes are words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmvision_ext.engine.checkpointing.durable import file_digest
from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.models.backbones.clip_resnet import CLIPResNet
from mmvision_ext.models.backbones.clip_weights import VISUAL
from mmvision_ext.models.text.vocabulary import Vocabulary
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError


@HOOKS.register_module()
class VocabularyHook(Hook):
    """Set the words of the model to the classes of the data that come next.

    Training, validation and test data may have different classes: a model
    trained on base classes is asked for novel ones as well.

    Before a training it also compares the file that a CLIP image tower comes
    from with the one that made the words, and warns where they differ.
    """

    def __init__(self) -> None:
        self._trained: Any = None

    def before_train(self, runner: Runner) -> None:
        """Use the classes of the training data.

        Args:
            runner: The runner.

        Raises:
            InputError: If the model has no words, or not those.
        """
        self._trained = runner.train_dataloader.dataset
        _use(runner, self._trained)
        _compare_towers(runner)

    def before_val(self, runner: Runner) -> None:
        """Use the classes of the validation data.

        Args:
            runner: The runner.

        Raises:
            InputError: If the model has no words, or not those.
        """
        _use(runner, runner.val_dataloader.dataset)

    def after_val(self, runner: Runner) -> None:
        """Use those of the training data again, within a training.

        Args:
            runner: The runner.
        """
        if self._trained is not None:
            _use(runner, self._trained)

    def before_test(self, runner: Runner) -> None:
        """Use the classes of the test data.

        Args:
            runner: The runner.

        Raises:
            InputError: If the model has no words, or not those.
        """
        _use(runner, runner.test_dataloader.dataset)


def _use(runner: Runner, dataset: Any) -> None:
    """Tell the model the classes of a dataset."""
    model = unwrapped(runner.model)
    found = _vocabularies(model)
    if not found:
        raise InputError(
            'VocabularyHook: expected a model whose classes are words, such '
            f'as mmvision_ext.ContextGuidedRCNN, found {type(model).__name__}.'
            ' Take the hook out of custom_hooks.'
        )
    classes: Sequence[str] = dataset.metainfo['classes']
    for vocabulary in found:
        if tuple(classes) != vocabulary.words:
            vocabulary.use(classes)
            runner.logger.info(
                f'VocabularyHook: {len(classes)} words: {", ".join(classes)}'
            )


def _vocabularies(model: nn.Module) -> list[Vocabulary]:
    """What a model has of words."""
    return [part for part in model.modules() if isinstance(part, Vocabulary)]


def _compare_towers(runner: Runner) -> None:
    """Warn where words and image tower are of two weights files.

    A tower of another prefix than the published weights was trained since, and
    an address has no file to compare.
    """
    model = unwrapped(runner.model)
    for tower in model.modules():
        if not isinstance(tower, CLIPResNet):
            continue
        for entry in tower.init_cfg:
            path = Path(entry.get('checkpoint') or '').expanduser()
            if entry.get('prefix') != VISUAL or not path.is_file():
                continue
            found = file_digest(path)
            for words in _vocabularies(model):
                if words.bank.sha256 not in (None, found):
                    runner.logger.warning(
                        f'VocabularyHook: the words in {words.path} are of '
                        f'weights with sha256 {words.bank.sha256[:12]}, the '
                        f'image tower is from {path} with {found[:12]}: '
                        'cosines mean nothing unless both are of one CLIP. '
                        'Encode the words with --weights of that file.'
                    )
