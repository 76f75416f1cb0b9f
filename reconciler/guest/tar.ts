/**
 * Small tar archives of plain files, in the `ustar` form of POSIX, which every tar reads. The same files are the same bytes.
 */
export interface ArchivedFile {
  /** At most a hundred bytes. */
  readonly name: string;
  readonly content: Uint8Array;
}

const block = 512;

export function tarOf(files: readonly ArchivedFile[]): Buffer {
  const end = Buffer.alloc(2 * block);
  return Buffer.concat([...files.flatMap((file) => [headerOf(file), padded(file.content)]), end]);
}

const padded = (content: Uint8Array): Buffer =>
  Buffer.concat([content, Buffer.alloc((block - (content.length % block)) % block)]);

/** Numbers are octal text. Everything is root's, from 1970, and may be read by all. */
function headerOf({ name, content }: ArchivedFile): Buffer {
  const header = Buffer.alloc(block);
  const put = (at: number, text: string): void => void header.write(text, at, 'latin1');
  if (header.write(name, 0) > 100 || Buffer.byteLength(name) > 100) throw new RangeError(`${name} is too long`);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${content.length.toString(8).padStart(11, '0')}\0`);
  put(136, '00000000000\0');
  // The sum counts itself as blanks.
  put(148, '        ');
  put(156, '0');
  put(257, 'ustar\x0000');
  put(
    148,
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
  );
  return header;
}
