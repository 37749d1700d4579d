import { GradswarmError } from '../../protocol/errors.js';
import { pause } from '../pause.js';
import { type Backend, type LoadPackage, loadInstalled, versionOf } from './candidate.js';
import { CANDIDATES } from './candidates.js';
import type { Device } from './device-access.js';
import { tf } from './tensorflow.js';

/** What a device is made of: packages with their versions (null: not installed), and what installs it. */
export interface DevicePackages {
  readonly name: string;
  readonly versions: Readonly<Record<string, string | null>>;
  readonly install: string;
}

export function devicePackages(): readonly DevicePackages[] {
  return CANDIDATES.map(({ name, packages, install }) => ({
    name,
    versions: Object.fromEntries(packages.map((one) => [one, versionOf(one)])),
    install,
  }));
}

/** Names for a scenario's `device`. */
export const deviceNames: readonly string[] = CANDIDATES.map(({ name }) => name);

/**
 * Opens the named device; without a name wasm, or cpu where that does not work: every installation has both, so the bits are those of
 * other machines. Throws ERR_DEVICE for an unknown name, for a named device that cannot be used, and when nothing works. `load` loads
 * a package by name; tests give their own.
 */
export async function openDevice(wanted?: string, load: LoadPackage = loadInstalled): Promise<Device> {
  if (wanted !== undefined && !deviceNames.includes(wanted))
    throw new GradswarmError(
      'ERR_DEVICE',
      `device: expected 'auto' or one of ${deviceNames.join(', ')}, got '${wanted}'`,
    );
  const why: string[] = [];
  for (const candidate of CANDIDATES) {
    if (wanted === undefined ? candidate.role !== 'default' : candidate.name !== wanted) continue;
    try {
      const backend = await candidate.open(load, wanted !== undefined);
      const deterministic = await computesEqualBits(backend);
      why.push(`${candidate.name}: chosen${wanted === undefined ? '' : ', as asked'} (${backend.detail})`);
      const { detail } = backend;
      return { ...backend.access, read: reading(backend.access), name: candidate.name, detail, why, deterministic };
    } catch (error) {
      why.push(`${candidate.name}: ${reason(error)}`);
    }
  }
  throw new GradswarmError(
    'ERR_DEVICE',
    `device: expected ${wanted === undefined ? 'one that works' : `'${wanted}' to work`}; ${why.join('; ')}${
      wanted === undefined ? '' : `; leave the device out to take one that works`
    }`,
  );
}

/** Every long computation reads its results, batch after batch: the place to let the event loop run. */
function reading({ read }: Pick<Device, 'read'>): Device['read'] {
  return (tensors, into) => {
    const answer = read(tensors, into);
    const due = pause();
    return due ? Promise.all([answer, due]).then(() => {}) : answer;
  };
}

/** 'absent' for a package that is not there, 'broken: ...' for one that is there and fails. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.startsWith('absent') ? text : `broken: ${text.split('\n')[0]}`;
}

/** An accelerator that could be opened: `problem` is null. Otherwise why not. */
export interface FoundAccelerator {
  readonly name: string;
  readonly problem: string | null;
}

/** Which of those that come with gradswarm are found: all, or none unless a device works whose packages were installed. */
export type BundledDevices = 'always' | 'beside those that are installed';

/**
 * Tries all accelerators that need packages, and those that come with gradswarm. Families made before must not be used any more: another
 * backend may be active.
 */
export async function findAccelerators(
  bundled: BundledDevices,
  load: LoadPackage = loadInstalled,
): Promise<readonly FoundAccelerator[]> {
  opened = null;
  const found: FoundAccelerator[] = [];
  for (const kind of ['installed', 'bundled'] as const) {
    if (kind === 'bundled' && bundled !== 'always' && !found.some(({ problem }) => problem === null)) break;
    for (const { name, role, open } of CANDIDATES) {
      if (role !== kind) continue;
      try {
        await open(load, false);
        found.push({ name, problem: null });
      } catch (error) {
        found.push({ name, problem: reason(error) });
      }
    }
  }
  return found;
}

let opened: { readonly wanted: string | undefined; readonly device: Promise<Device> } | null = null;

/**
 * The process's device, opened at first use and kept. Asking by another name opens that one instead; families made
 * before must then not be used any more, because a process computes on one backend at a time.
 */
export function processDevice(wanted?: string): Promise<Device> {
  if (opened === null || opened.wanted !== wanted) {
    const opening = { wanted, device: openDevice(wanted) };
    opened = opening;
    // A device that failed is tried again at the next request.
    opening.device.catch(() => {
      if (opened === opening) opened = null;
    });
  }
  return opened.device;
}

/** The self-check: the gradient of a small convolution and a matrix product, twice. */
async function computesEqualBits({ access }: Backend): Promise<boolean> {
  const pattern = (length: number) => Float32Array.from({ length }, (_, i) => ((i * 37) % 101) / 50 - 1);
  const x = access.upload<tf.Rank.R4>(pattern(2 * 8 * 8 * 3), [2, 8, 8, 3]);
  const dy = access.upload<tf.Rank.R4>(pattern(2 * 8 * 8 * 4), [2, 8, 8, 4]);
  const bits: Uint32Array[] = [];
  for (let pass = 0; pass < 2; pass++) {
    const gradients = tf.tidy(() => {
      const filterShape = [3, 3, 3, 4];
      const attributes = { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape } as never;
      const filter = tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, attributes) as tf.Tensor;
      return [filter, tf.matMul(tf.reshape(x, [128, 3]), tf.reshape(dy, [128, 4]), true)];
    });
    const values = new Float32Array(3 * 3 * 3 * 4 + 3 * 4);
    await access.read(gradients, values);
    bits.push(new Uint32Array(values.buffer));
    tf.dispose(gradients);
  }
  tf.dispose([x, dy]);
  return bits[0]!.every((word, i) => word === bits[1]![i]);
}
