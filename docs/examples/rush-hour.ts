import { count, defineFault, defineSettings, positive } from 'gradswarm/fault';

/** For `gradswarm check`, whose run is short. */
export const contract = { settings: { every: 2 } };

/** In one round of every `every`, from the rule's first one on, all clients compute `factor` times as long. */
export default defineFault({
  name: 'rush-hour',
  summary: 'In one round of several, every client is slow',
  settings: defineSettings({
    every: count(10, 'Rounds from one to the next'),
    factor: positive(5, 'On the time of every client'),
  }),
  create: ({ from, until, every, factor }) => ({
    slowdown: (_client, round) =>
      round >= from && (until === null || round < until) && (round - from) % every === 0 ? factor : 1,
  }),
});
