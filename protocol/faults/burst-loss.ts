import { selectsFrames } from '../links/frame-filter.js';
import { probability } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { DROP, PASS } from './parts/acting-rule.js';
import { frameFilter } from './parts/filters.js';
import { TwoStateChain } from './parts/two-state-chain.js';

const settings = defineSettings({
  ...frameFilter,
  goodToBad: probability(required, 'Probability that a good link is bad in the next round'),
  badToGood: probability(required, 'Probability that a bad link is good in the next round'),
  lossInGood: probability(0, 'Probability that a good link loses a frame'),
  lossInBad: probability(1, 'Probability that a bad link loses a frame'),
});
type Settings = SettingsOf<typeof settings>;

/**
 * Losses in bursts (Gilbert-Elliott). With a = goodToBad and b = badToGood, the long-run share of bad rounds is a / (a + b) and
 * the long-run loss (b lossInGood + a lossInBad) / (a + b).
 */
export function burstLoss(given: Given<Settings, 'goodToBad' | 'badToGood'>): Fault {
  return faultOf({ ...given, fault: 'burst-loss' });
}

export default defineFault({
  name: 'burst-loss',
  summary: 'Gilbert-Elliott losses: each directed link is good or bad for whole rounds and loses frames accordingly',
  settings,
  losesMessages: true,
  create(rule, { streams }) {
    const selects = selectsFrames(rule);
    const chain = new TwoStateChain(rule.goodToBad, rule.badToGood, streams);
    return {
      judge(frame, layout, own) {
        if (!selects(frame, layout)) return PASS;
        const bad = chain.inSecond(`${frame.from}>${frame.to}`, frame.round);
        return own().uniform() < (bad ? rule.lossInBad : rule.lossInGood) ? DROP : PASS;
      },
    };
  },
});
