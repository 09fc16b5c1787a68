"""Read by an interpreter at its start if PYTHONPATH names this folder: a data set has few lessons then, and so has a step."""

import os

from memos_cli.operation.parametric import effort
from memos_cli.operation.parametric.examples import Shares
from memos_cli.ports.trainer import TrainingSettings

effort.shares = lambda _parameters: Shares(forms=8, replay=0.5, least_negatives=20, least_replay=20, drift=10)
effort.settings = lambda _parameters: TrainingSettings(epochs=int(os.environ["EPOCHS"]), tokens=512)
