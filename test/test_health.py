from mtperception.nodes.health import Health


def test_counts_by_cause():
    health = Health()
    for _ in range(5):
        health.frame_received()
    health.frame_processed(0.010)
    health.frame_processed(0.030)
    assert [health.frame_dropped('data') for _ in range(2)] == [1, 2]
    health.frame_dropped('age')
    values = health.values()
    assert (values['received'], values['processed'], values['dropped']) == ('5', '2', '3')
    assert (values['dropped.data'], values['dropped.age']) == ('2', '1')
    assert values['latency_ms.p50'] == '20.0'
    assert float(values['rate']) == 0.4


def test_without_frames_there_is_no_latency():
    values = Health().values()
    assert values['rate'] == '0.0'
    assert 'latency_ms.p50' not in values
