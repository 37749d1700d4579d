// Written by 'npm run docs' from the folders of everything that a scenario can name.
import type { SettingsIn } from './settings-in.js';

export interface BuiltInMethods {
  readonly 'ad-psgd': SettingsIn<typeof import('../../../protocol/methods/asynchronous/ad-psgd.js').default>;
  readonly 'afl': SettingsIn<typeof import('../../../protocol/methods/fair/afl.js').default>;
  readonly 'agvm': SettingsIn<typeof import('../../../protocol/methods/large-batch/agvm.js').default>;
  readonly 'beer': SettingsIn<typeof import('../../../protocol/methods/gossip/beer.js').default>;
  readonly 'cdproxsgt': SettingsIn<typeof import('../../../protocol/methods/gossip/cdproxsgt.js').default>;
  readonly 'choco-sgd': SettingsIn<typeof import('../../../protocol/methods/gossip/choco-sgd.js').default>;
  readonly 'consensus-monte-carlo': SettingsIn<typeof import('../../../protocol/methods/bayesian/consensus-monte-carlo.js').default>;
  readonly 'd2': SettingsIn<typeof import('../../../protocol/methods/gossip/d2.js').default>;
  readonly 'deepsqueeze': SettingsIn<typeof import('../../../protocol/methods/gossip/deepsqueeze.js').default>;
  readonly 'demo': SettingsIn<typeof import('../../../protocol/methods/compressed/demo.js').default>;
  readonly 'dgd': SettingsIn<typeof import('../../../protocol/methods/gossip/dgd.js').default>;
  readonly 'diana': SettingsIn<typeof import('../../../protocol/methods/compressed/diana.js').default>;
  readonly 'diff2': SettingsIn<typeof import('../../../protocol/methods/private/diff2.js').default>;
  readonly 'diff2-bvr-l-sgd': SettingsIn<typeof import('../../../protocol/methods/private/diff2-bvr-l-sgd.js').default>;
  readonly 'ditto': SettingsIn<typeof import('../../../protocol/methods/personal/ditto.js').default>;
  readonly 'dp-fedavg': SettingsIn<typeof import('../../../protocol/methods/private/dp-fedavg.js').default>;
  readonly 'dp-fedavg-secure': SettingsIn<typeof import('../../../protocol/methods/private/dp-fedavg-secure.js').default>;
  readonly 'dp-ftrl': SettingsIn<typeof import('../../../protocol/methods/private/dp-ftrl.js').default>;
  readonly 'dp-gd': SettingsIn<typeof import('../../../protocol/methods/private/dp-gd.js').default>;
  readonly 'dp-sgd': SettingsIn<typeof import('../../../protocol/methods/private/dp-sgd.js').default>;
  readonly 'dproxsgt': SettingsIn<typeof import('../../../protocol/methods/gossip/dproxsgt.js').default>;
  readonly 'dsgld': SettingsIn<typeof import('../../../protocol/methods/bayesian/dsgld.js').default>;
  readonly 'ef21': SettingsIn<typeof import('../../../protocol/methods/compressed/ef21.js').default>;
  readonly 'exact-diffusion': SettingsIn<typeof import('../../../protocol/methods/gossip/exact-diffusion.js').default>;
  readonly 'extra': SettingsIn<typeof import('../../../protocol/methods/gossip/extra.js').default>;
  readonly 'fa-ld': SettingsIn<typeof import('../../../protocol/methods/bayesian/fa-ld.js').default>;
  readonly 'fald': SettingsIn<typeof import('../../../protocol/methods/bayesian/fald.js').default>;
  readonly 'fedasync': SettingsIn<typeof import('../../../protocol/methods/asynchronous/fedasync.js').default>;
  readonly 'fedat': SettingsIn<typeof import('../../../protocol/methods/asynchronous/fedat.js').default>;
  readonly 'fedavg': SettingsIn<typeof import('../../../protocol/methods/federated/fedavg.js').default>;
  readonly 'fedbuff': SettingsIn<typeof import('../../../protocol/methods/asynchronous/fedbuff.js').default>;
  readonly 'fedbuff-secure': SettingsIn<typeof import('../../../protocol/methods/asynchronous/fedbuff-secure.js').default>;
  readonly 'fedce': SettingsIn<typeof import('../../../protocol/methods/fair/fedce.js').default>;
  readonly 'feddyn': SettingsIn<typeof import('../../../protocol/methods/federated/feddyn.js').default>;
  readonly 'fednova': SettingsIn<typeof import('../../../protocol/methods/federated/fednova.js').default>;
  readonly 'fedper': SettingsIn<typeof import('../../../protocol/methods/personal/fedper.js').default>;
  readonly 'fedrep': SettingsIn<typeof import('../../../protocol/methods/personal/fedrep.js').default>;
  readonly 'fetchsgd': SettingsIn<typeof import('../../../protocol/methods/compressed/fetchsgd.js').default>;
  readonly 'fsgld': SettingsIn<typeof import('../../../protocol/methods/bayesian/fsgld.js').default>;
  readonly 'gradient-tracking': SettingsIn<typeof import('../../../protocol/methods/gossip/gradient-tracking.js').default>;
  readonly 'hierarchical-fedavg': SettingsIn<typeof import('../../../protocol/methods/federated/hierarchical-fedavg.js').default>;
  readonly 'lead': SettingsIn<typeof import('../../../protocol/methods/gossip/lead.js').default>;
  readonly 'marina': SettingsIn<typeof import('../../../protocol/methods/compressed/marina.js').default>;
  readonly 'mifa': SettingsIn<typeof import('../../../protocol/methods/federated/mifa.js').default>;
  readonly 'mime': SettingsIn<typeof import('../../../protocol/methods/federated/mime.js').default>;
  readonly 'one-bit-adam': SettingsIn<typeof import('../../../protocol/methods/compressed/one-bit-adam.js').default>;
  readonly 'pfedme': SettingsIn<typeof import('../../../protocol/methods/personal/pfedme.js').default>;
  readonly 'powersgd': SettingsIn<typeof import('../../../protocol/methods/compressed/powersgd.js').default>;
  readonly 'prospect': SettingsIn<typeof import('../../../protocol/methods/fair/prospect.js').default>;
  readonly 'psgld': SettingsIn<typeof import('../../../protocol/methods/bayesian/psgld.js').default>;
  readonly 'push-sum': SettingsIn<typeof import('../../../protocol/methods/gossip/push-sum.js').default>;
  readonly 'q-ffl': SettingsIn<typeof import('../../../protocol/methods/fair/q-ffl.js').default>;
  readonly 'qlsd': SettingsIn<typeof import('../../../protocol/methods/bayesian/qlsd.js').default>;
  readonly 'qlsd-plus-plus': SettingsIn<typeof import('../../../protocol/methods/bayesian/qlsd-plus-plus.js').default>;
  readonly 'qlsd-star': SettingsIn<typeof import('../../../protocol/methods/bayesian/qlsd-star.js').default>;
  readonly 'robust-gradient-tracking': SettingsIn<typeof import('../../../protocol/methods/gossip/robust-gradient-tracking.js').default>;
  readonly 'scaffold': SettingsIn<typeof import('../../../protocol/methods/federated/scaffold.js').default>;
  readonly 'sgd': SettingsIn<typeof import('../../../protocol/methods/federated/sgd.js').default>;
  readonly 'sghmc': SettingsIn<typeof import('../../../protocol/methods/bayesian/sghmc.js').default>;
  readonly 'sgld': SettingsIn<typeof import('../../../protocol/methods/bayesian/sgld.js').default>;
  readonly 'vra-dgt': SettingsIn<typeof import('../../../protocol/methods/gossip/vra-dgt.js').default>;
  readonly 'vra-dsgt': SettingsIn<typeof import('../../../protocol/methods/gossip/vra-dsgt.js').default>;
  readonly 'vrgd': SettingsIn<typeof import('../../../protocol/methods/large-batch/vrgd.js').default>;
}

