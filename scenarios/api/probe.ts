/** Probes of one's own: what is measured in the messages that the coordinator takes. */

export type { MessageKind, MessageKinds, PartyId } from '../../protocol/method.js';
export {
  defineProbe,
  type Probe,
  type ProbedMessage,
  type ProbedRun,
  type ProbeFamily,
  type ProbeRound,
  probedKind,
  vectorOf,
} from '../../protocol/probe.js';
export * from './settings.js';
export * from './vectors.js';
