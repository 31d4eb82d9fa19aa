import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../bus/bus';
import { bytesOf, type ComplianceRunner } from './fixture';

/** Whose bus is tried. */
export interface BusTarget {
  /** For the names of tests. */
  readonly name: string;
  /** Makes a connection to the bus; several are made, all to the same one. They are closed at the end. */
  readonly create: () => Bus | Promise<Bus>;
}

interface Listening {
  readonly heard: string[];
  readonly states: string[];
  readonly end: () => void;
}

const LONGEST_MS = 10_000;

async function until(check: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + LONGEST_MS; !check();) {
    ok(performance.now() < end, what);
    await sleep(5);
  }
}

/** What is published arrives at all who listen to the channel, in its order, and nowhere else. */
export function busRules({ describe, test, beforeAll, afterAll }: ComplianceRunner, target: BusTarget): void {
  const made: Bus[] = [];
  const prefix = `compliance-${randomBytes(6).toString('hex')}`;
  let channels = 0;
  const channel = (): string => `${prefix}:${String((channels += 1))}`;
  const at = (place: number): Bus => {
    const bus = made[place];
    if (!bus) throw new Error('The bus was not opened: does beforeAll run?');
    return bus;
  };
  const listening = async (bus: Bus, on: string): Promise<Listening> => {
    const heard: string[] = [];
    const states: string[] = [];
    const end = bus.subscribe(on, { message: (bytes) => heard.push(Buffer.from(bytes).toString('latin1')), state: (state) => states.push(state) });
    await until(() => states.includes('up'), 'a listener is never told that it is heard');
    return { heard, states, end };
  };

  describe('messages', () => {
    beforeAll(async () => {
      made.push(await target.create(), await target.create());
    });
    afterAll(async () => {
      await Promise.all(made.map((bus) => bus.close()));
    });

    test('a message arrives at every listener of its channel, on every connection, the own one too, once', async () => {
      const [on, other] = [channel(), channel()];
      const all = [await listening(at(0), on), await listening(at(0), on), await listening(at(1), on)];
      const elsewhere = await listening(at(1), other);
      await at(0).publish(on, bytesOf('hello'));
      await until(() => all.every(({ heard }) => heard.length > 0), 'a message does not arrive');
      await at(0).publish(other, bytesOf('last'));
      await until(() => elsewhere.heard.length > 0, 'a message does not arrive');
      deepStrictEqual([...all, elsewhere].map(({ heard }) => heard), [['hello'], ['hello'], ['hello'], ['last']]);
    });

    test('messages of one sender come in their order, however many', async () => {
      const on = channel();
      const { heard } = await listening(at(1), on);
      const wanted = Array.from({ length: 500 }, (_, turn) => String(turn));
      await Promise.all(wanted.map((text) => at(0).publish(on, bytesOf(text))));
      await until(() => heard.length >= wanted.length, 'messages do not arrive');
      deepStrictEqual(heard, wanted);
    });

    test('bytes are bytes: none at all, every one of them, and a view is only what it shows', async () => {
      const on = channel();
      const { heard } = await listening(at(1), on);
      const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      await at(0).publish(on, new Uint8Array(0));
      await at(0).publish(on, all);
      await at(0).publish(on, bytesOf('xxviewxx').subarray(2, 6));
      await until(() => heard.length >= 3, 'messages do not arrive');
      deepStrictEqual(heard, ['', Buffer.from(all).toString('latin1'), 'view']);
    });

    test('a listener that has ended hears nothing more, and the others do', async () => {
      const on = channel();
      const [ended, other] = [await listening(at(1), on), await listening(at(1), on)];
      ended.end();
      await at(0).publish(on, bytesOf('after'));
      await until(() => other.heard.length > 0, 'a message does not arrive');
      deepStrictEqual(ended.heard, []);
    });

    test('who comes back to a channel that nobody listened to any more is heard again', async () => {
      const on = channel();
      (await listening(at(1), on)).end();
      const again = await listening(at(1), on);
      await at(0).publish(on, bytesOf('again'));
      await until(() => again.heard.length > 0, 'a message does not arrive');
    });

    test('what is published after its end fails, and does not wait', async () => {
      const closed = await target.create();
      await listening(closed, channel());
      await closed.close();
      const outcome = await Promise.race([closed.publish(channel(), bytesOf('late')).then(() => 'sent', () => 'failed'), sleep(2_000, 'waits', { ref: false })]);
      strictEqual(outcome, 'failed');
    });
  });
}
