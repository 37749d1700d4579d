import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { load } from 'js-yaml';
import { packageRecord } from '../../../coordinator/run-directory/manifest.js';
import { fetchCommand } from '../../../scenarios/commands/fetch.js';
import { healthCommand } from '../../../scenarios/commands/health.js';
import { serveCommand } from '../../../scenarios/commands/serve.js';
import { workerCommand } from '../../../scenarios/commands/worker.js';

const { root } = packageRecord();
const text = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

interface Service {
  readonly command: readonly string[];
  readonly healthcheck: {
    readonly disable?: boolean;
    readonly test?: readonly string[];
    readonly timeout?: string;
    readonly start_period?: string;
  };
  readonly init: boolean;
  readonly ports?: readonly { readonly mode: string }[];
  readonly stop_grace_period: string;
  readonly deploy: {
    readonly endpoint_mode: string;
    readonly restart_policy: { readonly condition: string };
    readonly placement?: { readonly constraints: readonly string[] };
  };
}
const stack = (file: string) =>
  load(text('scenarios', 'swarm', file)) as { readonly services: Readonly<Record<'coordinator' | 'worker', Service>> };

const commands = Object.fromEntries(
  [serveCommand(), workerCommand(), healthCommand(), fetchCommand()].map((command) => [command.name(), command]),
);

describe('the shipped stack files', () => {
  it('have one address behind a name, ports on the node itself, and restart only what has failed', () => {
    const { coordinator, worker } = stack('stack.yaml').services;
    for (const { deploy, init } of [coordinator, worker]) {
      expect(deploy.endpoint_mode).to.equal('dnsrr');
      expect(deploy.restart_policy.condition).to.equal('on-failure');
      expect(init).to.equal(true);
    }
    expect(coordinator.ports!.map(({ mode }) => mode)).to.deep.equal(['host']);
    expect(coordinator.deploy.placement!.constraints).to.deep.equal(['node.labels.gradswarm.coordinator == true']);
    expect(coordinator.stop_grace_period).to.equal('60s');
    expect(worker.healthcheck).to.deep.equal({ disable: true });
    const seconds = (value: string | undefined) => Number(value!.replace('s', ''));
    expect(seconds(coordinator.healthcheck.timeout)).to.be.at.least(10);
    expect(seconds(coordinator.healthcheck.start_period)).to.be.at.least(60);
  });

  for (const file of ['stack.yaml', 'stack.tls.yaml', 'compose.yaml'])
    it(`${file} uses only options that the commands have`, () => {
      for (const { command } of Object.values(stack(file).services)) {
        const [name, ...rest] = command;
        const known = commands[name!]!.options.map(({ long }) => long!);
        for (const option of rest.filter((each) => each.startsWith('--')))
          expect(known, `${file}: ${name}`).to.include(option.split('=')[0]);
      }
    });
});

describe('the Dockerfile', () => {
  const lines = text('Dockerfile').split('\n');
  const instructions = lines.filter((line) => /^[A-Z]+ /.test(line));

  it('needs no BuildKit: no syntax line and no mount', () => {
    expect(lines.filter((line) => /^#\s*syntax=|--mount/.test(line))).to.deep.equal([]);
  });

  const stages = Object.fromEntries(
    text('Dockerfile')
      .split(/^FROM /m)
      .slice(1)
      .map((stage) => [/ AS (\w+)$/m.exec(stage.split('\n')[0]!)?.[1] ?? 'default', stage]),
  );

  for (const target of ['cpu', 'gpu'])
    it(`target ${target} is a coordinator or worker: not root, stopped by SIGTERM, exec form, /runs its volume`, () => {
      for (const line of [
        'USER node',
        'STOPSIGNAL SIGTERM',
        'VOLUME /runs',
        'ENTRYPOINT ["node", "/app/dist/scenarios/cli.js"]',
      ])
        expect(stages[target]!.split('\n')).to.include(line);
      expect(stages[target]).to.match(
        /^HEALTHCHECK .* CMD \["node", "\/app\/dist\/scenarios\/swarm\/health-check.js"\]$/m,
      );
    });

  it('is cpu without a target; gpu is on a CUDA 12 image that an argument names', () => {
    expect(stages.default!.trim()).to.equal('cpu');
    expect(stages.gpu).to.match(/^cuda AS gpu/);
    expect(stages.cuda).to.match(/^\$\{CUDA_IMAGE\} AS cuda/);
    expect(instructions).to.include('ARG CUDA_IMAGE=nvidia/cuda:12.5.1-base-ubuntu22.04');
  });

  it('installs packages before it copies a source, so that a changed scenario installs nothing', () => {
    for (const stage of text('Dockerfile')
      .split(/^FROM /m)
      .slice(1)
      .filter((each) => each.includes('npm ci'))) {
      const [before] = stage.split('npm ci');
      expect(before!.match(/^COPY .*$/gm)).to.deep.equal(['COPY package.json package-lock.json ./']);
    }
  });

  it('the context holds nothing that the Dockerfile does not copy', () => {
    const kept = text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = instructions
      .filter((line) => line.startsWith('COPY') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1))
      .map((path) => path.split('/')[0]!);
    expect([...new Set(copied)].sort()).to.deep.equal([...kept].sort());
  });
});
