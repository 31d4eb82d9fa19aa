// Another process on the database of its first argument: does what it is told over the channel, one thing at a time, and answers.
import { openOrmolu, postgres } from '../../../src/index';
import { computations, labelOf, models, rateOf, write } from './models';

/** What the process can be told. `write` clears the rates and, unless `hold` says to wait for ever before the commit, commits. */
export type Told =
  | { readonly kind: 'rate' | 'label'; readonly name: string }
  | { readonly kind: 'write'; readonly name: string; readonly percent: number; readonly hold: boolean }
  | { readonly kind: 'clear'; readonly group?: string };

/** What it answers: what came of it, and how often it has computed a rate since it began. */
export interface Answered {
  readonly value: unknown;
  readonly computations: number;
}

async function serve(url: string): Promise<void> {
  const db = await openOrmolu({ models, storage: postgres(url) });
  const perform = (told: Told): Promise<unknown> => {
    switch (told.kind) {
      case 'rate':
        return db.transaction((env) => rateOf(env, told.name));
      case 'label':
        return db.transaction((env) => labelOf(env, told.name));
      case 'write':
        return db.transaction(async (env) => {
          await write(env, told.name, told.percent);
          await env.flush();
          await rateOf.clear(env);
          if (!told.hold) return;
          process.send?.({ value: 'holding', computations: computations.count } satisfies Answered);
          await new Promise(() => undefined);
        });
      case 'clear':
        return db.clearCaches(told.group);
    }
  };
  process.on('message', (told: Told) => {
    void perform(told).then((value) => process.send?.({ value, computations: computations.count } satisfies Answered));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ value: 'ready', computations: 0 } satisfies Answered);
}

void serve(process.argv[2] ?? '');
