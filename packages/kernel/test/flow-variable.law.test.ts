import fc from 'fast-check';
import { AsyncLocalStorage } from 'node:async_hooks';
import { FlowVariable } from '../src/index';

/** What a flow does: waits a turn, looks at all variables, or does more where one of them has a value, waited for or left to itself. */
type Step = 'wait' | 'look' | { readonly place: number; readonly value: number; readonly steps: readonly Step[]; readonly isAwaited: boolean };

const { steps } = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
  step: fc.oneof({ depthSize: 'small' }, fc.constant<Step>('look'), fc.constant<Step>('wait'), fc.record({ place: fc.nat(2), value: fc.nat(9), steps: tie('steps'), isAwaited: fc.boolean() })),
  steps: fc.array(tie('step'), { maxLength: 6 }),
}));

test('law: variables that share one storage tell each flow what storages of their own would', async () => {
  let seen = 0;
  await fc.assert(fc.asyncProperty(steps, async (script) => {
    const variables = [0, 1, 2].map(() => ({ ours: new FlowVariable<number>(), own: new AsyncLocalStorage<number>() }));
    const others: Promise<void>[] = [];
    const look = (): void => {
      for (const { ours, own } of variables) expect(ours.current).toBe(own.getStore());
      seen += variables.filter(({ ours }) => ours.current !== undefined).length;
    };
    const flow = async (todo: readonly Step[]): Promise<void> => {
      for (const step of todo) {
        if (step === 'look') look();
        else if (step === 'wait') await Promise.resolve();
        else {
          const { ours, own } = variables[step.place]!;
          const inner = ours.run(step.value, () => own.run(step.value, () => flow(step.steps)));
          if (step.isAwaited) await inner;
          else others.push(inner);
        }
      }
      look();
    };
    await flow(script);
    await Promise.all(others);
    look();
    expect(variables.map(({ ours }) => ours.current)).toEqual([undefined, undefined, undefined]);
  }));
  expect(seen).toBeGreaterThan(20);
});

test('what the work returns or throws comes out, and the value is gone behind it', () => {
  const variable = new FlowVariable<string>();
  expect(variable.run('here', () => variable.current)).toBe('here');
  expect(() => variable.run('here', () => { throw new RangeError('no'); })).toThrow('no');
  expect(variable.current).toBeUndefined();
  variable.run('outer', () => {
    variable.run('inner', () => undefined);
    expect(variable.current).toBe('outer');
  });
});
