from mmvision_ext.benchmarks.data_pipelines import run


def test_every_pipeline_reads_generated_images():
    rows = run(quick=True)
    assert [row.peer_name for row in rows] == [
        'mmpretrain, image by image',
        'mmdet.VOCDataset',
        'one decode a crop',
    ]
    assert all(row.ours > 0 and row.peer > 0 for row in rows)
    assert {row.unit for row in rows} == {'images/s', 'crops/s'}