export interface BuiltInObjectives {
  readonly 'bayesian-linear-regression': SettingsIn<typeof import('../../../worker/objectives/log-posterior/bayesian-linear-regression.js').default>;
  readonly 'bayesian-logistic-regression': SettingsIn<typeof import('../../../worker/objectives/log-posterior/bayesian-logistic-regression.js').default>;
  readonly 'bayesian-network': SettingsIn<typeof import('../../../worker/objectives/log-posterior/bayesian-network.js').default>;
  readonly 'character-model': SettingsIn<typeof import('../../../worker/objectives/plain/character-model.js').default>;
  readonly 'dense-prediction': SettingsIn<typeof import('../../../worker/objectives/tensorflow/dense-prediction.js').default>;
  readonly 'gaussian-mean': SettingsIn<typeof import('../../../worker/objectives/log-posterior/gaussian-mean.js').default>;
  readonly 'layers': SettingsIn<typeof import('../../../worker/objectives/tensorflow/layers.js').default>;
  readonly 'lenet': SettingsIn<typeof import('../../../worker/objectives/tensorflow/lenet.js').default>;
  readonly 'linear-regression': SettingsIn<typeof import('../../../worker/objectives/plain/linear-regression.js').default>;
  readonly 'logistic-regression': SettingsIn<typeof import('../../../worker/objectives/plain/logistic-regression.js').default>;
  readonly 'metric-learning': SettingsIn<typeof import('../../../worker/objectives/log-posterior/metric-learning.js').default>;
  readonly 'mlp': SettingsIn<typeof import('../../../worker/objectives/tensorflow/mlp.js').default>;
  readonly 'quadratic': SettingsIn<typeof import('../../../worker/objectives/plain/quadratic.js').default>;
  readonly 'small-network': SettingsIn<typeof import('../../../worker/objectives/plain/small-network.js').default>;
  readonly 'softmax-regression': SettingsIn<typeof import('../../../worker/objectives/plain/softmax-regression.js').default>;
}

