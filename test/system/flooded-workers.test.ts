import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { Coordinator } from '../../scenarios/conformance/script/coordinator.js';
import { drawn } from '../../scenarios/conformance/script/proof.js';
import type { ScriptedRun } from '../../scenarios/conformance/script/run.js';
import { PLAIN, TRACKING } from '../../scenarios/conformance/script/scenario.js';
import { childProcesses } from '../support/child-processes.js';
import '../support/blocking-objective.js';

/** A worker that computes for long in one call, and is sent more meanwhile than its memory would hold. */

const BLOCKING = new URL('../support/blocking-objective.js', import.meta.url).href;
const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const WORKER = [process.execPath, '--import', BLOCKING, CLI, 'worker', '--join', '{url}', '--quiet'];
const CALL_MS = 60_000;
const FLOOD_MS = 6000;
/** Resident memory beyond that before. What is kept is 32 MiB a connection, in pieces of many sizes, and twice while it is collected. */
const BOUND_MB = 150;
const PEER = 'worker-1';
const KEY = 'key-of-what-the-peer-sends';
const SENT_AHEAD = 8 << 20;

const residentMB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const megabyte = new Uint8Array(1 << 20);

/** What is sent again and again. */
const FLOODS: Readonly<Record<string, (run: ScriptedRun, peer: WebSocket) => readonly [WebSocket, () => void]>> = {
  'control messages of 1 MiB': ({ control }) => [control.socket, () => control.emit('abort', megabyte)],
  'empty control messages that ask for answers': ({ control }) => [control.socket, () => control.emit('x', null, 1)],
  'messages over the frame link that are not acknowledged': ({ frames }) => [
    frames.socket,
    () => frames.socket.send(megabyte),
  ],
  'empty messages over the frame link': ({ frames }) => [frames.socket, () => frames.socket.send(new Uint8Array(0))],
  'acknowledgements over the frame link': ({ frames }) => [frames.socket, () => frames.report()],
  'messages of 1 MiB of another worker': (_run, peer) => [peer, () => peer.send(megabyte)],
};

describe('a worker that computes and is sent messages without end', function () {
  this.timeout(120_000);

  for (const [what, flood] of Object.entries(FLOODS))
    it(`${what}: its memory stays bounded, and it acts on SIGTERM`, async () => {
      const before = new Set(childProcesses(process.pid));
      const stage = await Coordinator.open(WORKER);
      try {
        const objective = { ...(PLAIN.objective as object), name: 'blocking', gradientMs: CALL_MS, call: 1 };
        const run = await stage.assigned({ ...TRACKING, objective } as never);
        await run.introduce(
          [{ worker: PEER, url: stage.door.url }],
          [{ worker: PEER, outgoing: drawn(), incoming: KEY }],
        );
        const { port } = run.ready.peer as { port: number };
        const peer = new WebSocket(`ws://127.0.0.1:${port}/peers?key=${KEY}&worker=${PEER}`, {
          perMessageDeflate: false,
        });
        await new Promise((resolve, reject) => peer.once('open', resolve).once('error', reject));
        peer.on('error', () => {});
        run.begin({ cohort: [0, 1, 2] });
        await wait(1500);
        const pid = childProcesses(process.pid).find((child) => !before.has(child))!;
        const own = residentMB(pid);
        const [socket, send] = flood(run, peer);
        let peak = own;
        for (const until = performance.now() + FLOOD_MS; performance.now() < until; await wait(1)) {
          for (let i = 0; i < 500 && socket.bufferedAmount < SENT_AHEAD && socket.readyState === socket.OPEN; i++)
            send();
          peak = Math.max(peak, residentMB(pid));
        }
        console.log(`      ${what}: ${own.toFixed(0)} MB, then at most ${peak.toFixed(0)} MB`);
        expect(peak - own).to.be.below(BOUND_MB);
        stage.worker.signal('SIGTERM');
        expect(await stage.worker.ends(10_000)).to.equal('ended with status 0');
      } finally {
        await stage.close();
      }
    });
});
