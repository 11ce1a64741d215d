"""Interfaces of the package std_srvs."""