export interface BuiltInLayers {
  readonly 'attention': SettingsIn<typeof import('../../../worker/objectives/layers/attention.js').default>;
  readonly 'average-pooling': SettingsIn<typeof import('../../../worker/objectives/layers/average-pooling.js').default>;
  readonly 'convolution': SettingsIn<typeof import('../../../worker/objectives/layers/convolution.js').default>;
  readonly 'dense': SettingsIn<typeof import('../../../worker/objectives/layers/dense.js').default>;
  readonly 'dropout': SettingsIn<typeof import('../../../worker/objectives/layers/dropout.js').default>;
  readonly 'embedding': SettingsIn<typeof import('../../../worker/objectives/layers/embedding.js').default>;
  readonly 'flatten': SettingsIn<typeof import('../../../worker/objectives/layers/flatten.js').default>;
  readonly 'gelu': SettingsIn<typeof import('../../../worker/objectives/layers/gelu.js').default>;
  readonly 'group-normalization': SettingsIn<typeof import('../../../worker/objectives/layers/group-normalization.js').default>;
  readonly 'last-position': SettingsIn<typeof import('../../../worker/objectives/layers/last-position.js').default>;
  readonly 'layer-normalization': SettingsIn<typeof import('../../../worker/objectives/layers/layer-normalization.js').default>;
  readonly 'max-pooling': SettingsIn<typeof import('../../../worker/objectives/layers/max-pooling.js').default>;
  readonly 'positions': SettingsIn<typeof import('../../../worker/objectives/layers/positions.js').default>;
  readonly 'relu': SettingsIn<typeof import('../../../worker/objectives/layers/relu.js').default>;
  readonly 'reshape': SettingsIn<typeof import('../../../worker/objectives/layers/reshape.js').default>;
  readonly 'residual': SettingsIn<typeof import('../../../worker/objectives/layers/residual.js').default>;
  readonly 'sigmoid': SettingsIn<typeof import('../../../worker/objectives/layers/sigmoid.js').default>;
  readonly 'softplus': SettingsIn<typeof import('../../../worker/objectives/layers/softplus.js').default>;
  readonly 'tanh': SettingsIn<typeof import('../../../worker/objectives/layers/tanh.js').default>;
}

