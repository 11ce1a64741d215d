"""Where installed ROS packages keep their files."""

from ament_index_python.packages import (
    get_package_prefix,
    get_package_share_directory,
    get_package_share_path,
    get_packages_with_prefixes,
    PackageNotFoundError,
)
from ament_index_python.resources import get_resource, get_resources, has_resource
from ament_index_python.search_paths import get_search_paths

__all__ = [
    'PackageNotFoundError',
    'get_package_prefix',
    'get_package_share_directory',
    'get_package_share_path',
    'get_packages_with_prefixes',
    'get_resource',
    'get_resources',
    'get_search_paths',
    'has_resource',
]
