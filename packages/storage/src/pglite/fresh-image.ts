import { MisuseError } from '@ormolu/kernel';
import type { PGlite } from '@electric-sql/pglite';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './data-dir';
import type { LoadedEngine } from './load-engine';

/** Names the directory for images of fresh databases. */
const VARIABLE = 'ORMOLU_PGLITE_IMAGES';

/** At the end of an image: the digest of what is before it. */
const DIGEST_BYTES = 32;

/**
 * Starts a database in memory, empty.
 *
 * PostgreSQL takes seconds of processor time to make its catalog; a copy of a fresh one takes a quarter of that. With the variable
 * `ORMOLU_PGLITE_IMAGES` the first start leaves such a copy in that directory (40 MB, one for each engine), and later ones, of this
 * process and others, begin with it.
 * @throws {MisuseError} STORAGE_IMAGE when the directory cannot be read or written
 */
export async function startFresh({ engine: { PGlite }, version }: LoadedEngine): Promise<PGlite> {
  const directory = process.env[VARIABLE];
  if (directory === undefined || directory === '') return PGlite.create();
  const file = join(directory, `pglite-${version}.image`);
  const image = await readImage(file);
  if (image === undefined) {
    // First, and not with those above it: on Linux, Node's recursive mkdir goes on for ever in places where no name can be made.
    await mkdir(directory).catch((cause: unknown) => {
      if (codeOf(cause) !== 'EEXIST') throw imageError(file, 'written', cause);
    });
    const engine = await PGlite.create();
    await writeImage(file, Buffer.from(await (await engine.dumpDataDir('none')).arrayBuffer()));
    return engine;
  }
  const engine = await PGlite.create({ loadDataDir: new Blob([image]) });
  // Copies have one identifier of their cluster. What tells crashes apart tells them apart too, for those who share a cache.
  await engine.query("select pg_stat_reset_shared('bgwriter')");
  return engine;
}

/** What a whole image holds; undefined when there is none, or not all of it. */
async function readImage(file: string): Promise<Buffer<ArrayBuffer> | undefined> {
  try {
    const bytes = await readFile(file);
    const content = bytes.subarray(0, -DIGEST_BYTES);
    return digest(content).equals(bytes.subarray(-DIGEST_BYTES)) ? content : undefined;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw imageError(file, 'read', cause);
  }
}

/** Writes beside it and moves: whoever reads meanwhile finds the whole of one image. */
async function writeImage(file: string, content: Buffer): Promise<void> {
  const making = `${file}.${randomUUID()}`;
  try {
    await writeFile(making, Buffer.concat([content, digest(content)]));
    await rename(making, file);
  } catch (cause) {
    await rm(making, { force: true }).catch(() => undefined);
    throw imageError(file, 'written', cause);
  }
}

function digest(content: Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}

function imageError(file: string, what: string, cause: unknown): MisuseError {
  return new MisuseError('STORAGE_IMAGE', `The image of a fresh database, '${file}', cannot be ${what} (${String(codeOf(cause))}). Let ${VARIABLE} name a directory that this process may write, or unset it.`, { cause });
}
