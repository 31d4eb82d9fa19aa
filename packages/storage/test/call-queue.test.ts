import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CallQueue } from '../src/call-queue';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // what the flag exposes

describe('a queue of calls', () => {
  test('runs each when the one before has ended, well or not', async () => {
    const calls = new CallQueue();
    const heard: string[] = [];
    const call = (name: string, end: () => void) => (): Promise<void> => {
      heard.push(`${name} begins`);
      return new Promise((resolve) => {
        setImmediate(resolve);
      }).then(() => {
        heard.push(`${name} ends`);
        end();
      });
    };
    const failing = call('first', () => {
      throw new Error('no');
    });
    const [first, second] = await Promise.allSettled([calls.add(failing), calls.add(call('second', () => undefined))]);
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
    expect(heard).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  });

  test('an answer is held by nobody but whoever asked', async () => {
    const calls = new CallQueue();
    const held = await calls.add(() => [1, 2, 3]).then((answer) => new WeakRef(answer));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    collectGarbage();
    expect(held.deref()).toBeUndefined();
    await calls.add(() => undefined); // it is the queue that is alive until here
  });
});
