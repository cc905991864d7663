# apascal.py, whose objects with a rare attribute come several times an epoch
# (repeat factors, https://arxiv.org/abs/1908.03195): sqrt(0.1 / frequency) of
# the rarest attribute, rounded up, where that is rarer than one in ten.
_base_ = './apascal.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ClassBalancedDataset',
        oversample_thr=0.1,
        dataset={{_base_.train_dataloader.dataset}},
    )
)
