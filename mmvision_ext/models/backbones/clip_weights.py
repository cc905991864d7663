"""Weights of a CLIP checkpoint for the image tower."""

import zipfile
from pathlib import Path

import torch
from torch import nn

from mmvision_ext.engine.checkpointing import (
    LoadReport,
    match_state_dict,
    read_checkpoint,
    state_of,
)
from mmvision_ext.utils import InputError

from .convert import COUNTER

VISUAL = 'visual.'  # in the files of OpenAI, open_clip and RemoteCLIP

_POOLING = 'attnpool.'  # a tower may do without


def load_clip_tower(
    tower: nn.Module, checkpoint: str | Path, prefix: str | None = VISUAL
) -> LoadReport:
    """Load the image tower of a CLIP checkpoint, all of it or nothing.

    Args:
        tower: Module whose layers have the names of the published weights.
        checkpoint: File or http(s) address of a state dict, plain or under
            ``state_dict``, its names with or without ``module.``; read
            without running code from it.
        prefix: What the names of the tower begin with; None for nothing.

    Returns:
        The account. Of what is not used, it names what lies under the prefix.

    Raises:
        InputError: If the file cannot be read, is a TorchScript archive, has
            nothing under the prefix, or holds another tower.
    """
    _refuse_torchscript(checkpoint)
    content = read_checkpoint(checkpoint)
    state = {
        name: value
        for name, value in state_of(content, prefix).items()
        if isinstance(value, torch.Tensor)
    }
    if not state:
        names = ', '.join(list(state_of(content))[:3]) or 'nothing'
        raise InputError(
            f"{checkpoint}: expected weights of an image tower under '{prefix}"
            f"', found {names}, ...: set init_cfg.prefix to what stands "
            'before conv1.weight'
        )
    report = match_state_dict(tower.state_dict(), state)
    absent = [name for name in report.missing if not name.endswith(COUNTER)]
    surplus = [
        name for name in report.unexpected if not name.startswith(_POOLING)
    ]
    if absent or report.mismatched or surplus:
        raise InputError(
            'the checkpoint is of another image tower than model.backbone.\n'
            f'{report.summary(str(checkpoint))}\n'
            'Expected every layer of the tower and no other: set the '
            'architecture of model.backbone to that of the checkpoint.'
        )
    tower.load_state_dict(
        {name: state[name] for name in report.loaded}, strict=False
    )
    return report


def _refuse_torchscript(checkpoint: str | Path) -> None:
    """Stop at OpenAI's own files, which hold a program beside the weights."""
    path = Path(checkpoint).expanduser()
    if not path.is_file() or not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        names = {name.rpartition('/')[2] for name in archive.namelist()}
    if 'constants.pkl' in names:
        raise InputError(
            f'{checkpoint}: expected a state dict, found a TorchScript '
            'archive, as OpenAI distributes CLIP. Where you trust the file, '
            'write its weights to a new one: python -c "import torch; '
            f"torch.save(torch.jit.load('{checkpoint}', 'cpu').state_dict(), "
            "'clip.pth')\""
        )
