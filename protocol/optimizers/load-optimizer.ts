import type { Segment } from '../method.js';
import { unknownName } from '../settings-check.js';
import adagrad from './adagrad.js';
import adagradNorm from './adagrad-norm.js';
import adam from './adam.js';
import adamEightBit from './adam-eight-bit.js';
import adamw from './adamw.js';
import discover from './discover.js';
import fedAdagrad from './fed-adagrad.js';
import fedAdam from './fed-adam.js';
import fedYogi from './fed-yogi.js';
import heavyBall from './heavy-ball.js';
import lamb from './lamb.js';
import lanton from './lanton.js';
import lars from './lars.js';
import mars from './mars.js';
import momentum from './momentum.js';
import muon from './muon.js';
import type { AnyOptimizerFamily, Optimizer } from './optimizer.js';
import scale from './scale.js';
import sgd from './sgd.js';
import yogi from './yogi.js';

/** How a scenario or a method's settings name an optimizer: its name and what differs from its defaults. */
export interface OptimizerSpec {
  readonly name: string;
  readonly [setting: string]: unknown;
}

/**
 * Every optimizer of this folder by its name. Static imports, so that a method may build one inside its synchronous init; the
 * contract suite compares the table with the folder.
 */
export const optimizers: Readonly<Record<string, AnyOptimizerFamily>> = Object.fromEntries(
  [
    sgd,
    momentum,
    adagrad,
    adam,
    adamw,
    yogi,
    fedAdagrad,
    fedAdam,
    fedYogi,
    lars,
    lamb,
    heavyBall,
    adagradNorm,
    mars,
    muon,
    lanton,
    scale,
    discover,
    adamEightBit,
  ].map((family) => [family.name, family]),
);

/** The family of that name. Throws ERR_SCENARIO with the known names and the nearest one. */
export function optimizerByName(name: string): AnyOptimizerFamily {
  const family = Object.hasOwn(optimizers, name) ? optimizers[name] : undefined;
  if (!family) throw unknownName('optimizer', name, Object.keys(optimizers));
  return family;
}

/** The optimizer that a spec describes, its defaults filled in. Throws ERR_SCENARIO on an unknown name or a bad setting. */
// biome-ignore lint/suspicious/noExplicitAny: the state's type belongs to the optimizer; callers only hand it back.
export function loadOptimizer(spec: OptimizerSpec, segments: readonly Segment[]): Optimizer<any> {
  const { name, ...settings } = spec;
  const family = optimizerByName(name);
  return family.create({ ...family.defaults, ...settings }, segments);
}
