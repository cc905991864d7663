"""What is to be known of a training besides its numbers."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.utils import InputError
from mmvision_ext.utils.provenance import code_commit, hardware_name
from mmvision_ext.visualization.training_log import log_files

from .model import count_parameters, load_config

FILE = 'training_facts.json'
TIME = re.compile(r'(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) - ')
PROTOCOL = re.compile(r'Metric: .*; protocol: (.+)$')
STOPPED = re.compile(r'did not improve in the last (\d+) records')
NOT_STATED = 'not stated'  # as metrics write it
NOT_RECORDED = 'not recorded'


@dataclass(frozen=True)
class StartFacts:
    """One start of a training, as it was recorded when it began.

    Attributes:
        config: Config file.
        commit: Commit of the code.
        seed: Seed of everything random.
        hardware: Processors that it ran on.
        processes: Number of processes.
        batch_size: Samples of one step of all processes; None where the
            sampler decides.
        params: Number of parameters.
        trainable_params: Number of those that were trained at the beginning.
        num_classes: Number of classes or attributes; None where the data do
            not name them.
        train_samples: Number of training samples.
        val_samples: Number of validation samples; 0 without validation.
        train_protocol: How the training samples were chosen; may be empty.
        val_protocol: How the validation samples were chosen; may be empty.
    """

    config: str
    commit: str
    seed: int | None
    hardware: str
    processes: int
    batch_size: int | None
    params: int
    trainable_params: int
    num_classes: int | None
    train_samples: int
    val_samples: int
    train_protocol: str
    val_protocol: str


@dataclass(frozen=True)
class TrainingFacts:
    """What the folders of a training tell of it.

    Attributes:
        config: The config of its last start.
        starts: What its starts recorded; without
            :class:`~mmvision_ext.engine.hooks.TrainingReportHook` nothing.
        num_starts: Number of starts, recorded or not.
        seconds: How long they ran together, by the times in their text logs;
            None where these have none.
        protocol: How the validation samples were chosen, as the metric wrote
            it in the text log; may be empty.
        patience: Number of evaluations without improvement after which it
            was stopped early; None where it was not.
    """

    config: Config
    starts: list[StartFacts]
    num_starts: int
    seconds: float | None
    protocol: str
    patience: int | None

    def params(self) -> int | None:
        """Number of parameters: the recorded one, else that of a classifier
        of the config."""
        if self.starts:
            return self.starts[-1].params
        if self.config.get('default_scope') == 'mmdet':
            return None
        return count_parameters(self.config)

    def num_classes(self) -> int | None:
        """Number of classes: the recorded one, else the head's, if any."""
        if self.starts:
            return self.starts[-1].num_classes
        head = self.config.model.get('head') or {}
        return head.get('num_classes')

    def distinct(self, name: str) -> str:
        """What the starts recorded under a name.

        Args:
            name: A field of :class:`StartFacts`.

        Returns:
            The values, each once, first to last; ``not recorded`` without
            any.
        """
        values = [getattr(start, name) for start in self.starts]
        texts = [str(value) for value in values if value not in (None, '')]
        return ', then '.join(dict.fromkeys(texts)) or NOT_RECORDED


def record_start(runner: Runner) -> Path:
    """Write down what a training is started with.

    Args:
        runner: A runner that begins to train.

    Returns:
        The file, in the dated folder of the start.
    """
    parameters = list(unwrapped(runner.model).parameters())
    train = runner.train_dataloader
    train_meta = _metainfo(train)
    val = runner.val_loop.dataloader if runner.val_loop else None
    batch_size = train.batch_size or getattr(
        train.batch_sampler, 'batch_size', None
    )
    classes = (_metainfo(val) or train_meta).get('classes')
    facts = StartFacts(
        config=str(runner.cfg.filename or ''),
        commit=code_commit(),
        seed=runner.seed,
        hardware=hardware_name(parameters[0].device),
        processes=runner.world_size,
        batch_size=batch_size and batch_size * runner.world_size,
        params=sum(value.numel() for value in parameters),
        trainable_params=sum(
            value.numel() for value in parameters if value.requires_grad
        ),
        num_classes=len(classes) if classes else None,
        train_samples=len(train.dataset),
        val_samples=len(val.dataset) if val else 0,
        train_protocol=str(train_meta.get('protocol', '')),
        val_protocol=str(_metainfo(val).get('protocol', '')),
    )
    path = Path(runner.log_dir) / FILE
    path.write_text(json.dumps(asdict(facts), indent=1) + '\n', 'utf-8')
    return path


def read_facts(work_dir: str | Path) -> TrainingFacts:
    """Read what the folders of a training tell of it.

    Args:
        work_dir: Work directory of a run, or one dated folder in it.

    Returns:
        What they tell.

    Raises:
        InputError: There is no config, or a record is damaged.
    """
    files = log_files(work_dir)
    folders = [file.parent.parent for file in files]
    starts = [
        _read_start(path)
        for folder in folders
        if (path := folder / FILE).is_file()
    ]
    configs = [
        path for file in files if (path := file.parent / 'config.py').is_file()
    ]
    if not configs:
        raise InputError(
            f'work directory {work_dir}: expected vis_data/config.py in a '
            'dated folder of it, found none. mmengine writes it where '
            'vis_backends has a LocalVisBackend.'
        )
    seconds, protocol, patience = _read_texts(folders)
    return TrainingFacts(
        load_config(configs[-1]),
        starts,
        len(folders),
        seconds,
        protocol,
        patience,
    )


def _metainfo(loader: Any) -> Mapping[str, Any]:
    """Metainfo of a loader's dataset; empty where there is none."""
    return getattr(getattr(loader, 'dataset', None), 'metainfo', {})


def _read_start(path: Path) -> StartFacts:
    try:
        return StartFacts(**json.loads(path.read_text('utf-8')))
    except (ValueError, TypeError) as error:
        raise InputError(
            f'{path}: expected what TrainingReportHook wrote, found {error}. '
            'Delete the file; the report then says "not recorded".'
        ) from error


def _read_texts(folders: list[Path]) -> tuple[float | None, str, int | None]:
    """Seconds, protocol and patience that the text logs tell of."""
    seconds, protocol, patience = [], '', None
    for folder in folders:
        times: list[str] = []
        patience = None  # a start that follows went on
        for log in folder.glob('*.log'):
            with log.open(encoding='utf-8', errors='replace') as file:
                for line in file:
                    if match := TIME.match(line):
                        times.append(match[1])
                    if match := PROTOCOL.search(line):
                        protocol = match[1].strip()
                    if match := STOPPED.search(line):
                        patience = int(match[1])
        if times:
            first, last = (
                datetime.strptime(time, '%Y/%m/%d %H:%M:%S')
                for time in (times[0], times[-1])
            )
            seconds.append((last - first).total_seconds())
    stated = '' if protocol == NOT_STATED else protocol
    return sum(seconds) if seconds else None, stated, patience
