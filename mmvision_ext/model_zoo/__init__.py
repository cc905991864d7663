"""The model zoo: metafiles and model cards, made from facts and results.

Data flow: :mod:`facts` (configs/model_zoo.yml) and :mod:`costs`
(configs/model_costs.csv), with :mod:`results` (projects/*/results) ->
:mod:`metafile` (for machines) and :mod:`cards` (for people) -> :mod:`build`
(files, and whether those on disk are still the same).
"""
