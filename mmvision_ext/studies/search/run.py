"""Trials, one after another; each is a run like those of a study."""

import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmvision_ext.studies.execute import execute_run
from mmvision_ext.studies.plan import Run, runs_of
from mmvision_ext.studies.record import Files, read_json
from mmvision_ext.studies.spec import Entry
from mmvision_ext.studies.state import State
from mmvision_ext.utils import InputError

from .spec import Range, Search

if TYPE_CHECKING:
    from optuna import Study as OptunaStudy
    from optuna import Trial

_KEY = 'key'  # beside a trial: what it is called
_SETTINGS = 'settings'  # beside the study: what all its trials have


def run_search(
    search: Search, script: str, work_root: str | Path | None = None
) -> Iterator[tuple[int, dict[str, Any], float | None]]:
    """Train until there are as many trials as asked for.

    Proposals and values are in ``journal.log`` of the search's folder, so
    that the same call goes on: a trial that was interrupted is resumed from
    its checkpoint, with its values.

    Args:
        search: What to search.
        script: Path of ``tools/train.py``.
        work_root: Folder of the trials; None takes ``work_dirs/<search>``.

    Yields:
        For each trial, those of earlier calls included: its number, dotted key
        to value, and the metric; None where the training failed.

    Raises:
        InputError: Optuna is not installed, the config cannot be read, the
            metric is not among those that are measured, or the trials of the
            folder are those of another search.
    """
    optuna = _optuna()
    root = Path(work_root or Path('work_dirs') / search.name)
    root.mkdir(parents=True, exist_ok=True)
    study = _open(optuna, search, root)
    finished = optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.FAIL
    for old in study.get_trials(states=finished):
        if not old.user_attrs.get('interrupted'):
            yield old.number, old.params, old.value
    while _ended(study) < search.trials:
        trial = study.ask()
        values = {
            key: _propose(trial, key, space)
            for key, space in search.space.items()
        }
        run = _run(search, root, trial, values)
        status = execute_run(run, script)
        if status.state is not State.FINISHED:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            yield trial.number, values, None
            continue
        measured = read_json(Files(run.work_dir).result)['metrics']
        if search.metric not in measured:
            raise InputError(
                f'{search.path}: metric: there is no {search.metric!r} among '
                f'what was measured: {", ".join(measured)}'
            )
        value = measured[search.metric]
        if not math.isfinite(value):  # no trial is better or worse than NaN
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            yield trial.number, values, None
            continue
        study.tell(trial, value)
        yield trial.number, values, value


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise InputError(
            'a search needs Optuna: pip install "optuna>=4,<6"'
        ) from error
    optuna.logging.set_verbosity(logging.WARNING)
    return optuna


def _open(optuna: Any, search: Search, root: Path) -> 'OptunaStudy':
    """The study of this folder; what was interrupted is proposed again."""
    backend = optuna.storages.journal.JournalFileBackend(
        str(root / 'journal.log')
    )
    study = optuna.create_study(
        storage=optuna.storages.JournalStorage(backend),
        study_name=search.name,
        direction=search.goal,
        load_if_exists=True,
    )
    _check_settings(study, search, root)
    # Of the same seed alone, each call would propose the first values again.
    study.sampler = optuna.samplers.TPESampler(
        seed=search.seed + len(study.trials)
    )
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        # Nobody else works in this folder: its training ended with its search.
        key = trial.user_attrs.get(_KEY, f'trial_{trial.number}')
        study._storage.set_trial_user_attr(
            trial._trial_id, 'interrupted', True
        )
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(trial.params, user_attrs={_KEY: key})
    return study


def _check_settings(study: 'OptunaStudy', search: Search, root: Path) -> None:
    """Refuse trials that cannot be compared with those of this file."""
    settings = dict(
        config=search.config,
        metric=search.metric,
        goal=search.goal,
        seed=search.seed,
        overrides=dict(search.overrides),
        choices={
            key: list(space.choices)
            for key, space in search.space.items()
            if space.choices
        },
    )
    if not study.trials:
        study.set_user_attr(_SETTINGS, settings)
        return
    old = study.user_attrs.get(_SETTINGS, {})
    for key, value in settings.items():
        if key in old and old[key] != value:
            raise InputError(
                f'{search.path}: {key}: expected {old[key]!r} as in the '
                f'trials of {root}, found {value!r}. Put it back, or give '
                'the search another name or folder (--work-dir).'
            )


def _ended(study: 'OptunaStudy') -> int:
    return sum(
        trial.state.is_finished()
        for trial in study.get_trials(deepcopy=False)
        if not trial.user_attrs.get('interrupted')
    )


def _propose(trial: 'Trial', key: str, space: Range) -> Any:
    if space.choices:
        return trial.suggest_categorical(key, space.choices)
    if space.low is None or space.high is None:
        raise ValueError(f'{key}: neither choices nor limits')
    if space.whole:
        low, high = int(space.low), int(space.high)
        return trial.suggest_int(key, low, high, log=space.log)
    return trial.suggest_float(key, space.low, space.high, log=space.log)


def _run(
    search: Search, root: Path, trial: 'Trial', values: dict[str, Any]
) -> Run:
    key = trial.user_attrs.get(_KEY, f'trial_{trial.number}')
    trial.set_user_attr(_KEY, key)
    entry = Entry(
        group='',
        label=key,
        config=search.config,
        overrides={**search.overrides, **values},
        seeds=(search.seed,),
    )
    [run] = runs_of(entry, root, str(search.path))
    return run
