"""Stands in for tools/train.py: leaves the files of a training at once.

``model.behaviour`` in the config says what happens: ``train``, ``fail``,
``die`` (SIGTERM after the first checkpoint, unless resumed), ``die-late``
(after the last checkpoint, before its evaluation), ``stop`` (SIGTERM in epoch
2, which it obeys after a save), ``wait`` (after the first checkpoint, for a
signal), ``no-metric``.
"""

import argparse
import json
import os
import re
import signal
from pathlib import Path

from mmengine.config import Config, DictAction


def main() -> None:
    """Write logs and checkpoints."""
    parser = argparse.ArgumentParser()
    parser.add_argument('config')
    parser.add_argument('--work-dir', type=Path)
    parser.add_argument('--resume')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    args = parser.parse_args()
    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options)
    print('    GPU 0: Test Accelerator')
    work_dir: Path = args.work_dir
    number = len(list(work_dir.glob('*/vis_data')))
    log = work_dir / f'start_{number}' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    with (work_dir / 'devices.txt').open('a') as file:
        file.write(os.environ.get('CUDA_VISIBLE_DEVICES', 'unset') + '\n')
    if cfg.model.behaviour == 'fail':
        raise SystemExit('boom: no data')
    done = int(re.search(r'_(\d+)\.pth', args.resume)[1]) if args.resume else 0
    if args.resume and 'iter_' in args.resume:
        done = 1
    last = cfg.train_cfg.max_epochs
    with log.open('w') as file:
        for epoch in range(done + 1, last + 1):
            if cfg.model.behaviour == 'stop' and epoch == 2:
                checkpoint = work_dir / 'iter_99.pth'
                checkpoint.touch()
                (work_dir / 'last_checkpoint').write_text(str(checkpoint))
                raise SystemExit(128 + signal.SIGTERM)
            write = dict(epoch=epoch, iter=epoch, step=epoch, lr=0.1)
            write.update(loss=1.0, time=0.25, memory=100 + epoch)
            print(json.dumps(write), file=file, flush=True)
            checkpoint = work_dir / f'epoch_{epoch}.pth'
            checkpoint.touch()
            (work_dir / 'last_checkpoint').write_text(str(checkpoint))
            if cfg.model.behaviour == 'wait':
                signal.pause()
            late = cfg.model.behaviour == 'die-late' and epoch == last
            if (
                late
                and done == 0
                or cfg.model.behaviour == 'die'
                and epoch == 1
            ):
                os.kill(os.getpid(), signal.SIGTERM)
            value = cfg.model.gain * epoch + 0.1 * cfg.randomness.seed**2
            metrics = {'accuracy/top1': value, 'accuracy/top5': value + 1}
            if cfg.model.behaviour == 'no-metric':
                metrics = {}
            print(json.dumps({**metrics, 'step': epoch}), file=file)


if __name__ == '__main__':
    main()
