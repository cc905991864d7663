# ResNet-18 by mmpretrain's own classifier, pipeline and hook: the comparison.
_base_ = [
    '../_base_/models/resnet18_cifar.py',
    '../_base_/datasets/cifar100_stock.py',
    '../_base_/schedules/sgd_cifar_200e_stock.py',
    '../_base_/default_runtime_cifar.py',
]

model = dict(type='ImageClassifier')
data_preprocessor = dict(
    _delete_=True,
    type='ClsDataPreprocessor',
    mean={{_base_.data_preprocessor.mean}},
    std={{_base_.data_preprocessor.std}},
    to_rgb=False,  # the reader gives RGB
)
default_hooks = dict(runtime_info=dict(type='RuntimeInfoHook'))
