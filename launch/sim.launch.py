"""A simulated cell: its cameras, rendered live, and the detectors on them."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from mtperception.nodes.launch_arguments import refuse_misspelt


def generate_launch_description() -> LaunchDescription:
    share = FindPackageShare('mtperception')
    arguments = [
        DeclareLaunchArgument(
            'namespace', default_value='', description='Namespace of all nodes.'),
        DeclareLaunchArgument(
            'params_file', default_value=PathJoinSubstitution([share, 'config', 'sim.yaml']),
            description='Parameters of the nodes.'),
        DeclareLaunchArgument(
            'log_level', default_value='info',
            choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='Lowest level that the nodes log.'),
    ]
    simulator = Node(
        package='mtperception',
        executable='cell_simulator',
        name='cell_simulator',
        namespace=LaunchConfiguration('namespace'),
        parameters=[LaunchConfiguration('params_file')],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )
    cell = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([share, 'launch', 'cell.launch.py'])),
        launch_arguments={
            'namespace': LaunchConfiguration('namespace'),
            'params_file': LaunchConfiguration('params_file'),
            'log_level': LaunchConfiguration('log_level'),
            'pin_image': 'pin_camera/image_raw',
        }.items(),
    )
    return LaunchDescription([*arguments, refuse_misspelt(arguments), simulator, cell])