export interface BuiltInDatasets {
  readonly 'canaries': SettingsIn<typeof import('../../../worker/datasets/canaries.js').default>;
  readonly 'cifar': SettingsIn<typeof import('../../../worker/datasets/cifar.js').default>;
  readonly 'csv-table': SettingsIn<typeof import('../../../worker/datasets/csv-table.js').default>;
  readonly 'fashion-mnist': SettingsIn<typeof import('../../../worker/datasets/fashion-mnist.js').default>;
  readonly 'gaussian-clusters': SettingsIn<typeof import('../../../worker/datasets/gaussian-clusters.js').default>;
  readonly 'idx-images': SettingsIn<typeof import('../../../worker/datasets/idx-images.js').default>;
  readonly 'image-folder': SettingsIn<typeof import('../../../worker/datasets/image-folder.js').default>;
  readonly 'linear-regression': SettingsIn<typeof import('../../../worker/datasets/linear-regression.js').default>;
  readonly 'mnist': SettingsIn<typeof import('../../../worker/datasets/mnist.js').default>;
  readonly 'none': SettingsIn<typeof import('../../../worker/datasets/none.js').default>;
  readonly 'numpy': SettingsIn<typeof import('../../../worker/datasets/numpy.js').default>;
  readonly 'parquet-table': SettingsIn<typeof import('../../../worker/datasets/parquet-table.js').default>;
  readonly 'privacy-regression': SettingsIn<typeof import('../../../worker/datasets/privacy-regression.js').default>;
  readonly 'state-of-the-union': SettingsIn<typeof import('../../../worker/datasets/state-of-the-union.js').default>;
  readonly 'synthetic-scenes': SettingsIn<typeof import('../../../worker/datasets/synthetic-scenes.js').default>;
}

export interface BuiltInPartitions {
  readonly 'by-group': SettingsIn<typeof import('../../../worker/datasets/partition/by-group.js').default>;
  readonly 'class-lists': SettingsIn<typeof import('../../../worker/datasets/partition/class-lists.js').default>;
  readonly 'dirichlet': SettingsIn<typeof import('../../../worker/datasets/partition/dirichlet.js').default>;
  readonly 'iid': SettingsIn<typeof import('../../../worker/datasets/partition/iid.js').default>;
  readonly 'label-count': SettingsIn<typeof import('../../../worker/datasets/partition/label-count.js').default>;
  readonly 'quantity-skew': SettingsIn<typeof import('../../../worker/datasets/partition/quantity-skew.js').default>;
  readonly 'shards': SettingsIn<typeof import('../../../worker/datasets/partition/shards.js').default>;
  readonly 'similarity': SettingsIn<typeof import('../../../worker/datasets/partition/similarity.js').default>;
}

