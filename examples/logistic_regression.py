"""Is a tumour malignant? Thirty measurements in their own units, from hundredths to thousands.

The model needs no scaling and no learning rate, and says how far its cost can still be above the minimum. The
textbook's descent on the same columns is told why it fails, and what mends it. The model goes into a file and back.
"""

import tempfile
import warnings
from pathlib import Path

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score, train_test_split

import fallline as fl

data = load_breast_cancer(as_frame=True)
malignant = data.target_names[data.target]
X, X_test, y, y_test = train_test_split(data.data, malignant, random_state=0, stratify=malignant)

model = fl.LogisticRegression(alpha=1e-3).fit(X, y)
print(f"{model.certificate_} It took {model.n_iter_} updates.")
print(f"Right on {model.score(X_test, y_test):.1%} of {len(y_test)} tumours never seen.")
print(f"Five-fold: {cross_val_score(model, data.data, malignant, cv=5).mean():.1%}")

strongest = abs(model.coef_[0] * X.std().to_numpy()).argsort()[::-1][:3]
print(f"What tells most: {', '.join(model.feature_names_in_[strongest])}.")

# the textbook's descent, with the rate of many a tutorial
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    textbook = fl.LogisticRegression(alpha=1e-3, method="gd", learning_rate=0.01).fit(X, y)
print(f"\nPlain descent at 0.01, converged: {textbook.converged_}.\n{told[0].message}")

# into a file of plain data, and back
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "tumours.fall"
    model.save(path)
    again = fl.load(path)
print(f"\nLoaded: {again}, the same predictions: {(again.predict(X_test) == model.predict(X_test)).all()}.")
