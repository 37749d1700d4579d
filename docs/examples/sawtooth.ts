import { atLeastZero, count, defineSchedule, defineSettings } from 'gradswarm/optimizer';

/** For `gradswarm check`. */
export const contract = { settings: { most: 0.1 } };

/** Falls from `most` to `least` in a straight line over `period` steps, then begins again. */
export default defineSchedule({
  name: 'sawtooth',
  summary: 'most - (most - least) (step mod period) / period',
  settings: defineSettings({
    most: atLeastZero(0.1, 'Rate of the first step of a period'),
    least: atLeastZero(0, 'Rate that the end of a period approaches'),
    period: count(10, 'Steps of a period'),
  }),
  build:
    ({ most, least, period }) =>
    (step) =>
      most - ((most - least) * (step % period)) / period,
});
