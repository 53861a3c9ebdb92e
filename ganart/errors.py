"""What ganart says when a user asked for something that cannot be."""


class UserError(ValueError):
    """A request that cannot be served. The message says what was asked, why it cannot be, and what to type instead."""


class NoLabelsError(UserError):
    """A data set without labels cannot do what labels are needed for."""


class PlaceError(UserError):
    """A place that cannot be written to: a full disk, a read-only one, one that belongs to somebody else."""


class OccupiedError(UserError):
    """A new run was to begin in the folder of another one."""


class TrainingDivergedError(RuntimeError):
    """A loss or gradient became infinite or NaN; the message says when, what was saved and what to try."""
