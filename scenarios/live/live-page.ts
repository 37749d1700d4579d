/** The live page: one document without anything from elsewhere, which asks for `data.json` once a second while the run continues. */
export const LIVE_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>gradswarm</title>
<style>
:root { --paper: #fff; --ink: #1c2024; --soft: #59636e; --line: #d9dee3; --card: #f6f8fa; --one: #1b7fbd; --two: #d55e00; --three: #009e73; --four: #cc79a7; --five: #8a6d00; --six: #56b4e9; --seven: #7a4fb5; --eight: #6b7280; --good: #0a6b3d; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e4e8ec; --soft: #9aa5b1; --line: #333a41; --card: #1c2126; --good: #5fd39a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 1.4rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
#description, .soft { color: var(--soft); }
progress { width: 100%; height: .6rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 1rem; margin-top: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; min-width: 0; }
.link { stroke: var(--one); } .lossy { stroke: var(--two); } .peer { fill: var(--three); } svg .on { fill: #fff; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 11px; }
ul, pre { margin: 0; padding: 0; list-style: none; max-height: 16rem; overflow: auto; } pre { overflow-wrap: anywhere; font: 12px/1.45 ui-monospace, monospace; white-space: pre-wrap; }
.names { font-size: 13px; } .joined, .ready, .true { color: var(--good); } .lost, .down, .open, .false { color: var(--bad); }
.clients { display: flex; flex-wrap: wrap; gap: 3px; } .clients span { width: 14px; height: 14px; border-radius: 3px; background: var(--three); } .clients .absent { background: var(--two); }
</style>
</head>
<body>
<main>
<h1 id="name">waiting for the run</h1>
<div id="description"></div>
<p><b id="state"></b> <span id="round" class="soft"></span></p>
<progress id="progress" max="1" value="0"></progress>
<div class="grid">
<div class="card"><h2>Loss</h2><div id="loss"></div></div>
<div class="card"><h2>Accuracy</h2><div id="accuracy"></div></div>
<div class="card"><h2>Bytes by direction</h2><div id="bytes"></div></div>
<div class="card"><h2>Workers</h2><ul id="workers"></ul></div>
<div class="card"><h2>Clients</h2><div id="clients" class="clients"></div></div>
<div class="card" id="peers-card" hidden><h2>Peers</h2><div id="peers"></div></div>
<div class="card"><h2>Verdict</h2><ul id="verdict"></ul></div>
<div class="card"><h2>Faults and absences</h2><pre id="faults"></pre></div>
<div class="card"><h2>Log</h2><pre id="log"></pre></div>
</div>
</main>
<script>
const at = (id) => document.getElementById(id);
const number = (value) => value === null || value === undefined ? '–' : Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
const bytes = (value) => { const units = ['B', 'kB', 'MB', 'GB', 'TB']; let i = 0; while (value >= 1000 && i < 4) { value /= 1000; i++; } return number(value) + ' ' + units[i]; };
/* Curves as SVG, [x, y] or [x, y, lowest, highest]; with many the names stand below. Text goes in by textContent alone. */
function plot(target, curves, show, below) {
  const all = curves.flatMap(({ points }) => points.flatMap(([x, ...ys]) => ys.map((y) => [x, y]))).filter(([, y]) => Number.isFinite(y));
  target.replaceChildren();
  if (all.length === 0) { target.textContent = '–'; return; }
  const xs = all.map(([x]) => x), ys = all.map(([, y]) => y);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const px = (x) => 6 + 300 * (x - x0) / (x1 - x0 || 1), py = (y) => 150 - 130 * (y - y0) / (y1 - y0 || 1);
  const make = (name, attributes, text) => { const node = document.createElementNS('http://www.w3.org/2000/svg', name); for (const key in attributes) node.setAttribute(key, attributes[key]); if (text !== undefined) node.textContent = text; return node; };
  const svg = make('svg', { viewBox: below ? '0 0 312 175' : '0 0 400 175', role: 'img' });
  curves.forEach(({ name, points, color }, i) => {
    const known = points.filter(([, y]) => Number.isFinite(y));
    if (known.length === 0) return;
    svg.append(make('polyline', { points: known.map(([x, y]) => px(x).toFixed(1) + ',' + py(y).toFixed(1)).join(' '), fill: 'none', stroke: color, 'stroke-width': 2 }));
    if (known[0].length > 2) svg.append(make('polygon', { points: [...known.map(([x, , , high]) => px(x).toFixed(1) + ',' + py(high).toFixed(1)), ...known.slice().reverse().map(([x, , low]) => px(x).toFixed(1) + ',' + py(low).toFixed(1))].join(' '), fill: color, 'fill-opacity': .18, stroke: 'none' }));
    if (!below) svg.append(make('text', { x: 312, y: 24 + 16 * i, style: 'fill:' + color }, (name ? name + ' ' : '') + show(known[known.length - 1][1])));
  });
  svg.append(make('text', { x: 6, y: 14 }, show(y1)), make('text', { x: 6, y: 148 }, show(y0)), make('text', { x: 6, y: 170 }, 'round ' + x0), make('text', { x: 306, y: 170, 'text-anchor': 'end' }, String(x1)));
  target.append(svg);
  if (!below) return;
  const names = document.createElement('ul');
  names.className = 'names';
  list(names, [...curves.filter(({ points }) => points.length > 0).map(({ name, points }) => [name + ': ' + show(points[points.length - 1][1])]), ...below.map((text) => [text, 'soft'])]);
  curves.filter(({ points }) => points.length > 0).forEach(({ color }, i) => { names.children[i].style.borderLeft = '4px solid ' + color; names.children[i].style.paddingLeft = '.5rem'; });
  target.append(names);
}
/* All settings of a sweep, each the mean of its seeds in the band from the lowest to the highest. */
const COLORS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'].map((name) => 'var(--' + name + ')');
function settings(target, curves, leftOut, show) {
  const named = curves.map(({ name, seeds, points }, i) => ({ name: name + (seeds > 1 ? ', ' + seeds + ' seeds' : ''), color: COLORS[i], points: points.map((one) => [one.x, one.y, one.low, one.high]) }));
  const seeds = Math.max(0, ...curves.map((one) => one.seeds));
  plot(target, named, show, [...(seeds > 1 ? ['mean of the seeds, in the band from the lowest to the highest'] : []), ...(leftOut ? [leftOut + ' more settings are not drawn'] : [])]);
}
/* Clients on a circle and the links between them; a link that lost a message in the last two rounds is orange, the more it lost the wider it is. */
function graph(target, peers) {
  at('peers-card').hidden = !peers;
  if (!peers) return;
  const make = (name, attributes, text) => { const node = document.createElementNS('http://www.w3.org/2000/svg', name); for (const key in attributes) node.setAttribute(key, attributes[key]); if (text !== undefined) node.textContent = text; return node; };
  const place = (i) => [200 + 130 * Math.sin(2 * Math.PI * i / peers.clients), 150 - 130 * Math.cos(2 * Math.PI * i / peers.clients)].map((x) => x.toFixed(1));
  const svg = make('svg', { viewBox: '0 0 400 325', role: 'img' });
  const links = new Map();
  for (const edge of peers.edges) { const key = Math.min(edge.from, edge.to) + ' ' + Math.max(edge.from, edge.to); links.set(key, [...(links.get(key) || []), edge]); }
  for (const edges of links.values()) {
    const [[x1, y1], [x2, y2]] = [place(edges[0].from), place(edges[0].to)];
    const lost = edges.reduce((sum, one) => sum + one.absences, 0);
    const line = make('line', { x1, y1, x2, y2, class: edges.some((one) => one.last !== null && one.last >= peers.round - 1) ? 'link lossy' : 'link', 'stroke-width': 1.5 + Math.min(4, Math.log2(1 + lost)) });
    line.append(make('title', {}, edges.map((one) => one.from + ' to ' + one.to + ': ' + (one.absences ? one.absences + ' lost, last in round ' + one.last : 'none lost')).join('; ')));
    svg.append(line);
  }
  for (let i = 0; i < peers.clients; i++) {
    const [cx, cy] = place(i);
    const dot = make('circle', { cx, cy, r: peers.clients > 24 ? 4 : 9, class: 'peer' });
    dot.append(make('title', {}, 'client ' + i));
    svg.append(dot);
    if (peers.clients <= 24) svg.append(make('text', { x: cx, y: Number(cy) + 4, 'text-anchor': 'middle', class: 'on' }, String(i)));
  }
  svg.append(make('text', { x: 200, y: 318, 'text-anchor': 'middle' }, 'round ' + peers.round + ': ' + bytes(peers.bytesPerLink) + ' over a link, on average; orange: a message was lost'));
  target.replaceChildren(svg);
}
function list(target, lines) {
  target.replaceChildren(...lines.map(([text, kind]) => { const item = document.createElement('li'); item.textContent = text; if (kind) item.className = kind; return item; }));
}
function lines(target, texts) {
  const end = target.scrollHeight - target.scrollTop - target.clientHeight < 20;
  target.textContent = texts.join('\\n') || 'none';
  if (end) target.scrollTop = target.scrollHeight;
}
function draw(data) {
  document.title = data.name;
  at('name').textContent = data.name;
  at('description').textContent = data.description;
  at('state').textContent = data.state;
  const last = data.rows[data.rows.length - 1];
  const done = last ? last.round : 0;
  at('round').textContent = (data.points ? 'point ' + Math.min(data.points.done + 1, data.points.of) + ' of ' + data.points.of + ', ' : '') + 'round ' + done + ' of ' + data.rounds;
  at('progress').value = data.points && data.points.done < data.points.of ? (data.points.done + done / data.rounds) / data.points.of : done / data.rounds;
  const percent = (value) => number(100 * value) + '\u00a0%';
  if (data.curves) {
    settings(at('loss'), data.curves.loss, data.curves.leftOut, number);
    settings(at('accuracy'), data.curves.accuracy, data.curves.leftOut, percent);
  } else for (const [of, show] of [['loss', number], ['accuracy', percent]])
    plot(at(of), [{ name: '', color: 'var(--one)', points: data.rows.map((row) => [row.round, row[of] === null ? NaN : row[of]]) }], show);
  const directions = [['up', 'bytesUp', 'var(--one)'], ['down', 'bytesDown', 'var(--two)'], ['between clients', 'bytesPeer', 'var(--three)']];
  plot(at('bytes'), directions.map(([name, key, color]) => ({ name, color, points: data.rows.map((row) => [row.round, row[key]]) })), bytes);
  list(at('workers'), data.workers.length === 0 ? [['one process']] : data.workers.map((one) => [one.name + ': ' + one.state + ', ' + one.clients + ' clients, last contact ' + one.at.replace('T', ' ').replace(/\\.\\d+Z$/, ' UTC'), one.state]));
  graph(at('peers'), data.peers);
  const absent = new Map(data.absences.map((one) => [one.client, one]));
  at('clients').replaceChildren(...Array.from({ length: Math.min(data.clients, 2000) }, (_, i) => {
    const box = document.createElement('span');
    const one = absent.get(String(i));
    box.title = 'client ' + i + (one ? ': absent ' + one.count + ' times, last in round ' + one.round : '');
    if (one && one.round >= done - 1) box.className = 'absent';
    return box;
  }));
  const verdict = data.verdict;
  list(at('verdict'), verdict === null ? [['not judged yet']] : [[verdict.valid === true ? 'VALID' : verdict.valid === false ? 'NOT VALID' : 'INCONCLUSIVE', String(verdict.valid)], ...verdict.expectations.map((one) => [one.name + ': ' + one.detail, String(one.holds)]), ...(verdict.notApplicable || []).map((one) => ['not applicable ' + one.name + ': ' + one.because])]);
  lines(at('faults'), data.faults);
  lines(at('log'), data.log);
}
async function look() {
  let running = true;
  try {
    const data = await (await fetch('data.json')).json();
    if (data) { draw(data); running = data.state === 'running' || data.verdict === null; }
  } catch { at('state').textContent = at('state').textContent.replace(/( \\(the process has ended\\))?$/, ' (the process has ended)'); return; }
  setTimeout(look, running ? 1000 : 5000);
}
look();
</script>
</body>
</html>
`;