export interface BuiltInTopologies {
  readonly 'complete': SettingsIn<typeof import('../../../protocol/topology/named/complete.js').default>;
  readonly 'edge-list': SettingsIn<typeof import('../../../protocol/topology/named/edge-list.js').default>;
  readonly 'erdos-renyi': SettingsIn<typeof import('../../../protocol/topology/named/erdos-renyi.js').default>;
  readonly 'exponential': SettingsIn<typeof import('../../../protocol/topology/named/exponential.js').default>;
  readonly 'hierarchy': SettingsIn<typeof import('../../../protocol/topology/named/hierarchy.js').default>;
  readonly 'hypercube': SettingsIn<typeof import('../../../protocol/topology/named/hypercube.js').default>;
  readonly 'one-peer-exponential': SettingsIn<typeof import('../../../protocol/topology/named/one-peer-exponential.js').default>;
  readonly 'path': SettingsIn<typeof import('../../../protocol/topology/named/path.js').default>;
  readonly 'periodic': SettingsIn<typeof import('../../../protocol/topology/named/periodic.js').default>;
  readonly 'random-matching': SettingsIn<typeof import('../../../protocol/topology/named/random-matching.js').default>;
  readonly 'ring': SettingsIn<typeof import('../../../protocol/topology/named/ring.js').default>;
  readonly 'star': SettingsIn<typeof import('../../../protocol/topology/named/star.js').default>;
  readonly 'torus': SettingsIn<typeof import('../../../protocol/topology/named/torus.js').default>;
}

export interface BuiltInCodecs {
  readonly 'adaptive': SettingsIn<typeof import('../../../protocol/codecs/adaptive.js').default>;
  readonly 'bf16': SettingsIn<typeof import('../../../protocol/codecs/bf16.js').default>;
  readonly 'fp16': SettingsIn<typeof import('../../../protocol/codecs/fp16.js').default>;
  readonly 'identity': SettingsIn<typeof import('../../../protocol/codecs/identity.js').default>;
  readonly 'int8-dynamic': SettingsIn<typeof import('../../../protocol/codecs/int8-dynamic.js').default>;
  readonly 'int8-linear': SettingsIn<typeof import('../../../protocol/codecs/int8-linear.js').default>;
  readonly 'natural': SettingsIn<typeof import('../../../protocol/codecs/natural.js').default>;
  readonly 'one-bit': SettingsIn<typeof import('../../../protocol/codecs/one-bit.js').default>;
  readonly 'qsgd': SettingsIn<typeof import('../../../protocol/codecs/qsgd.js').default>;
  readonly 'random-k': SettingsIn<typeof import('../../../protocol/codecs/random-k.js').default>;
  readonly 'scaled-sign': SettingsIn<typeof import('../../../protocol/codecs/scaled-sign.js').default>;
  readonly 'terngrad': SettingsIn<typeof import('../../../protocol/codecs/terngrad.js').default>;
  readonly 'threshold': SettingsIn<typeof import('../../../protocol/codecs/threshold.js').default>;
  readonly 'top-k': SettingsIn<typeof import('../../../protocol/codecs/top-k.js').default>;
}

export interface BuiltInMemories {
  readonly 'dgc': SettingsIn<typeof import('../../../protocol/codecs/memories/dgc.js').default>;
  readonly 'ef21': SettingsIn<typeof import('../../../protocol/codecs/memories/ef21.js').default>;
  readonly 'error-feedback': SettingsIn<typeof import('../../../protocol/codecs/memories/error-feedback.js').default>;
}

