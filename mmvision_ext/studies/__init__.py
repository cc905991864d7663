"""Studies: configs x seeds x overrides, run, resumed, collected, compared.

Data flow: :mod:`spec` (study.yaml) -> :mod:`plan` (runs) -> :mod:`state` (what
is done) -> :mod:`local` or :mod:`slurm` (who works) -> :mod:`execute` (one
run) -> :mod:`collect` (rows, with :mod:`cost`) -> :mod:`summary` and
:mod:`significance` (numbers) -> :mod:`report` (tables) and :mod:`charts`.
"""
