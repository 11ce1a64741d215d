"""Launch arguments: ROS 2 accepts a misspelt one silently, these launch files do not."""

from collections.abc import Iterable
import difflib

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument, OpaqueFunction


def misspelt(argv: Iterable[str], declared: Iterable[str]) -> list[tuple[str, str]]:
    """
    Pair each `name:=value` of argv that nearly names a declared argument with that name.

    Names far from all declared ones pass: they may belong to a file that includes this one.
    """
    names = set(declared)
    given = [argument.partition(':=')[0] for argument in argv if ':=' in argument]
    unknown = [name for name in given if name not in names]
    pairs = []
    for name in unknown:
        near = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.75)
        if near:
            pairs.append((name, near[0]))
    return pairs


def refuse_misspelt(arguments: Iterable[DeclareLaunchArgument]) -> OpaqueFunction:
    """Make the action that ends the launch where the command line misspells an argument."""
    names = [argument.name for argument in arguments]

    def check(context: LaunchContext) -> None:
        for given, meant in misspelt(context.argv, names):
            raise ValueError(f"unknown launch argument '{given}': did you mean '{meant}'?")

    return OpaqueFunction(function=check)
