import type { Objective, ReadonlyVector, Vector } from '../../protocol/method.js';
import { count, integer } from '../../protocol/settings/kinds.js';
import { objectives } from '../../worker/objectives/objectives.js';
import quadratic from '../../worker/objectives/plain/quadratic.js';
import { defineObjective } from '../../worker/objectives/request.js';

/**
 * Loaded before a command (`node --import`): adds the objective 'blocking', a quadratic that computes for so long in one call that
 * no event loop turns: in the gradient of client 0, or in the evaluation, once a process. Its numbers are those of the quadratic.
 */
const settings = quadratic.settings.with({
  gradientMs: integer(0, 'Of one gradient of client 0', { least: 0 }),
  evaluationMs: integer(0, 'Of one evaluation', { least: 0 }),
  call: count(1, 'Which call it is, of each process'),
});

function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

objectives.add(
  defineObjective({
    name: 'blocking',
    summary: 'A quadratic that computes for long in one call',
    settings,
    async create({ gradientMs, evaluationMs, call, ...rest }, request) {
      const family = await quadratic.create(rest as never, request);
      let evaluations = 0;
      return {
        ...family,
        shard(examples, client) {
          const objective: Objective = family.shard(examples, client);
          if (client !== 0) return objective;
          const gradient = objective.gradient.bind(objective);
          let calls = 0;
          return Object.assign(objective, {
            gradient(params: ReadonlyVector, batch: Uint32Array, into?: Vector) {
              if (++calls === call) block(gradientMs);
              return gradient(params, batch, into);
            },
          });
        },
        evaluate(estimates) {
          if (++evaluations === call) block(evaluationMs);
          return family.evaluate(estimates);
        },
      };
    },
  }),
);
