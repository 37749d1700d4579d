import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../support/scripted-run.js';
import { program } from './debian.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));

/** Reports of different kinds, of short runs: what makes a page wide does not depend on rounds. */
const REPORTS: Readonly<Record<string, readonly string[]>> = {
  'one run': ['run', 'quick-start', '--workers', '0', '--set', 'rounds=2'],
  'a sweep over seeds': ['run', 'scaffold-client-drift', '--set', 'rounds=20'],
  'peers with faults': ['run', 'crash-and-partition', '--set', 'rounds=40'],
  'private settings': ['run', 'dp-sgd-epsilon-curve', '--set', 'rounds=2'],
  'chains of a sampler': ['run', 'fsgld-availability', '--set', 'rounds=100'],
  'attacks by aggregators': ['run', 'byzantine-clients', '--set', 'rounds=2'],
  'figures per client': ['run', 'fairness-cvar', '--set', 'rounds=2'],
  'long lists beside nine columns': ['run', 'asynchronous-gossip', '--set', 'rounds=40'],
  'an audit': ['run', 'privacy-audit'],
};

/** The page in a frame of this width, all of it open; what reaches over the frame's right edge. */
function overEdge(chromium: string, report: string, width: number): readonly string[] {
  const page = JSON.stringify(readFileSync(report, 'utf8')).replaceAll('</', '<\\/');
  const folder = temporaryFolder();
  const file = join(folder, 'framed.html');
  writeFileSync(
    file,
    `<!doctype html><body style="margin:0"><iframe id="f" style="border:0;width:${width}px;height:2000px"></iframe><pre id="o"></pre><script>
const frame = document.getElementById('f');
frame.onload = () => {
  const page = frame.contentDocument;
  for (const closed of page.querySelectorAll('details')) closed.open = true;
  const over = [...page.querySelectorAll('th, td, svg, img, p, h1, h2, h3, li, dd, summary')]
    .filter((one) => one.getBoundingClientRect().right > ${width} + 1)
    .map((one) => one.tagName + ' ' + Math.round(one.getBoundingClientRect().right) + ' ' + one.textContent.slice(0, 60));
  document.getElementById('o').textContent = JSON.stringify({ seen: page.querySelectorAll('th').length, over });
};
frame.srcdoc = ${page};
</script>`,
  );
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  const { stdout } = spawnSync(
    chromium,
    [
      ...flags,
      `--user-data-dir=${join(folder, 'profile')}`,
      '--virtual-time-budget=5000',
      '--dump-dom',
      `file://${file}`,
    ],
    { encoding: 'utf8', timeout: 120_000, maxBuffer: 1 << 28 },
  );
  const text = stdout.match(/<pre id="o">(.*?)<\/pre>/s)?.[1] ?? '{}';
  const { seen = 0, over = ['nothing was measured'] } = JSON.parse(
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
  ) as { seen?: number; over?: string[] };
  expect(seen).to.be.above(0);
  return over;
}

describe('a report on a page of 1200 and of 420 pixels', () => {
  for (const [kind, args] of Object.entries(REPORTS)) {
    it(`${kind}: no column, picture or sentence is off the page`, function () {
      const chromium = program('chromium', 'chromium');
      if (!chromium) return this.skip();
      const out = join(temporaryFolder(), 'run');
      const { status, stderr } = spawnSync(process.execPath, [CLI, ...args, '--quiet', '--out', out], {
        encoding: 'utf8',
      });
      expect(status, stderr).to.be.oneOf([0, 1]);
      for (const width of [1200, 420])
        expect(overEdge(chromium, join(out, 'report.html'), width), `${width} pixels`).to.deep.equal([]);
    });
  }
});
