import {
  count,
  defineDataset,
  defineSettings,
  FileRows,
  memoryMiB,
  NO_TARGETS,
  RowMemory,
  sineOfTurns,
} from 'gradswarm/dataset';

const WIDTH = 16;

/** Waves of one frequency in each file, which is also the class: computed here, where another data set reads a file. */
function readRows(file: number, from: number, to: number): Float32Array {
  const rows = new Float32Array((to - from) * WIDTH);
  for (let i = 0; i < rows.length; i++) {
    const [row, place] = [from + Math.floor(i / WIDTH), i % WIDTH];
    rows[i] = sineOfTurns(((1 + (file % 2)) * place) / WIDTH + 0.01 * row);
  }
  return rows;
}

/** As many owners as files. Rows are read when a client computes, where all of them need more than `memoryMiB`. */
export default defineDataset({
  name: 'many-waves',
  summary: 'Waves of two frequencies, one a file, read as clients compute',
  settings: defineSettings({
    files: count(10, 'Files, each of an owner'),
    rowsPerFile: count(20, 'Waves of a file'),
    memoryMiB: memoryMiB(),
  }),
  load({ files, rowsPerFile, memoryMiB: limit }) {
    const lengths = Array.from({ length: files }, () => ({ rows: rowsPerFile, isByRow: true }));
    const rows = new FileRows(WIDTH, lengths, readRows);
    const memory = new RowMemory(limit, [rows]);
    const fileOf = (row: number) => Math.floor(row / rowsPerFile);
    const examples = (order: Uint32Array) =>
      memory.examples(rows, order, { labels: Int32Array.from(order, (row) => fileOf(row) % 2), targets: NO_TARGETS });
    const all = Uint32Array.from({ length: rows.count }, (_, row) => row);
    const train = all.filter((row) => row % 5 !== 0);
    return {
      name: 'many-waves',
      source: 'computed: sines of one or two periods',
      decisions: memory.decisions(`${files} files`),
      featureShape: [WIDTH],
      classCount: 2,
      train: examples(train),
      test: examples(all.filter((row) => row % 5 === 0)),
      groups: Int32Array.from(train, fileOf),
      groupNames: lengths.map((_, file) => `file ${file}`),
    };
  },
});
