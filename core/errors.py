"""Everything that can go wrong in a way the user can act on.

    HeadlongError
    ├── InputError         a file or text that cannot be used
    ├── SettingError       a setting, name or value outside what is allowed
    ├── ModelError         a model that cannot be used
    │   ├── ModelNotFound  no model of that name or path
    │   ├── NewerModel     a model that only a newer version of this program can read
    │   └── DamagedModel   a model folder that breaks the format's promises
    └── TrainingError      a training run that could not start or go on
        ├── TrainingStopped  somebody stopped it before there was anything to keep
        └── WorkerLost       one of several workers is gone

Each message is one sentence or two: what was wrong, what was received, what to do; a command to copy
stands on a line of its own. The prompt adds its own CommandError. Anything else that is raised is a
fault of the program and is shown as one.
"""


class HeadlongError(Exception):
    """The root: its text is written for the user and is shown as it is."""


class InputError(HeadlongError):
    """A file or text that cannot be used."""


class SettingError(HeadlongError):
    """A setting that does not exist, or a value outside what is allowed."""


class ModelError(HeadlongError):
    """A model that cannot be used."""


class ModelNotFound(ModelError):
    """No model of that name or at that path."""


class NewerModel(ModelError):
    """A model in a format that came later than this version of the program."""


class DamagedModel(ModelError):
    """A model folder that is incomplete, altered or not in the format it declares."""


class TrainingError(HeadlongError):
    """A training run that could not start or could not go on."""


class TrainingStopped(TrainingError):
    """A training run that was stopped before there was anything to keep."""


class WorkerLost(TrainingError):
    """A training run of several workers, one of which is gone; it can be resumed."""