export interface BuiltInOptimizers {
  readonly 'adagrad': SettingsIn<typeof import('../../../protocol/optimizers/adagrad.js').default>;
  readonly 'adagrad-norm': SettingsIn<typeof import('../../../protocol/optimizers/adagrad-norm.js').default>;
  readonly 'adam': SettingsIn<typeof import('../../../protocol/optimizers/adam.js').default>;
  readonly 'adam-eight-bit': SettingsIn<typeof import('../../../protocol/optimizers/adam-eight-bit.js').default>;
  readonly 'adamw': SettingsIn<typeof import('../../../protocol/optimizers/adamw.js').default>;
  readonly 'clipped-sgd': SettingsIn<typeof import('../../../protocol/optimizers/clipped-sgd.js').default>;
  readonly 'clipped-sstm': SettingsIn<typeof import('../../../protocol/optimizers/clipped-sstm.js').default>;
  readonly 'delayed-nesterov': SettingsIn<typeof import('../../../protocol/optimizers/delayed-nesterov.js').default>;
  readonly 'discover': SettingsIn<typeof import('../../../protocol/optimizers/discover.js').default>;
  readonly 'fed-adagrad': SettingsIn<typeof import('../../../protocol/optimizers/fed-adagrad.js').default>;
  readonly 'fed-adam': SettingsIn<typeof import('../../../protocol/optimizers/fed-adam.js').default>;
  readonly 'fed-yogi': SettingsIn<typeof import('../../../protocol/optimizers/fed-yogi.js').default>;
  readonly 'heavy-ball': SettingsIn<typeof import('../../../protocol/optimizers/heavy-ball.js').default>;
  readonly 'lamb': SettingsIn<typeof import('../../../protocol/optimizers/lamb.js').default>;
  readonly 'lanton': SettingsIn<typeof import('../../../protocol/optimizers/lanton.js').default>;
  readonly 'lars': SettingsIn<typeof import('../../../protocol/optimizers/lars.js').default>;
  readonly 'mars': SettingsIn<typeof import('../../../protocol/optimizers/mars.js').default>;
  readonly 'momentum': SettingsIn<typeof import('../../../protocol/optimizers/momentum.js').default>;
  readonly 'muon': SettingsIn<typeof import('../../../protocol/optimizers/muon.js').default>;
  readonly 'scale': SettingsIn<typeof import('../../../protocol/optimizers/scale.js').default>;
  readonly 'sgd': SettingsIn<typeof import('../../../protocol/optimizers/sgd.js').default>;
  readonly 'yogi': SettingsIn<typeof import('../../../protocol/optimizers/yogi.js').default>;
}

export interface BuiltInSchedules {
  readonly 'batch-scaling': SettingsIn<typeof import('../../../protocol/schedules/batch-scaling.js').default>;
  readonly 'constant': SettingsIn<typeof import('../../../protocol/schedules/constant.js').default>;
  readonly 'cosine': SettingsIn<typeof import('../../../protocol/schedules/cosine.js').default>;
  readonly 'inverse-power': SettingsIn<typeof import('../../../protocol/schedules/inverse-power.js').default>;
  readonly 'milestones': SettingsIn<typeof import('../../../protocol/schedules/milestones.js').default>;
  readonly 'polynomial': SettingsIn<typeof import('../../../protocol/schedules/polynomial.js').default>;
  readonly 'step-decay': SettingsIn<typeof import('../../../protocol/schedules/step-decay.js').default>;
  readonly 'warm-up': SettingsIn<typeof import('../../../protocol/schedules/warm-up.js').default>;
}

export interface BuiltInAggregators {
  readonly 'bucketing': SettingsIn<typeof import('../../../protocol/aggregators/bucketing.js').default>;
  readonly 'bulyan': SettingsIn<typeof import('../../../protocol/aggregators/bulyan.js').default>;
  readonly 'centered-clipping': SettingsIn<typeof import('../../../protocol/aggregators/centered-clipping.js').default>;
  readonly 'clipped-gossip': SettingsIn<typeof import('../../../protocol/aggregators/clipped-gossip.js').default>;
  readonly 'covariance-filter': SettingsIn<typeof import('../../../protocol/aggregators/covariance-filter.js').default>;
  readonly 'geometric-median': SettingsIn<typeof import('../../../protocol/aggregators/geometric-median.js').default>;
  readonly 'krum': SettingsIn<typeof import('../../../protocol/aggregators/krum.js').default>;
  readonly 'meamed': SettingsIn<typeof import('../../../protocol/aggregators/meamed.js').default>;
  readonly 'median': SettingsIn<typeof import('../../../protocol/aggregators/median.js').default>;
  readonly 'minimum-diameter': SettingsIn<typeof import('../../../protocol/aggregators/minimum-diameter.js').default>;
  readonly 'multi-krum': SettingsIn<typeof import('../../../protocol/aggregators/multi-krum.js').default>;
  readonly 'nearest-neighbor-mixing': SettingsIn<typeof import('../../../protocol/aggregators/nearest-neighbor-mixing.js').default>;
  readonly 'norm-bounding': SettingsIn<typeof import('../../../protocol/aggregators/norm-bounding.js').default>;
  readonly 'trimmed-mean': SettingsIn<typeof import('../../../protocol/aggregators/trimmed-mean.js').default>;
}

