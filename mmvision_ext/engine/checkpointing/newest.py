"""The newest checkpoint of a folder that a training can resume from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .checksum import archive_fault, fault_of

LAST_CHECKPOINT = 'last_checkpoint'

#: How mmengine names the checkpoints of a training.
TEMPLATES = ('epoch_{}.pth', 'iter_{}.pth')


@dataclass
class Newest:
    """What was found.

    Attributes:
        path: The newest checkpoint that verifies, or None.
        rejected: What was passed over before it, and why.
    """

    path: Path | None = None
    rejected: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Describe it.

        Returns:
            A line for the checkpoint, then one for each rejected file.
        """
        found = (
            f'newest checkpoint that verifies: {self.path}'
            if self.path
            else 'no checkpoint verifies'
        )
        return '\n  rejected '.join([found, *self.rejected])


@dataclass(frozen=True)
class _Candidate:
    path: Path
    template: str
    number: int
    time: int  # of the last change, in nanoseconds


def has_checkpoints(work_dir: str | Path) -> bool:
    """Whether a run has saved anything, good or damaged.

    Args:
        work_dir: Folder of the run, which may be absent.

    Returns:
        Whether it has.
    """
    work_dir = Path(work_dir)
    return (work_dir / LAST_CHECKPOINT).is_file() or any(
        work_dir.glob('*.pth')
    )


def newest_good(
    work_dir: Path,
    folder: Path | None = None,
    templates: Sequence[str] = TEMPLATES,
) -> Newest:
    """Find the newest checkpoint that verifies.

    ``last_checkpoint`` names the newest, unless the process ended just before
    it was written: a file of a later step that is also written later comes
    first. A file of a later step that is older is of an earlier training in
    the same folder. Then follow the earlier steps, the latest first. Where
    ``last_checkpoint`` is no help, the files follow by the time of writing.

    Where no file has the checksum beside it, one whose content is sound is
    taken: the checksum file may be what is damaged.

    Args:
        work_dir: Folder of the run, with ``last_checkpoint``.
        folder: Where the checkpoints lie; None for ``work_dir``.
        templates: Names of checkpoints; ``{}``, or a format such as
            ``{:03d}``, stands for the step.

    Returns:
        The checkpoint and what was rejected. Files after it are not read.
    """
    newest = Newest()
    candidates = _candidates(folder or work_dir, templates)
    last = _last(work_dir, candidates, templates, newest.rejected)
    ordered = _in_order(candidates, last, newest.rejected)
    for check in (fault_of, archive_fault):
        for candidate in ordered:
            fault = check(candidate.path)
            if fault is None:
                newest.path = candidate.path
                return newest
            newest.rejected.append(f'{candidate.path}: {fault}')
    return newest


def _candidates(
    folder: Path, templates: Sequence[str]
) -> dict[str, _Candidate]:
    """Name to file, of all that are named like a checkpoint."""
    found = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        candidate = _candidate(path, templates)
        if candidate is not None:
            found[path.name] = candidate
    return found


def _candidate(path: Path, templates: Sequence[str]) -> _Candidate | None:
    for template in templates:
        before, after = re.split(r'\{[^}]*\}', template, maxsplit=1)
        match = re.fullmatch(
            rf'{re.escape(before)}(\d+){re.escape(after)}', path.name
        )
        if match and path.is_file():
            time = path.stat().st_mtime_ns
            return _Candidate(path, template, int(match[1]), time)
    return None


def _last(
    work_dir: Path,
    candidates: dict[str, _Candidate],
    templates: Sequence[str],
    rejected: list[str],
) -> _Candidate | None:
    """What ``last_checkpoint`` names, here or where it says."""
    pointer = work_dir / LAST_CHECKPOINT
    if not pointer.is_file():
        return None
    text = pointer.read_text(errors='replace').strip()
    if not text or '\0' in text:
        rejected.append(f'{pointer}: names no file')
        return None
    name = Path(text).name
    if name in candidates:
        return candidates[name]
    elsewhere = _candidate(Path(text), templates)
    if elsewhere is None:
        rejected.append(f'{pointer}: names {text}, which is not there')
        return None
    candidates[name] = elsewhere
    return elsewhere


def _in_order(
    candidates: dict[str, _Candidate],
    last: _Candidate | None,
    rejected: list[str],
) -> list[_Candidate]:
    """The candidates, the one to be preferred first."""
    if last is None:
        return sorted(
            candidates.values(), key=lambda c: (c.time, c.number), reverse=True
        )
    kept = []
    for candidate in candidates.values():
        is_later = (
            candidate.template == last.template
            and candidate.number > last.number
        )
        if is_later and candidate.time < last.time:
            rejected.append(
                f'{candidate.path}: of an earlier training, written before '
                f'{last.path.name}'
            )
            continue
        preference = 2 if is_later else int(candidate is last)
        same = candidate.template == last.template
        kept.append(((preference, same, candidate.number), candidate))
    return [c for _, c in sorted(kept, key=lambda k: k[0], reverse=True)]
