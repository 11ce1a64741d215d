"""The type of everything that a launch file may write where text is expected."""

from launch.substitution import SomeSubstitutionsType

__all__ = ['SomeSubstitutionsType']
