"""Detect what words say in images and draw it.

The words are known to the embedding file of the config, or are in another one
(--vocabulary), or the encoder that wrote the file encodes them on the spot
(--sentence-model, or --architecture and --weights).
"""

from mmvision_ext.cli.prediction import add_detection, add_words, run_demo

EXAMPLE = r"""
    NAME=context-guided-rcnn_mobilenet-v2_fpn_minilm_1xb8-24e_nwpu-vhr10
    PROG data/nwpu_vhr10/images configs/remoteclip/$NAME.py \
        work_dirs/$NAME/epoch_24.pth --words ship bridge \
        --maps --out work_dirs/words
"""

if __name__ == '__main__':
    run_demo(
        'python projects/demo/open_vocab_demo.py',
        __doc__,
        EXAMPLE,
        ('open-vocabulary detection',),
        add_detection,
        add_words,
    )
