import { scale as times } from '../../numerics/vector.js';
import { selectsPosts } from '../frame-filter.js';
import type { BuiltInFaultRule, RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'scale' }>;

/** Byzantine senders: every vector they post is multiplied by `factor` before it is encoded (-1: the opposite). */
export const scale: RuleMaker<Settings> = (settings) => {
  const selects = selectsPosts(settings);
  return { onSend: (value, post) => (selects(post) ? times(settings.factor, value) : null) };
};