export interface BuiltInAttacks {
  readonly 'adaptive': SettingsIn<typeof import('../../../protocol/attacks/adaptive.js').default>;
  readonly 'gaussian': SettingsIn<typeof import('../../../protocol/attacks/gaussian.js').default>;
  readonly 'inner-product': SettingsIn<typeof import('../../../protocol/attacks/inner-product.js').default>;
  readonly 'little-is-enough': SettingsIn<typeof import('../../../protocol/attacks/little-is-enough.js').default>;
  readonly 'mimic': SettingsIn<typeof import('../../../protocol/attacks/mimic.js').default>;
  readonly 'replay': SettingsIn<typeof import('../../../protocol/attacks/replay.js').default>;
  readonly 'scaling': SettingsIn<typeof import('../../../protocol/attacks/scaling.js').default>;
  readonly 'sign-flip': SettingsIn<typeof import('../../../protocol/attacks/sign-flip.js').default>;
}

export interface BuiltInFaults {
  readonly 'availability': SettingsIn<typeof import('../../../protocol/faults/availability.js').default>;
  readonly 'availability-trace': SettingsIn<typeof import('../../../protocol/faults/availability-trace.js').default>;
  readonly 'bandwidth-trace': SettingsIn<typeof import('../../../protocol/faults/bandwidth-trace.js').default>;
  readonly 'broadcast-noise': SettingsIn<typeof import('../../../protocol/faults/broadcast-noise.js').default>;
  readonly 'burst-loss': SettingsIn<typeof import('../../../protocol/faults/burst-loss.js').default>;
  readonly 'byzantine': SettingsIn<typeof import('../../../protocol/faults/byzantine.js').default>;
  readonly 'channel-noise': SettingsIn<typeof import('../../../protocol/faults/channel-noise.js').default>;
  readonly 'concept-drift': SettingsIn<typeof import('../../../protocol/faults/concept-drift.js').default>;
  readonly 'corrupt': SettingsIn<typeof import('../../../protocol/faults/corrupt.js').default>;
  readonly 'crash': SettingsIn<typeof import('../../../protocol/faults/crash.js').default>;
  readonly 'delay': SettingsIn<typeof import('../../../protocol/faults/delay.js').default>;
  readonly 'diurnal-availability': SettingsIn<typeof import('../../../protocol/faults/diurnal-availability.js').default>;
  readonly 'drop': SettingsIn<typeof import('../../../protocol/faults/drop.js').default>;
  readonly 'duplicate': SettingsIn<typeof import('../../../protocol/faults/duplicate.js').default>;
  readonly 'feature-skew': SettingsIn<typeof import('../../../protocol/faults/feature-skew.js').default>;
  readonly 'feature-walk': SettingsIn<typeof import('../../../protocol/faults/feature-walk.js').default>;
  readonly 'gradient-noise': SettingsIn<typeof import('../../../protocol/faults/gradient-noise.js').default>;
  readonly 'label-availability': SettingsIn<typeof import('../../../protocol/faults/label-availability.js').default>;
  readonly 'label-flip': SettingsIn<typeof import('../../../protocol/faults/label-flip.js').default>;
  readonly 'label-noise': SettingsIn<typeof import('../../../protocol/faults/label-noise.js').default>;
  readonly 'partition': SettingsIn<typeof import('../../../protocol/faults/partition.js').default>;
  readonly 'probabilistic-quantiser': SettingsIn<typeof import('../../../protocol/faults/probabilistic-quantiser.js').default>;
  readonly 'scale': SettingsIn<typeof import('../../../protocol/faults/scale.js').default>;
  readonly 'slow': SettingsIn<typeof import('../../../protocol/faults/slow.js').default>;
  readonly 'speed-trace': SettingsIn<typeof import('../../../protocol/faults/speed-trace.js').default>;
  readonly 'symmetric-drop': SettingsIn<typeof import('../../../protocol/faults/symmetric-drop.js').default>;
}

