"""Exceptions for users."""


class UserError(ValueError):
    """A request that cannot be served. The message says what was asked, why it cannot be, and what to type instead."""


class NoLabelsError(UserError):
    """A request that needs labels, for a data set without labels."""


class PlaceError(UserError):
    """A folder or file that cannot be written: the disk is full or read-only, or permission is missing."""


class OccupiedError(UserError):
    """A run folder that another run already occupies."""


class TrainingDivergedError(RuntimeError):
    """An infinite or NaN loss or gradient; the message has the time, the saved files and advice."""
