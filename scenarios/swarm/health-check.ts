import { isAlive } from '../remote-run/is-alive.js';

// What the image's health check runs: 'gradswarm health' without the rest of the command, which takes long to load on a busy machine.
process.exitCode = (await isAlive('ws://127.0.0.1:7700')) ? 0 : 1;