export interface BuiltInSelections {
  readonly 'availability-group': SettingsIn<typeof import('../../../protocol/selection/availability-group.js').default>;
  readonly 'by-size': SettingsIn<typeof import('../../../protocol/selection/by-size.js').default>;
  readonly 'fixed': SettingsIn<typeof import('../../../protocol/selection/fixed.js').default>;
  readonly 'oort': SettingsIn<typeof import('../../../protocol/selection/oort.js').default>;
  readonly 'optimal-norm': SettingsIn<typeof import('../../../protocol/selection/optimal-norm.js').default>;
  readonly 'poisson': SettingsIn<typeof import('../../../protocol/selection/poisson.js').default>;
  readonly 'power-of-choice': SettingsIn<typeof import('../../../protocol/selection/power-of-choice.js').default>;
}

export interface BuiltInProbes {
  readonly 'feature-shift': SettingsIn<typeof import('../../../protocol/probes/feature-shift.js').default>;
  readonly 'gradient-noise-scale': SettingsIn<typeof import('../../../protocol/probes/gradient-noise-scale.js').default>;
  readonly 'gradient-weight-alignment': SettingsIn<typeof import('../../../protocol/probes/gradient-weight-alignment.js').default>;
}

export interface BuiltInStudies {
  readonly 'gradient-estimate': SettingsIn<typeof import('../../../scenarios/studies/gradient-estimate.js').default>;
  readonly 'gradient-inversion': SettingsIn<typeof import('../../../scenarios/studies/gradient-inversion.js').default>;
  readonly 'privacy-audit': SettingsIn<typeof import('../../../scenarios/studies/privacy-audit.js').default>;
}

export interface BuiltInExpectations {
  readonly 'above': SettingsIn<typeof import('../../../protocol/scenario/expectations/above.js').default>;
  readonly 'below': SettingsIn<typeof import('../../../protocol/scenario/expectations/below.js').default>;
  readonly 'between': SettingsIn<typeof import('../../../protocol/scenario/expectations/between.js').default>;
  readonly 'critical-batch': SettingsIn<typeof import('../../../protocol/scenario/expectations/critical-batch.js').default>;
  readonly 'equal-digests': SettingsIn<typeof import('../../../protocol/scenario/expectations/equal-digests.js').default>;
  readonly 'every-fault-happened': SettingsIn<typeof import('../../../protocol/scenario/expectations/every-fault-happened.js').default>;
  readonly 'finite': SettingsIn<typeof import('../../../protocol/scenario/expectations/finite.js').default>;
  readonly 'monotone': SettingsIn<typeof import('../../../protocol/scenario/expectations/monotone.js').default>;
  readonly 'quantile': SettingsIn<typeof import('../../../protocol/scenario/expectations/quantile.js').default>;
  readonly 'ratio': SettingsIn<typeof import('../../../protocol/scenario/expectations/ratio.js').default>;
  readonly 'reaches': SettingsIn<typeof import('../../../protocol/scenario/expectations/reaches.js').default>;
  readonly 'rounds-to-match': SettingsIn<typeof import('../../../protocol/scenario/expectations/rounds-to-match.js').default>;
  readonly 'settles-in-order': SettingsIn<typeof import('../../../protocol/scenario/expectations/settles-in-order.js').default>;
  readonly 'slope': SettingsIn<typeof import('../../../protocol/scenario/expectations/slope.js').default>;
}
