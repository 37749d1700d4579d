import { selectsFrames } from '../frame-filter.js';
import { type BuiltInFaultRule, DROP, PASS, type RuleMaker } from '../rule.js';
import { TwoStateChain } from '../two-state-chain.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'burst-loss' }>;

/**
 * Gilbert-Elliott losses: each directed link is good or bad for whole rounds, and loses frames with a probability that depends
 * on which. Long-run loss: (b * lossInGood + a * lossInBad) / (a + b) with a = goodToBad, b = badToGood.
 */
export const burstLoss: RuleMaker<Settings> = (settings, { streams }) => {
  const selects = selectsFrames(settings);
  const chain = new TwoStateChain(settings.goodToBad, settings.badToGood, streams);
  return {
    judge(frame, layout, own) {
      if (!selects(frame, layout)) return PASS;
      const bad = chain.inSecond(`${frame.from}>${frame.to}`, frame.round);
      return own().uniform() < (bad ? settings.lossInBad : settings.lossInGood) ? DROP : PASS;
    },
  };
};
