"""
Settings of all tests.

pytest names a test module after its folders: for `embedded_ros/test` it would take the folder
`embedded_ros` for the package of that name, were the package not imported before.
"""
import contextlib

with contextlib.suppress(ImportError):  # where there is a real ROS 2
    import embedded_ros.activation  # noqa: F401
