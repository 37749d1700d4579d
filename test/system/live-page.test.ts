import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { RunLock } from '../../coordinator/run-directory/run-lock.js';
import { sweep } from '../../protocol/scenario/input.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { LiveServer } from '../../scenarios/live/live-server.js';
import { loadCatalogue } from '../../scenarios/run/catalogue.js';
import { runSweep } from '../../scenarios/run/runtime.js';
import { runInput, temporaryFolder } from '../support/scripted-run.js';
import { program } from './debian.js';

describe('the live page', () => {
  let path: string;
  before(async () => {
    ({ path } = await runInput({
      name: 'live-page',
      description: 'With <b>faults</b>.',
      method: 'fedavg',
      data: 'gaussian-clusters',
      clients: 6,
      rounds: 12,
      faults: [{ fault: 'drop', probability: 0.1 }],
    }));
  });

  /** What Chromium makes of the page, all of it from the loopback. */
  const dom = async (chromium: string, url: string, ...more: string[]) => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });

    const flags = [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--virtual-time-budget=4000', `--user-data-dir=${join(folder, 'profile')}`, ...more],
    ];
    // Not spawnSync: this process serves the page.
    const child = spawn(chromium, [...flags, '--dump-dom', url], { timeout: 120_000 });
    let text = '';
    child.stdout.on('data', (piece) => (text += piece));
    await new Promise((resolve) => child.once('close', resolve));
    return text;
  };

  it('shows a finished run with faults: curves, bytes, clients, faults, log and verdict, light and dark', async function () {
    const chromium = program('chromium', 'chromium');
    if (!chromium) return this.skip();
    const server = await LiveServer.open(() => path);
    try {
      for (const theme of [[], ['--force-dark-mode', '--blink-settings=preferredColorScheme=0']]) {
        const text = await dom(chromium, server.url, ...theme);
        expect(text)
          .to.match(/<h1 id="name">live-page<\/h1>/)
          .and.include('With &lt;b&gt;faults&lt;/b&gt;.');
        expect(text).to.include('round 12 of 12').and.include('>finished<');
        expect(text.match(/<polyline/g)).to.have.length(5);
        expect(text.match(/<span[^>]*title="client \d/g)).to.have.length(6);
        expect(text)
          .to.match(/title="client \d: absent \d+ times/)
          .and.match(/round \d+: \d absent of 6/);
        expect(text)
          .to.match(/class="true">VALID</)
          .and.include('finite: all');
      }
    } finally {
      await server.close();
    }
  });

  it('shows a run that is under way as running, and waits for one that has no folder yet', async function () {
    const chromium = program('chromium', 'chromium');
    if (!chromium) return this.skip();
    let folder: string | null = null;
    const server = await LiveServer.open(() => folder);
    const lock = RunLock.take(path);
    try {
      expect(await dom(chromium, server.url)).to.include('waiting for the run');
      folder = path;
      expect(await dom(chromium, server.url)).to.match(/<b id="state">running<\/b>/);
    } finally {
      lock.release();
      await server.close();
    }
  });

  it('shows all settings of a sweep over seeds, each with its band', async function () {
    const chromium = program('chromium', 'chromium');
    if (!chromium) return this.skip();
    const folder = join(temporaryFolder(), 'sweep');
    const input = sweep('live-sweep', {
      base: { method: 'fedavg', data: 'gaussian-clusters', clients: 4, rounds: 5 },
      over: { 'method.clientLearningRate': [0.01, 0.1] },
      seeds: 2,
    });
    const options = { directory: folder, listen: null, signal: new AbortController().signal };
    await runSweep(await resolveSweep(input, await loadCatalogue()), options);
    const server = await LiveServer.open(() => folder);
    try {
      const text = await dom(chromium, server.url);
      expect(text.match(/<polygon/g)).to.have.length(4);
      expect(text.match(/clientLearningRate = 0\.1, 2 seeds: /g)).to.have.length(2);
      expect(text).to.include('point 4 of 4, round 5 of 5').and.include('in the band from the lowest to the highest');
    } finally {
      await server.close();
    }
  });

  it('draws the peers of the last round with what each link lost, and the last contact of who holds a seat', async function () {
    const chromium = program('chromium', 'chromium');
    if (!chromium) return this.skip();
    const { path: ring } = await runInput({
      name: 'live-ring',
      method: 'gradient-tracking',
      data: 'gaussian-clusters',
      topology: 'ring',
      clients: 5,
      rounds: 6,
      faults: [{ fault: 'drop', probability: 0.2 }],
    });
    const seat = { seat: 0, generation: 1, name: 'site-a', state: 'ready' as const, clients: 5, silentMs: 4000 };
    const table = { phase: 'running' as const, epoch: 1, round: 6, rounds: 6, seats: [seat], spares: [] };
    const server = await LiveServer.open(
      () => ring,
      0,
      () => table,
    );
    try {
      const data = await (await fetch(`${server.url}data.json`)).json();
      const lost = readFileSync(join(ring, 'deliveries.jsonl'), 'utf8').match(/"from":/g)!.length;
      const edges = data.peers.edges as { from: number; to: number; absences: number }[];
      expect(edges.map(({ from, to }) => (to - from + 5) % 5).sort()).to.deep.equal([1, 1, 1, 1, 1, 4, 4, 4, 4, 4]);
      expect(edges.reduce((sum, { absences }) => sum + absences, 0))
        .to.equal(lost)
        .and.above(0);
      expect(data.peers.bytesPerLink).to.equal(data.rows.at(-1).bytesPeer / 10);
      const silentMs = Date.now() - Date.parse(data.workers[0].at);
      expect(silentMs).to.be.within(4000, 60_000);
      const text = await dom(chromium, server.url);
      expect(text.match(/class="peer"/g)).to.have.length(5);
      expect(text.match(/<line/g)).to.have.length(5);
      expect(text).to.match(/class="ready">site-a: ready, 5 clients, last contact \d{4}-/);
    } finally {
      await server.close();
    }
  });

  it('is for this machine alone: another name in the address is refused, and it loads nothing', async () => {
    const server = await LiveServer.open(() => path);
    try {
      const { port } = new URL(server.url);
      const status = (host: string) =>
        new Promise<number | undefined>((resolve) =>
          get({ host: '127.0.0.1', port, path: '/data.json', headers: { host } }, ({ statusCode }) =>
            resolve(statusCode),
          ),
        );
      expect([await status('evil.example'), await status(`127.0.0.1:${port}`)]).to.deep.equal([403, 200]);
      const page = await (await fetch(server.url)).text();
      expect(page).not.to.match(/(src|href)=/);
    } finally {
      await server.close();
    }
  });
});
