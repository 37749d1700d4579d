import type { BundledDevices, FoundAccelerator } from './device/device.js';
import { gradientDifference, TOLERANCE } from './device/gradient-difference.js';
import type { ObjectiveFamily } from './objectives/family.js';
import { createObjectiveFamily } from './objectives/objectives.js';
import type { ObjectiveRequest } from './objectives/request.js';
import { pause } from './pause.js';
import type { MakeFamily } from './problem.js';

/** Gradients are timed for so long on each device. */
const MEASURED_MS = 100;
/** So much faster than wasm must a device be that was not asked for: its bits are others, and a small difference would change with the load. */
const WORTH_OTHER_BITS = 1.5;
/** Examples of the gradient that is compared: the plain device is slow. */
const COMPARED_EXAMPLES = 2;
/** Every installation has them, and their bits are equal on all machines. */
const PORTABLE: readonly FoundAccelerator[] = [{ name: 'simd', problem: null }];

/**
 * How a device is chosen. `unnamed`: wasm, unless a further package is installed and a device is measured to be 1.5 times as fast.
 * `auto`: the fastest of all, measured. `auto-portable`: the fastest of those that have the same bits on every machine.
 */
type Rule = 'unnamed' | 'auto' | 'auto-portable';

/** What one device did on the objective. */
interface Trial {
  readonly name: string;
  readonly ms: number;
  /** Largest difference from the plain device, relative to its largest entry. */
  readonly difference: number;
}

/** The device, null: wasm, unmeasured; and the lines that say why. */
export interface DeviceChoice {
  readonly name: string | null;
  readonly why: readonly string[];
}

/** Tests give their own. `now`: milliseconds. */
interface Measuring {
  find(bundled: BundledDevices): Promise<readonly FoundAccelerator[]>;
  now(): number;
}

const MEASURING: Measuring = {
  // TensorFlow.js is read only for objectives that compute with it.
  find: async (bundled) => (await import('./device/device.js')).findAccelerators(bundled),
  now: () => performance.now(),
};

/** Choices of devices by what they were made for. Each is made once: the points of a sweep compute on one device. */
export class DeviceChoices {
  private readonly kept = new Map<string, DeviceChoice>();

  constructor(private readonly measuring: Measuring = MEASURING) {}

  /** Those that another process may make otherwise. */
  get measured(): Readonly<Record<string, DeviceChoice>> {
    return Object.fromEntries([...this.kept].filter(([, { name }]) => name !== null));
  }

  /** Takes what another process had `measured`. */
  recall(measured: Readonly<Record<string, DeviceChoice>>): void {
    for (const [key, choice] of Object.entries(measured)) this.kept.set(key, choice);
  }

  /**
   * Makes families on the device that 'auto' stands for, or on that of runs that name none (null). `elsewhere`: clients compute on other
   * machines too. Undefined where nothing is to be chosen.
   */
  maker(device: string | null | undefined, elsewhere: boolean): MakeFamily | undefined {
    const rule = ruleOf(device ?? null, elsewhere);
    return rule ? (request, examples) => this.family(request, examples, rule) : undefined;
  }

  /** `examples`: of one batch. */
  private async family(request: ObjectiveRequest, examples: Uint32Array, rule: Rule): Promise<ObjectiveFamily> {
    const common = await createObjectiveFamily(request);
    if (!common.device) return common;
    const { objective, dataset } = request;
    const key = JSON.stringify([rule, objective, dataset?.featureShape, dataset?.classCount]);
    let choice = this.kept.get(key);
    if (!choice) {
      choice = await choose(request, examples, rule, this.measuring);
      this.kept.set(key, choice);
    }
    const { name, why } = choice;
    // Trying devices has activated others.
    const family = await createObjectiveFamily({ ...request, device: name ?? undefined });
    const device = family.device!;
    return { ...family, device: { ...device, why: name === null ? [...why, ...unmeasured(device.why, rule)] : why } };
  }
}

/** Those of this process. */
export const processChoices = new DeviceChoices();

function ruleOf(device: string | null, elsewhere: boolean): Rule | null {
  if (device === 'auto') return elsewhere ? 'auto-portable' : 'auto';
  return device === null && !elsewhere ? 'unnamed' : null;
}

function unmeasured(why: readonly string[], rule: Rule): readonly string[] {
  const because =
    rule === 'unnamed' ? 'no device is named: auto takes the fastest' : 'no client has an example to measure';
  return [...why.slice(0, -1), `${why.at(-1)}; ${because}`];
}

async function choose(
  request: ObjectiveRequest,
  examples: Uint32Array,
  rule: Rule,
  { find, now }: Measuring,
): Promise<DeviceChoice> {
  const found =
    rule === 'auto-portable' ? PORTABLE : await find(rule === 'auto' ? 'always' : 'beside those that are installed');
  const why = found.flatMap(({ name, problem }) =>
    problem === null || problem.includes('is not installed') ? [] : [`${name}: ${problem}`],
  );
  const usable = found.filter(({ problem }) => problem === null).map(({ name }) => name);
  if ((rule === 'unnamed' && usable.length === 0) || examples.length === 0) return { name: null, why };
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
  const { name, lines } = chosenOf(trials, examples.length, rule === 'unnamed' ? WORTH_OTHER_BITS : 1);
  return { name, why: [...why, ...lines] };
}

/** The choice, and a line for each device. `factor`: so many times as fast as wasm must another be. Name null: none is right. */
export function chosenOf(
  trials: readonly Trial[],
  exampleCount: number,
  factor: number,
): { readonly name: string | null; readonly lines: readonly string[] } {
  const right = trials.filter(({ difference }) => difference <= TOLERANCE);
  const wasm = right.find(({ name }) => name === 'wasm');
  const [fastest] = right.filter(({ name }) => name !== 'wasm').sort((a, b) => a.ms - b.ms);
  const chosen = fastest && (!wasm || wasm.ms >= factor * fastest.ms) ? fastest.name : wasm ? 'wasm' : null;
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
