import { defineMethod } from '../../method.js';
import { addScaled } from '../../numerics/vector.js';
import { forecastDiff2 } from './parts/diff2-forecast.js';
import { Diff2Framework, type Diff2Server, diff2Messages } from './parts/diff2-framework.js';
import { checkDiff2Plan, diff2ClientReleases, diff2Settings } from './parts/diff2-settings.js';
import { targetOf } from './parts/planned-spend.js';

export default defineMethod({
  name: 'diff2',
  paper: {
    title: 'DIFF2: Differential Private Optimization via Gradient Differences for Nonconvex Distributed Learning',
    url: 'https://arxiv.org/abs/2302.03884',
    algorithm: 'Algorithm 1 with the GD-Routine',
    reconstruction:
      'The body of the paper was not read: framework, GD-Routine and calibration follow its abstract, its list of arguments and the ' +
      'authors’ code. The exact calibration and the distributed and local noise placements are our choice.',
  },
  settings: diff2Settings,
  isPrivate: true,
  checkPlan: checkDiff2Plan,
  target: (settings) => targetOf(settings),
  clientReleases: (settings, round) => diff2ClientReleases(settings, round),
  measures: ['answers'],
  messages: diff2Messages,
  client: ({ hyperparameters }) => {
    const framework = new Diff2Framework(hyperparameters);
    return {
      init: () => null,
      digested: () => framework.noise,
      async round(state, at) {
        await framework.send(at);
        return state;
      },
    };
  },
  coordinator: ({ hyperparameters }) => {
    const framework = new Diff2Framework(hyperparameters);
    return {
      init: ({ initialParams }): Diff2Server => framework.start(initialParams),
      async round(state, at): Promise<Diff2Server> {
        const v = await framework.receive(state, at);
        if (!v) return framework.missed(state, at.index);
        // GD-Routine: x_r = x_{r-1} - eta v_r
        return framework.next(state, v, addScaled(state.params, -hyperparameters.learningRate, v.direction));
      },
      estimates: ({ params }) => [params],
      digested: (state) => framework.digested(state),
    };
  },
});

export const forecast = forecastDiff2;
