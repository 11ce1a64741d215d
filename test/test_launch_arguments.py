from mtperception.nodes.launch_arguments import misspelt

DECLARED = ['namespace', 'params_file', 'log_level', 'pin_image']


def test_near_misses_are_found():
    argv = ['pin_imgae:=/a', 'log_level:=debug']
    assert misspelt(argv, DECLARED) == [('pin_imgae', 'pin_image')]
    assert misspelt(['name_space:=a'], DECLARED) == [('name_space', 'namespace')]


def test_names_of_another_file_pass():
    assert misspelt(['rviz:=true', 'robot:=ur5', '--debug'], DECLARED) == []
