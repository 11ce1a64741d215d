"""The detectors of a perception cell, on the topics of its cameras."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from mtperception.nodes.launch_arguments import refuse_misspelt


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(
            'namespace', default_value='', description='Namespace of all nodes.'),
        DeclareLaunchArgument(
            'params_file',
            default_value=PathJoinSubstitution(
                [FindPackageShare('mtperception'), 'config', 'cell.yaml']),
            description='Parameters of the nodes.'),
        DeclareLaunchArgument(
            'log_level', default_value='info',
            choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='Lowest level that the nodes log.'),
        DeclareLaunchArgument(
            'pin_image', default_value='camera/image_raw',
            description='Image topic in which pins are detected.'),
    ]
    pin_detector = Node(
        package='mtperception',
        executable='pin_detector',
        name='pin_detector',
        namespace=LaunchConfiguration('namespace'),
        parameters=[LaunchConfiguration('params_file')],
        remappings=[('image', LaunchConfiguration('pin_image'))],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )
    return LaunchDescription([*arguments, refuse_misspelt(arguments), pin_detector])
