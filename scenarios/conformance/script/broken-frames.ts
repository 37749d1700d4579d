import { type Case, equal, required } from '../case.js';
import type { Coordinator } from './coordinator.js';
import type { FrameFields } from './frames.js';
import { modelBody, type ScriptedRun, SGD } from './run.js';

/** Cases of one shape: a broken frame in a round of one client, and what has to come of it. */

const LEAVE_MS = 8000;

/** What breaks the protocol on the frame socket ends it: the worker closes one of its two connections. */
export function closing(
  id: string,
  title: string,
  why: string,
  broken: (run: ScriptedRun) => void,
  of = 'Frames',
): Case<Coordinator> {
  return {
    id,
    title,
    section: of,
    async run(it) {
      const run = await it.running();
      run.begin({ cohort: [0] });
      broken(run);
      await leaves(run, why);
    },
  };
}

/** It closes one of its two connections. */
export async function leaves(run: ScriptedRun, why: string): Promise<void> {
  const left = Promise.any([run.control.closes(LEAVE_MS), run.frames.closes(LEAVE_MS)]).catch(
    (error: AggregateError) => {
      throw error.errors[0];
    },
  );
  await required('the connection closed', why, left);
}

/** A model that cannot be used: the half takes an absence, and posts nothing. */
export function rejecting(
  id: string,
  title: string,
  why: string,
  send: (run: ScriptedRun) => void,
  reason = 'rejected',
  of = 'Frames',
): Case<Coordinator> {
  return {
    id,
    title,
    section: of,
    async run(it) {
      const run = await it.running();
      run.begin({ cohort: [0] });
      send(run);
      const done = await required('a report', why, run.done());
      const absence = { round: 0, kind: 'model', step: 0, from: 'coordinator', to: 0, why: reason };
      equal(done.absences, [absence], why);
      equal((await run.sealOf(0)).counts, [0, 0, 0, 0], 'sgd without a model returns without a post');
      const [party] = done.parties as Record<string, unknown>[];
      const unused = ['dropped', 'late', 'rejected'].includes(reason)
        ? [{ kind: 'model', step: 0, from: 'coordinator', to: 0 }]
        : [];
      equal(
        party?.unusedMessages,
        unused,
        'messages of the coordinator that were absent with dropped, late or rejected',
      );
    },
  };
}

export const header =
  (fields: FrameFields, body: Uint8Array = modelBody(1, 2, 3)) =>
  (run: ScriptedRun) =>
    run.frames.sendFrame({ kind: SGD.model, to: 0, ...fields }, body);
export const model = (body: Uint8Array, fields: FrameFields = {}) => header(fields, body);
export const raw =
  (...messages: Uint8Array[]) =>
  (run: ScriptedRun) =>
    run.frames.send(...messages);
