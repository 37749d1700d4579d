/** Rows under headings in columns of equal width, two spaces between; the last column is cut to the terminal's width. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], width: number): string {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => {
    const text = cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
    return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  };
  return [headings, ...rows].map(line).join('\n');
}
