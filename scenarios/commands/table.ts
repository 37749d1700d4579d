/** The width of what is not shown on a terminal: nothing is cut or broken. */
export const PIPED_WIDTH = Number.POSITIVE_INFINITY;

/** Rows under headings in columns of equal width, two spaces between; the last column is cut to the terminal's width. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], width: number): string {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => {
    const text = cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
    return cut(text, width);
  };
  return [headings, ...rows].map(line).join('\n');
}

/** The same in blocks below one another, where not all columns fit beside the first one. */
export function tableInBlocks(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)) + 2);
  const blocks: number[][] = [];
  let used = 0;
  for (let column = 1; column < headings.length; column++) {
    if (blocks.length === 0 || used + widths[column]! > width) {
      blocks.push([0]);
      used = widths[0]!;
    }
    blocks.at(-1)!.push(column);
    used += widths[column]!;
  }
  const part = (cells: readonly string[], block: readonly number[]) => block.map((column) => cells[column]!);
  return blocks.map((block) =>
    table(
      part(headings, block),
      rows.map((row) => part(row, block)),
      width,
    ),
  );
}

/** At most `width` characters; at the end of a word where there is one in the second half. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  const room = text.slice(0, Math.max(0, width - 1));
  const space = room.lastIndexOf(' ');
  return `${space > width / 2 ? room.slice(0, space) : room}…`;
}

/** Lines broken between words; what continues is indented by two more than the line. */
export function wrapped(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => {
    const indent = ' '.repeat(line.length - line.trimStart().length);
    const broken: string[] = [];
    let rest = line;
    while (rest.length > width) {
      const space = rest.slice(0, width + 1).lastIndexOf(' ');
      // A word that is longer than the line stays whole, so that a path can be copied.
      const end = space > indent.length + 2 ? space : rest.indexOf(' ', indent.length + 2);
      if (end < 0) break;
      broken.push(rest.slice(0, end).trimEnd());
      rest = `${indent}  ${rest.slice(end).trimStart()}`;
    }
    return [...broken, rest];
  });
}
