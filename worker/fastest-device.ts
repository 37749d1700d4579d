import type { FoundAccelerator } from './device/device.js';
import { gradientDifference, TOLERANCE } from './device/gradient-difference.js';
import type { ObjectiveFamily } from './objectives/family.js';
import { createObjectiveFamily } from './objectives/objectives.js';
import type { ObjectiveRequest } from './objectives/request.js';
import { pause } from './pause.js';

/** Gradients are timed for so long on each device. */
const MEASURED_MS = 100;
/** So much faster than wasm must another device be: its bits are others, and a small difference would change with the load. */
const WORTH_OTHER_BITS = 1.5;
/** Examples of the gradient that is compared: the plain device is slow. */
const COMPARED_EXAMPLES = 2;

/** What one device did on the objective. */
interface Trial {
  readonly name: string;
  readonly ms: number;
  /** Largest difference from the plain device, relative to its largest entry. */
  readonly difference: number;
}

/** Null: wasm, unmeasured. */
interface Choice {
  readonly name: string | null;
  readonly why: readonly string[];
}

/** Tests give their own. `now`: milliseconds. */
interface Measuring {
  find(): Promise<readonly FoundAccelerator[]>;
  now(): number;
}

const MEASURING: Measuring = {
  // TensorFlow.js is read only for objectives that compute with it.
  find: async () => (await import('./device/device.js')).findAccelerators(),
  now: () => performance.now(),
};

/** A choice once made in this process, by what it was made for: the points of a sweep compute on one device. */
const choices = new Map<string, Choice>();

/**
 * The request's objective on the fastest device that is right. Where no accelerator is installed that is wasm, unmeasured. Else each
 * device computes gradients of this objective for 100 ms: an accelerator is taken that is within the tolerance of plain JavaScript and
 * at least 1.5 times as fast as wasm. `examples`: of one batch.
 */
export async function familyOnFastest(
  request: ObjectiveRequest,
  examples: Uint32Array,
  measuring: Measuring = MEASURING,
): Promise<ObjectiveFamily> {
  const common = await createObjectiveFamily(request);
  if (!common.device || request.device !== undefined) return common;
  const key = JSON.stringify([request.objective, request.dataset?.featureShape, request.dataset?.classCount]);
  let choice = choices.get(key);
  if (!choice) {
    choice = await choose(request, examples, measuring);
    choices.set(key, choice);
  }
  const { name, why } = choice;
  // Trying devices has activated others.
  const family = await createObjectiveFamily({ ...request, device: name ?? undefined });
  const device = family.device!;
  return { ...family, device: { ...device, why: name === null ? [...why, ...device.why] : why } };
}

async function choose(request: ObjectiveRequest, examples: Uint32Array, { find, now }: Measuring): Promise<Choice> {
  const found = await find();
  const why = found.flatMap(({ name, problem }) =>
    problem === null || problem.includes('is not installed') ? [] : [`${name}: ${problem}`],
  );
  const usable = found.filter(({ problem }) => problem === null).map(({ name }) => name);
  if (usable.length === 0 || examples.length === 0) return { name: null, why };
  const few = examples.subarray(0, COMPARED_EXAMPLES);
  const on = (device: string) => createObjectiveFamily({ ...request, device });
  const reference = await gradientOf(await on('cpu'), request, few);
  const trials: Trial[] = [];
  for (const name of ['wasm', ...usable])
    try {
      const family = await on(name);
      const difference = gradientDifference(await gradientOf(family, request, few), reference);
      trials.push({ name, difference, ms: await leastMs(family, request, examples, now) });
    } catch (error) {
      why.push(`${name}: broken: ${(error as Error).message.split('\n')[0]}`);
    }
  const { name, lines } = chosenOf(trials, examples.length);
  return { name, why: [...why, ...lines] };
}

/** The choice, and a line for each device. Null: nothing better than wasm. */
export function chosenOf(
  trials: readonly Trial[],
  exampleCount: number,
): { readonly name: string | null; readonly lines: readonly string[] } {
  const right = trials.filter(({ difference }) => difference <= TOLERANCE);
  const wasm = right.find(({ name }) => name === 'wasm');
  const [fastest] = right.filter(({ name }) => name !== 'wasm').sort((a, b) => a.ms - b.ms);
  const chosen = fastest && (!wasm || wasm.ms >= WORTH_OTHER_BITS * fastest.ms) ? fastest.name : wasm ? 'wasm' : null;
  const lines = trials.map((trial) => {
    const { name, ms, difference } = trial;
    if (!right.includes(trial))
      return `${name}: wrong: its gradient differs from that of plain JavaScript by ${difference.toPrecision(2)} of the largest entry, expected at most ${TOLERANCE}`;
    const speed = wasm && name !== 'wasm' ? `, ${(wasm.ms / ms).toPrecision(2)} times as fast as wasm` : '';
    const figures = `${ms.toPrecision(3)} ms a gradient of ${exampleCount} examples${speed}, ${difference.toPrecision(2)} from plain JavaScript`;
    return `${name}: ${name === chosen ? 'chosen' : 'not chosen'} (${figures})`;
  });
  return { name: chosen, lines };
}

async function gradientOf(family: ObjectiveFamily, { rng }: ObjectiveRequest, examples: Uint32Array) {
  const shard = family.shard(examples, 0);
  return shard.gradient(family.initialParams(rng.derive('measured')), numbered(examples.length));
}

/** The least: what else the machine does only adds. */
async function leastMs(
  family: ObjectiveFamily,
  { rng }: ObjectiveRequest,
  examples: Uint32Array,
  now: () => number,
): Promise<number> {
  const shard = family.shard(examples, 0);
  const params = family.initialParams(rng.derive('measured'));
  const batch = numbered(examples.length);
  // The first call also compiles and allocates.
  await shard.gradient(params, batch);
  let least = Number.POSITIVE_INFINITY;
  const until = now() + MEASURED_MS;
  do {
    const before = now();
    await shard.gradient(params, batch);
    least = Math.min(least, now() - before);
    await pause();
  } while (now() < until);
  return least;
}

function numbered(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => i);
}
