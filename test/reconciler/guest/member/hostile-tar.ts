/** Archives as nobody should make them: any entry, under any name. */
import { gzipSync } from 'node:zlib';

export interface Entry {
  readonly name: string;
  /** As in the header: `0` a file, `1` a hard link, `2` a symbolic one, `3` a device, `5` a folder, `6` a pipe. */
  readonly type?: string;
  readonly target?: string;
  readonly content?: string;
  readonly mode?: string;
}

const block = 512;

export const packed = (entries: readonly Entry[]): Buffer =>
  gzipSync(Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * block)]));

function blocksOf({ name, type = '0', target = '', content = '', mode = '0000644' }: Entry): Buffer[] {
  const header = Buffer.alloc(block);
  const size = Buffer.byteLength(content).toString(8).padStart(11, '0');
  header.write(name, 0, 100);
  header.write(`${mode}\0${'0000000\0'.repeat(2)}${size}\0${'0'.repeat(11)}\0        ${type}`, 100);
  header.write(target, 157, 100);
  header.write('ustar\x0000', 257);
  if (type === '3') header.write('0000001\x000000003\0', 329);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return [
    header,
    Buffer.alloc(Math.ceil(Buffer.byteLength(content) / block) * block, content || '\0').fill(
      0,
      Buffer.byteLength(content),
    ),
  ];
}
