import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Device, Stepping } from './device-access.js';
import { tf } from './tensorflow.js';
import { addToHash } from './word-hash.js';

export type Access = Pick<Device, 'upload' | 'read' | 'tensorCount' | 'stepping'>;

export interface Backend {
  readonly access: Access;
  /** What exactly was opened, for the report. */
  readonly detail: string;
}

/** Loads a package by its name. An absent one throws an error whose message begins with 'absent'. */
export type LoadPackage = (name: string) => Promise<Record<string, unknown>>;

/**
 * `default`: taken without a name, in order. `bundled`: comes with gradswarm and has bits of its own, so it is taken by its name, by
 * 'auto', or measured beside devices that were installed. `installed`: needs packages, and often a GPU, that are not there everywhere.
 */
type Role = 'default' | 'bundled' | 'installed';

export interface Candidate {
  readonly name: string;
  readonly role: Role;
  /** Whose version is that of the device. */
  readonly packages: readonly string[];
  /** What installs it. */
  readonly install: string;
  /** `named`: asked for by its name, and so taken where it is not what one would choose. */
  open(load: LoadPackage, named: boolean): Promise<Backend>;
}

const require = createRequire(import.meta.url);

export const loadInstalled: LoadPackage = async (name) => {
  let path: string;
  try {
    path = require.resolve(name);
  } catch (error) {
    if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error(`absent (package ${name} is not installed)`);
  }
  // Those of TensorFlow.js are CommonJS, which an import would first scan for exports.
  return name.startsWith('@tensorflow/') ? require(path) : import(pathToFileURL(path).href);
};

/** Of an installed package; null: it is not installed. */
export function versionOf(name: string): string | null {
  try {
    for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
      const file = join(folder, 'package.json');
      const found = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
      if (found.name === name) return found.version;
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
  }
  return null;
}

export async function activate(backendName: string): Promise<void> {
  // Otherwise it prints advice to install another backend, into the middle of the run's output.
  tf.env().set('PROD', true);
  const ready = await tf.setBackend(backendName);
  await tf.ready();
  if (!ready || tf.getBackend() !== backendName) throw new Error(`backend '${backendName}' did not start`);
}

/** Ways in and out that every backend has. `synchronous`: its data can be read without waiting. */
export function portableAccess(synchronous: boolean): Access {
  return {
    // A copy: some backends keep the array they are given.
    upload: <R extends tf.Rank>(values: Float32Array, shape: readonly number[]) =>
      tf.tensor(values.slice(), [...shape] as never, 'float32') as tf.Tensor<R>,
    read(tensors, into) {
      let offset = 0;
      if (synchronous) {
        for (const tensor of tensors) {
          into.set(tensor.dataSync() as Float32Array, offset);
          offset += tensor.size;
        }
        return;
      }
      return Promise.all(tensors.map((tensor) => tensor.data())).then((all) => {
        for (const values of all) {
          into.set(values as Float32Array, offset);
          offset += values.length;
        }
      });
    },
    tensorCount: () => tf.memory().numTensors,
  };
}

/** Steps on the device, in float32; the weights are read only where a hash of them is asked for. */
export function portableStepping(): Stepping {
  return {
    async stepped(weights, gradients, rate, hash) {
      const next = tf.tidy(() => weights.map((weight, i) => tf.sub(weight, tf.mul(gradients[i]!, rate))));
      if (hash)
        for (const values of await Promise.all(next.map((one) => one.data()))) addToHash(hash, values as Float32Array);
      return next;
    },
  };
}
