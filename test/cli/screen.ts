/** What a terminal that is wide enough shows after some output: text, line feeds, and the sequences that move or erase. Colours are left out. */
export function screenOf(output: string): string[] {
  const lines = [''];
  let row = 0;
  let column = 0;
  // eslint-disable-next-line no-control-regex
  for (const [piece, parameter, sequence] of output.matchAll(/\x1b\[([\d;?]*)([A-Za-z])|[\r\n]|[^\x1b\r\n]+/g)) {
    if (piece === '\r') column = 0;
    else if (piece === '\n') lines[++row] ??= '';
    else if (sequence === undefined) {
      const line = lines[row]!.padEnd(column);
      lines[row] = line.slice(0, column) + piece + line.slice(column + piece.length);
      column += piece.length;
    } else if (sequence === 'A') row = Math.max(0, row - Number(parameter === '' ? 1 : parameter));
    else if (sequence === 'G') column = Number(parameter === '' ? 1 : parameter) - 1;
    else if (sequence === 'K' && parameter === '2') lines[row] = '';
    else if (sequence !== 'm') throw new Error(`An unknown sequence: ${JSON.stringify(piece)}`);
  }
  return lines;
}
