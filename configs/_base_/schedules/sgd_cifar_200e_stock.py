# sgd_cifar_200e.py with the hosts' own optimizer wrapper, in float32: what to
# compare the fast path with.
_base_ = './sgd_cifar_200e.py'

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(fused=False))
