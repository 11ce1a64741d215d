# Copyright 2026 mtperception developers
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

from glob import glob

from setuptools import find_packages, setup

NAME = 'mtperception'

setup(
    name=NAME,
    version='0.1.0',
    description='Eyes for a robot cell: pins, grasps and 6D poses from camera topics',
    long_description=open('README.md', encoding='utf-8').read(),  # noqa: SIM115
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    maintainer='mtperception developers',
    maintainer_email='mtperception@example.org',
    python_requires='>=3.10',
    packages=find_packages(include=['mtperception', 'mtperception.*']),
    package_data={'mtperception': ['py.typed', 'zoo/models/*']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        (f'share/{NAME}/launch', sorted(glob('launch/*.launch.py'))),
        (f'share/{NAME}/config', sorted(glob('config/*.yaml'))),
    ],
    # On a machine with ROS 2, package.xml and requirements.txt bring these.
    install_requires=[
        'mujoco>=3.17',  # earlier ones do not repeat textures on meshes
        'numpy>=1.21',
        'opencv-python',
        'pyyaml',
        'rich',  # progress bars and the terminal display
        'safetensors',
        'scikit-learn>=1.3',  # tells taught shapes apart
        'torch',
        'torchvision',  # region proposals and RoIAlign of the paper's pose detector
        # The user's meshes: reading with colours, repair, decimation, convex pieces
        'charset-normalizer',  # of OBJ files that are not UTF-8
        'fast-simplification',
        'networkx',
        'pillow',
        'scipy',
        'trimesh>=4.5',
        'vhacdx',
    ],
    extras_require={
        'test': [
            'hypothesis',
            'import-linter',
            'mypy',
            'pytest',
            'pytest-timeout',
            'ruff',
            'types-PyYAML',
        ],
    },
    zip_safe=False,
    entry_points={
        'console_scripts': [
            'mtperception = mtperception.cli.main:main',
            'pin_detector = mtperception.nodes.__main__:pin_detector',
            'grasp_detector = mtperception.nodes.__main__:grasp_detector',
            'pose_estimator = mtperception.nodes.__main__:pose_estimator',
            'cell_simulator = mtperception.nodes.__main__:cell_simulator',
            'recorder = mtperception.nodes.__main__:recorder',
        ],
    },
)
