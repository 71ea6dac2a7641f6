"""Models in files: parameters and what was fitted, as data only, with a checksum."""

from __future__ import annotations

import json
import os
from importlib import import_module
from os import PathLike
from typing import Any

from sklearn.utils.validation import check_is_fitted

from fallline.arrays.files import UnreadableError, read_arrays, write_arrays
from fallline.errors import FileError, InputError, InputTypeError, shown
from fallline.models.plain_data import decoded, encoded

__all__ = ["load", "save"]

FORMAT = "fallline model 1"
REQUESTS = "_metadata_request"
"""Where scikit-learn keeps what a user asked it to route to the model."""

BROKEN = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
"""What reading data of another form comes down to."""


def save(model: Any, path: str | PathLike[str]) -> None:
    """Write a fitted model to a file that `load` reads, whole or not at all; nothing in it is ever executed.

    Raises
    ------
    NotFittedError
        Before `fit`.
    InputError
        Where a parameter is code, such as a method of the user's own.
    FileError
        Where the file cannot be written.
    """
    check_is_fitted(model)
    name = _name(path)
    if type(model).__module__ != f"{__package__}.{type(model).__module__.rpartition('.')[2]}":
        raise InputError(
            f"model must be one of fallline's own, to be saved; got {type(model).__name__}. A file holds no code, and "
            "could not bring the class back. Pickle it."
        )
    arrays: dict[str, Any] = {}
    parameters = model.get_params(deep=False)
    fitted = {key: value for key, value in vars(model).items() if key not in parameters and key != REQUESTS}
    saved = {
        "class": type(model).__name__,
        "parameters": {key: encoded(value, key, arrays) for key, value in parameters.items()},
        "fitted": {key: encoded(value, key, arrays) for key, value in fitted.items()},
        "requests": _requests(model),
    }
    try:
        write_arrays(name, FORMAT, json.dumps(saved), arrays)
    except OSError as error:
        raise FileError(
            f"path must be a file that can be written; got {name!r}: {error.strerror}. What was there before is kept. "
            "Name another place."
        ) from error


def load(path: str | PathLike[str]) -> Any:
    """Return the model in a file that its ``save`` wrote: of the same class, with all its parameters and attributes.

    The file holds data only: nothing in it is executed, whoever wrote it.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    estimator
        It predicts the same bits.

    Raises
    ------
    FileError
        Where the file is missing, holds something else, was cut short or altered, or is of a newer version.

    Examples
    --------
    >>> import tempfile, fallline as fl
    >>> model = fl.Ridge(alpha=0.5).fit([[1.0], [2.0], [3.0]], [3.0, 5.0, 7.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/line.fall")
    ...     again = fl.load(f"{folder}/line.fall")
    >>> again
    Ridge(alpha=0.5)
    >>> again.predict([[4.0]]) == model.predict([[4.0]])
    array([ True])
    """
    name = _name(path)
    try:
        text, arrays = read_arrays(name, FORMAT)
        return _model(json.loads(text), arrays)
    except UnreadableError as error:
        why = str(error)
    except BROKEN as error:
        why = f"it holds what this version does not know ({error!r})"
    raise FileError(
        f"path must be a model that fallline saved, unaltered; got {name!r}: {why}. Nothing in it was run. Save the "
        "model again, or name another file."
    )


def _name(path: Any) -> str:
    if not isinstance(path, (str, PathLike)):
        raise InputTypeError(f'path must be a path; got {shown(path)}. It is where the file lies. Write "model.fall".')
    return os.fsdecode(path)


def _model(saved: dict[str, Any], arrays: dict[str, Any]) -> Any:
    models = import_module("fallline.models")
    if saved["class"] not in models.ESTIMATORS:
        raise KeyError(saved["class"])
    parameters, fitted = (
        {key: decoded(value, arrays) for key, value in saved[part].items()} for part in ("parameters", "fitted")
    )
    model = getattr(models, saved["class"])(**parameters)
    vars(model).update(fitted)
    for method, wanted in saved["requests"].items():
        request = model.get_metadata_routing()
        getattr(request, method).requests.update(wanted)
        setattr(model, REQUESTS, request)
    return model


def _requests(model: Any) -> dict[str, dict[str, Any]]:
    """Return what scikit-learn was asked to route to the model's methods, where it was asked."""
    routing = vars(model).get(REQUESTS)
    if routing is None:
        return {}
    methods = [key for key, part in vars(routing).items() if type(part).__name__ == "MethodMetadataRequest"]
    return {key: dict(getattr(routing, key).requests) for key in methods if getattr(routing, key).requests}
