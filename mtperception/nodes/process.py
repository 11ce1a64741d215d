"""The life of a node's process: one clear line where it cannot start, 0 where it is ended."""

from collections.abc import Callable
import sys

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node


def run_node(make_node: Callable[[], Node], argv: list[str] | None = None) -> int:
    """
    Run a node until SIGINT or SIGTERM; return the process's exit status.

    Heavy imports belong into `make_node`: then a signal that arrives meanwhile ends the process
    as quietly as one that arrives later.
    """
    node = None
    try:
        rclpy.init(args=argv)
        node = make_node()
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    except ModuleNotFoundError as error:
        print(f'{error}: pip install -r requirements.txt (README.md)', file=sys.stderr)
        return 1
    except (OSError, ParameterException, RuntimeError, ValueError) as error:
        print(' '.join(str(error).split()), file=sys.stderr)
        return 1
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0
