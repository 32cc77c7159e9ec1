// Keeps every committed change as one line of a file, on the disk before the answer leaves.
// A line is a JSON list of changes, so a transaction is whole or absent; a torn last line is cut off at the next start.
import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const LINE_END = 0x0a;

export class BrokenJournal extends Error {}

function* lines(bytes) {
  for (let start = 0, end; (end = bytes.indexOf(LINE_END, start)) >= 0; start = end + 1) yield [start, bytes.subarray(start, end)];
}

function parsed(file, start, line) {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    throw new BrokenJournal(`${file} is damaged at byte ${start}; restore the file, or remove it to start with an empty hospital`);
  }
}

export class Journal {
  constructor(file) {
    this.file = file;
    mkdirSync(dirname(file), { recursive: true });
  }

  // Calls `apply` for each change in order, then opens the file for appending.
  replay(apply) {
    const bytes = existsSync(this.file) ? readFileSync(this.file) : Buffer.alloc(0);
    for (const [start, line] of lines(bytes)) for (const change of parsed(this.file, start, line)) apply(change);
    this.length = bytes.lastIndexOf(LINE_END) + 1;
    this.descriptor = openSync(this.file, 'a');
    ftruncateSync(this.descriptor, this.length);
    return bytes.length - this.length;
  }

  append(changes) {
    const bytes = Buffer.from(`${JSON.stringify(changes)}\n`);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.descriptor, bytes, done);
      fsyncSync(this.descriptor);
    } catch (error) {
      ftruncateSync(this.descriptor, this.length);
      throw error;
    }
    this.length += bytes.length;
  }

  close() {
    closeSync(this.descriptor);
  }
}
