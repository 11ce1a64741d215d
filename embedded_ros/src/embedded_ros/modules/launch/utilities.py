"""Names that launch files import from here."""

from launch.substitution import normalize_to_list_of_substitutions, perform_substitutions

__all__ = ['normalize_to_list_of_substitutions', 'perform_substitutions']
