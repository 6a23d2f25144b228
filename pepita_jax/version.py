"""The version of the package: the build reads it here, and results record it."""

__version__ = "0.2.0"
