// One side of one case, in a process of its own. Started by side.ts; speaks the messages of side-messages.ts.
import { loadBench } from './load-bench';
import { openSide } from './measure';
import type { Answer, Request, Role } from './side-messages';

const answer = (message: Answer): void => void process.send?.(message);

async function play(role: Role): Promise<void> {
  const benchCase = loadBench(role.file).cases[role.caseIndex];
  if (benchCase === undefined) throw new Error(`${role.file} has no case ${role.caseIndex}.`);
  const side = await openSide(benchCase, role);
  process.on('message', (request: Request) => {
    const work = request === 'round'
      ? async () => answer({ kind: 'figures', figures: [await side.round()].flat() })
      : async () => {
          await side.close();
          answer({ kind: 'closed' });
        };
    work().catch(fail);
  });
  answer({ kind: 'ready' });
}

function fail(error: unknown): void {
  answer({ kind: 'failed', message: error instanceof Error ? error.stack ?? error.message : String(error) });
}

// The runner was interrupted: nobody waits for the figures any more.
process.on('disconnect', () => process.exit(1));
// The one argument is what side.ts wrote.
play(JSON.parse(process.argv[2] ?? '{}') as Role).catch(fail);
