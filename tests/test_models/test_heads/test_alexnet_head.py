import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from torch.nn import functional as F
from torchvision.models import alexnet

from mmvision_ext.engine.checkpointing import match_state_dict
from mmvision_ext.utils import InputError

DEFAULT_ARGS = dict(
    type='mmvision_ext.AlexNetHead',
    num_classes=5,
    in_channels=4,
    hidden_channels=16,
)
LABELS = [0, 4, 2]


def build(**kwargs):
    return MODELS.build({**DEFAULT_ARGS, **kwargs})


@pytest.fixture
def feats():
    """Feature maps of two stages; the last is classified."""
    torch.manual_seed(0)
    return torch.rand(3, 2, 12, 12), torch.rand(3, 4, 6, 6)


def samples():
    return [DataSample().set_gt_label(label) for label in LABELS]


@pytest.fixture(scope='module')
def imagenet_file(tmp_path_factory):
    """torchvision's AlexNet with random weights, as its file has them."""
    torch.manual_seed(1)
    model = alexnet().eval()
    path = tmp_path_factory.mktemp('alexnet') / 'alexnet.pth'
    torch.save(model.state_dict(), path)
    return path, model


def test_torchvisions_file_fills_backbone_and_head(imagenet_file):
    path, reference = imagenet_file
    init_cfg = dict(type='Pretrained', checkpoint=str(path))
    model = MODELS.build(
        dict(
            type='mmpretrain.ImageClassifier',
            backbone=dict(
                type='mmvision_ext.AlexNetFeatures', init_cfg=init_cfg
            ),
            head=dict(
                type='mmvision_ext.AlexNetHead',
                num_classes=101,
                init_cfg=init_cfg,
            ),
        )
    )
    last = model.head.classifier[6].weight.clone()
    model.init_weights()
    model.eval()
    state = reference.state_dict()
    report = match_state_dict(model.head.state_dict(), state)
    assert report.loaded == [
        f'classifier.{index}.{kind}'
        for index in (1, 4)
        for kind in ('weight', 'bias')
    ]
    assert list(report.mismatched) == [
        'classifier.6.weight',
        'classifier.6.bias',
    ]
    assert torch.equal(model.head.classifier[6].weight, last)
    # With torchvision's last layer the whole gives torchvision's logits.
    model.head.classifier[6] = reference.classifier[6]
    images = torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(model(images), reference(images))


def test_parameters():
    with torch.device('meta'):
        head = build(num_classes=101, in_channels=256, hidden_channels=4096)
    expected = (256 * 36 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 101
    assert sum(p.numel() for p in head.parameters()) == expected == 54947941


def test_loss_and_predict(feats):
    head = build(topk=(1, 2), cal_acc=True).eval()
    logits = head(feats)
    losses = head.loss(feats, samples())
    torch.testing.assert_close(
        losses['loss'], F.cross_entropy(logits, torch.tensor(LABELS))
    )
    assert set(losses) == {'loss', 'accuracy_top-1', 'accuracy_top-2'}
    losses['loss'].backward()
    assert all(p.grad is not None for p in head.parameters())
    predicted = head.predict(feats, samples())
    scores = torch.stack([sample.pred_score for sample in predicted])
    torch.testing.assert_close(scores, logits.softmax(1))
    assert [s.pred_label.item() for s in predicted] == logits.argmax(
        1
    ).tolist()


def test_pre_logits_are_the_activations_of_fc7(feats):
    head = build().eval()
    activations = head.pre_logits(feats)
    assert activations.shape == (3, 16) and (activations >= 0).all()
    torch.testing.assert_close(head.classifier[6](activations), head(feats))


def test_other_image_sizes_are_averaged_to_six(feats):
    head = build().eval()
    large = F.interpolate(feats[-1], scale_factor=2, mode='nearest')
    torch.testing.assert_close(head((large,)), head(feats))


def test_dropout_in_training_only(feats):
    head = build(dropout=0.5)
    assert torch.equal(head.eval()(feats), head(feats))
    assert not torch.equal(head.train()(feats), head(feats))


@pytest.mark.parametrize('shape', [(3, 4), (3, 9, 6, 6)])
def test_other_features_are_refused(shape):
    with pytest.raises(InputError, match=r'\(N, 4, H, W\).*in_channels'):
        build()((torch.rand(shape),))


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(num_classes=0), 'at least 1, found 0 and 4'),
        (dict(hidden_channels=0), 'hidden_channels of at least 1, found 0'),
        (dict(dropout=-0.1), r'\[0, 1\), found -0.1'),
    ],
)
def test_wrong_arguments_are_refused(kwargs, message):
    with pytest.raises(InputError, match=message):
        build(**kwargs)
