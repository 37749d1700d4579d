"""pfl-research on PyTorch, one thread: the small simulation (`softmax`), or the round and the network of its CIFAR10 benchmark (`images`)."""

import importlib.metadata
import sys
import types

import numpy as np
import torch
from pfl.aggregate.simulate import SimulatedBackend
from pfl.aggregate.weighting import WeightByDatapoints
from pfl.algorithm.base import NNAlgorithmParams
from pfl.algorithm.federated_averaging import FederatedAveraging
from pfl.callback.base import TrainingProcessCallback
from pfl.data.dataset import Dataset
from pfl.data.federated_dataset import FederatedDataset
from pfl.data.sampling import get_user_sampler
from pfl.hyperparam import NNEvalHyperParams, NNTrainHyperParams
from pfl.metrics import Metrics, Weighted
from pfl.model.pytorch import PyTorchModel
from torch import nn
from turns import BATCH, CLASSES, COHORT, FEATURES, IMAGE, IMAGE_CLIENTS, IMAGE_EXAMPLES, IMAGE_RATE, RATE, Turns, drawn

torch.set_num_threads(1)
torch.set_num_interop_threads(1)


class ChannelsFirst(nn.Module):
    def forward(self, images):
        return images.permute(0, 3, 1, 2)


def loss(self, inputs, targets, eval=False):
    self.eval() if eval else self.train()
    return nn.functional.cross_entropy(self(inputs), targets)


@torch.no_grad()
def metrics(self, inputs, targets, eval=True):
    return {"loss": Weighted(loss(self, inputs, targets, True).item() * len(inputs), len(inputs))}


def small_simulation():
    x, y, shards, test_x, test_y = drawn()
    users = [(x[rows], y[rows]) for rows in shards]
    network = nn.Sequential(nn.Linear(FEATURES, CLASSES))
    return network, users, COHORT, RATE, (test_x, test_y)


def image_round():
    rng = np.random.default_rng(1)
    images = rng.standard_normal((IMAGE_CLIENTS, IMAGE_EXAMPLES, *IMAGE), dtype=np.float32)
    labels = rng.integers(0, CLASSES, (IMAGE_CLIENTS, IMAGE_EXAMPLES))
    side = (IMAGE[0] - 4) // 2
    network = nn.Sequential(
        ChannelsFirst(),
        nn.Conv2d(IMAGE[2], 32, kernel_size=3),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(side * side * 64, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, CLASSES),
    )
    return network, list(zip(images, labels)), IMAGE_CLIENTS, IMAGE_RATE, (images[0, :BATCH], labels[0, :BATCH])


torch.manual_seed(1)
network, users, cohort, rate, test = {"softmax": small_simulation, "images": image_round}[sys.argv[2]]()
network.loss, network.metrics = types.MethodType(loss, network), types.MethodType(metrics, network)
tensors = [[torch.as_tensor(one) for one in user] for user in users]
model = PyTorchModel(
    model=network,
    local_optimizer_create=torch.optim.SGD,
    central_optimizer=torch.optim.SGD(network.parameters(), lr=1.0),
)
sampler = get_user_sampler("minimize_reuse", list(range(len(users))))
data = FederatedDataset(lambda user: Dataset(tensors[user], user_id=str(user)), sampler)
evaluated = Dataset([torch.as_tensor(one) for one in test], eval_kwargs={"eval": True})


class AfterRounds(TrainingProcessCallback):
    def after_central_iteration(self, aggregate_metrics, model, *, central_iteration):
        turns.round_is_done()
        return False, Metrics()


turns = Turns(
    f"pfl-research {importlib.metadata.version('pfl')} with PyTorch {torch.__version__}",
    int(sys.argv[1]),
    lambda: model.evaluate(evaluated),
)
FOREVER = 10**9
FederatedAveraging().run(
    NNAlgorithmParams(FOREVER, evaluation_frequency=FOREVER, train_cohort_size=cohort, val_cohort_size=None),
    SimulatedBackend(data, data, postprocessors=[WeightByDatapoints()]),
    model,
    NNTrainHyperParams(local_batch_size=BATCH, local_num_epochs=1, local_learning_rate=rate),
    NNEvalHyperParams(local_batch_size=None),
    callbacks=[AfterRounds()],
    send_metrics_to_platform=False,
)
