import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { sharedCacheServer } from '@ormolu/test-support';
import type { Trial } from '../../harness';
import type { ServerKind } from './asked-caches';

const PROCESSES = 8;
const CALLERS = 1_000;

/** What a process is asked. */
export interface StampedeRequest {
  readonly name: string;
  readonly kind: ServerKind;
  readonly url: string;
  readonly prefix: string;
  /** Absent: only that it be ready. */
  readonly key?: string;
  readonly callers: number;
  readonly loader: 'gives' | 'fails';
}

/** What became of its callers. */
export interface StampedeAnswer {
  readonly loads: number;
  readonly unanswered: number;
}

/** A thousand callers in each of eight processes ask at once for a key that nobody has. */
export async function stampede({ name, kind, loader }: Pick<StampedeRequest, 'name' | 'kind' | 'loader'>): Promise<Trial> {
  const request = { name, kind, loader, url: await sharedCacheServer(kind), prefix: `stampede-${randomUUID()}`, callers: CALLERS };
  // They end when this process does.
  const processes = Array.from({ length: PROCESSES }, () => fork(join(__dirname, 'stampede-process.ts')));
  await Promise.all(processes.map((one) => ask(one, request)));
  return async () => {
    const key = `city:${randomUUID()}`;
    const answers = await Promise.all(processes.map((one) => ask(one, { ...request, key })));
    const sum = (of: keyof StampedeAnswer): number => answers.reduce((all, answer) => all + answer[of], 0);
    return { loads: sum('loads'), unanswered: sum('unanswered') };
  };
}

async function ask(one: ChildProcess, request: StampedeRequest): Promise<StampedeAnswer> {
  const answered = Promise.race([
    once(one, 'message'),
    once(one, 'exit').then(() => Promise.reject(new Error('a process of the stampede ended'))),
  ]);
  one.send(request);
  // What stampede-process.ts says.
  const [said] = (await answered) as [StampedeAnswer];
  return said;
}
