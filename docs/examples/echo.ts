import { atLeastZero, defineAttack, defineSettings, scale } from 'gradswarm/fault';

/** Every attacker sends the first honest vector, times a factor: many copies of one client's data. */
export default defineAttack({
  name: 'echo',
  summary: 'The first honest vector, times a factor',
  settings: defineSettings({ factor: atLeastZero(1, 'On the copied vector') }),
  create: ({ factor }) => ({ forge: ({ honest, own }) => own.map(() => scale(factor, honest[0]!)) }),
});
