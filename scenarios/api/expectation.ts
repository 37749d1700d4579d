/** Expectations of one's own: what the record of a run, or of every run of a sweep, must show. */

export {
  defineExpectation,
  type ExpectationFamily,
  type Finding,
  type Holds,
  type Judgement,
  type MetricsRow,
  type RunRecord,
} from '../../protocol/scenario/expectation.js';
export { figure, series } from '../../protocol/scenario/settings.js';
export * from './settings.js';
