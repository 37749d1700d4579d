import type { z } from 'zod';
import * as control from '../../../protocol/wire/control-messages.js';
import { PROTOCOL_VERSION } from '../../../protocol/wire/limits.js';

/** A valid message of every schema of the protocol, with every optional part once. */

const HASH = 'ab'.repeat(32);
const COST = { encodeMs: 1, decodeMs: 0.5, squaredError: 1e-3, squaredNorm: 12 };
const BYTES = { raw: 80, payload: 80, wire: 140 };
const STAMP = { epoch: 1, generation: 1, index: 3, attempt: 0 };

const RELEASE = {
  label: 'gradient',
  mechanism: 'gaussian',
  adjacency: 'add-remove',
  unit: 'example',
  l2Sensitivities: [1, Number.POSITIVE_INFINITY],
  noiseMultiplier: 1.1,
  sampling: 0.1,
  count: 1,
  round: 3,
  attempt: 0,
  call: 0,
  party: 1,
  noise: 'secure',
};

export const REPORT = {
  ...STAMP,
  parties: [
    {
      party: 1,
      clockMs: 12.5,
      measures: [
        ['drift', 0.5],
        ['diverged', Number.POSITIVE_INFINITY],
      ],
      unusedMessages: [{ kind: 'update', step: 0, from: 'coordinator', to: 1 }],
      unused: [2],
      ledger: [RELEASE],
      coding: { up: COST, down: COST, peer: COST },
    },
  ],
  absences: [{ round: 3, kind: 'update', step: 0, from: 2, to: 1, why: 'late' }],
  bytes: { up: BYTES, down: BYTES, peer: BYTES },
  tensorCounts: [0],
  firings: [0, 2],
};

export interface Example {
  readonly schema: z.ZodType;
  readonly messages: readonly unknown[];
}

export const MESSAGES: Readonly<Record<string, Example>> = {
  hello: {
    schema: control.hello,
    messages: [
      { version: PROTOCOL_VERSION, name: 'here', pid: 12, process: 'abc', seat: null },
      { version: PROTOCOL_VERSION, name: '', pid: 1, process: 'd', seat: 1 },
      { version: PROTOCOL_VERSION, name: '', pid: 1, process: 'd', seat: 1, resumes: { epoch: 2, generation: 1 } },
    ],
  },
  admission: {
    schema: control.admission,
    messages: [
      { seat: 1, proof: HASH },
      { spare: true, proof: HASH },
      { over: 'again', proof: HASH },
      { refused: 'why', proof: HASH },
    ],
  },
  assign: {
    schema: control.assign,
    messages: [
      {
        worker: 'worker-1',
        generation: 1,
        epoch: 1,
        token: HASH,
        scenario: { name: 'x', method: { name: 'sgd', stepSize: 0.1 }, clients: 4, faults: [] },
        clients: [1, 3],
        workers: [
          { worker: 'worker-0', clients: [0, 2] },
          { worker: 'worker-1', clients: [1, 3] },
        ],
      },
    ],
  },
  ready: {
    schema: control.ready,
    messages: [
      {
        device: 'plain loops',
        deterministic: true,
        parameterCount: 30,
        read: { data: HASH, partition: HASH, initialParameters: HASH },
        peer: { host: '[::1]', port: 7000, tls: false },
      },
    ],
  },
  introduce: {
    schema: control.introduce,
    messages: [
      {
        peers: [{ worker: 'worker-0', url: 'ws://127.0.0.1:1', links: true }],
        keys: [{ worker: 'worker-0', outgoing: HASH, incoming: HASH }],
      },
    ],
  },
  introduced: { schema: control.introduced, messages: [{ unreachable: ['worker-0'] }] },
  begin: {
    schema: control.plan,
    messages: [
      {
        index: 3,
        attempt: 0,
        cohort: [0, 1, 2, 3],
        absent: [{ from: 2, why: 'crashed' }],
        forgotten: [3],
        inclusion: 0.5,
        startMs: 1,
      },
    ],
  },
  progress: {
    schema: control.progress,
    messages: [{ round: 3, rounds: 9, loss: 0.5, accuracy: null, bytes: 100, wallMs: 3.5 }],
  },
  done: { schema: control.done, messages: [REPORT] },
  failed: { schema: control.failed, messages: [{ ...STAMP, code: 'ERR_HALF_FAILED', message: 'why' }] },
  stop: { schema: control.stop, messages: [{ over: 'finished' }, { refused: 'why' }] },
  waits: { schema: control.waits, messages: [{ waits: ['client 1 waits'], computing: true }] },
  settle: {
    schema: control.settle,
    messages: [
      {
        round: 3,
        attempt: 0,
        abandoned: false,
        voided: [2],
        undelivered: [{ client: 1, posts: [{ kind: 'update', step: 0, to: 2 }] }],
        cohort: [0, 1, 2, 3],
      },
    ],
  },
  abort: {
    schema: control.abort,
    messages: [
      { index: 3, attempt: 0, clients: [1] },
      { index: 3, attempt: 0, clients: null },
    ],
  },
  collect: {
    schema: control.collect,
    messages: [
      { request: 1, what: 'records', clients: 'all' },
      { request: 2, what: 'estimates', clients: [1, 3] },
    ],
  },
  nothing: { schema: control.nothing, messages: [{}] },
  numberedQuestion: { schema: control.numberedQuestion, messages: [{ request: 4 }] },
  numberedWaits: { schema: control.numberedWaits, messages: [{ request: 4, waits: ['x'], computing: true }] },
  packed: {
    schema: control.packed,
    messages: [
      { type: 'seals', seals: [{ round: 3, attempt: 0, from: 1, counts: [1, 0], to: ['coordinator', 2] }] },
      { type: 'collected', request: 1, client: 1, data: Uint8Array.of(1, 2, 3) },
      { type: 'collected-all', request: 1 },
      { type: 'restore', client: 1, data: Uint8Array.of(7, 0) },
      { type: 'restored-all', request: 1 },
      { type: 'control', event: 'waits', content: { request: 1 } },
    ],
  },
};
