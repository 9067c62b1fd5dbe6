/** The first ten bytes of each: what every joined record is. */
export function joined(left: Buffer, right: Buffer): Buffer {
  const both = Buffer.allocUnsafe(20);
  left.copy(both, 0, 0, 10);
  right.copy(both, 10, 0, 10);
  return both;
}
