import { GradswarmError } from '../../errors.js';
import type { Privacy, ReadonlyVector, Rng } from '../../method.js';
import type { DistributedDiscreteGaussian } from './distributed-discrete-gaussian.js';

type Release = Pick<Parameters<Privacy['gaussian']>[1], 'label' | 'unit' | 'adjacency'>;

/**
 * What `createPrivacy` gives beyond the interface of method.ts: mechanisms whose ledger entries are not one Gaussian release a
 * call. Methods reach them by `hostPrivacy(at.privacy)`.
 */
export interface HostPrivacy extends Privacy {
  /**
   * Noise of a new node of a prefix-sum tree, float64, stddev noiseMultiplier x l2Sensitivity. One record touches one node a
   * level, so the whole tree is charged at its first leaf as `depth` Gaussian releases, and the other leaves cost nothing; in
   * a repeated attempt each node is charged by itself besides.
   */
  treeNode(
    node: {
      readonly length: number;
      readonly l2Sensitivity: number;
      readonly noiseMultiplier: number;
      /** Levels of the tree: `treeDepth` of its steps. */
      readonly depth: number;
      readonly isFirstLeaf: boolean;
    },
    release: Release,
  ): Float64Array;
  /**
   * One client's residues under the distributed discrete Gaussian, which a secure sum adds up. `mechanism.clientCount`: the
   * shares that must survive. The ledger gets the Gaussian release of equal rho.
   */
  distributedDiscrete(
    value: ReadonlyVector,
    mechanism: DistributedDiscreteGaussian,
    shared: Rng,
    release: Release,
  ): Uint32Array;
}

/** The host's privacy with all its mechanisms. ERR_PRIVACY where the host has only the interface's. */
export function hostPrivacy(privacy: Privacy): HostPrivacy {
  if ('treeNode' in privacy && 'distributedDiscrete' in privacy) return privacy as HostPrivacy;
  throw new GradswarmError(
    'ERR_PRIVACY',
    'this host has Gaussian releases only; tree aggregation and the distributed discrete Gaussian need createPrivacy',
  );
}
