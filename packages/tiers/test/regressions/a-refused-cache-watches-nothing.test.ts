import { MisuseError } from '@ormolu/kernel';
import { MemoryBackend } from '../../src/backend/memory-backend';
import type { BusListener } from '../../src/bus/bus';
import { MemoryBus } from '../../src/bus/memory-bus';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';

let watches = 0;
beforeEach(() => {
  watches = 0;
});

function counted(end: () => void): () => void {
  watches += 1;
  return () => {
    watches -= 1;
    end();
  };
}

class WatchedBackend extends MemoryBackend {
  override onState(): () => void {
    return counted(super.onState());
  }
}

class WatchedBus extends MemoryBus {
  override subscribe(channel: string, listener: BusListener): () => void {
    return counted(super.subscribe(channel, listener));
  }
}

test.each<[NamedCacheOptions]>([
  [{ invalidate: [{ every: '1h' }, { cron: 'at noon' }] }],
  [{ invalidate: [{ every: '1h' }, {}] }],
  [{ healthCheckEvery: '30d' }],
  [{ thresholds: { minHitRatio: 2 } }],
  [{ ttl: -1 }],
  [{ prefix: 'no prefix' }],
  [{ deadline: 0 }],
])('a cache that is refused leaves nothing behind that watches its server or its bus, and no timer: %j', (options) => {
  jest.useFakeTimers();
  try {
    expect(() => new NamedCache('refused', { l2: new WatchedBackend(), bus: new WatchedBus(), ...options })).toThrow(MisuseError);
    expect({ watches, timers: jest.getTimerCount() }).toEqual({ watches: 0, timers: 0 });
  } finally {
    jest.useRealTimers();
  }
});

test('one that is taken watches both, until it is closed', async () => {
  const cache = new NamedCache('taken', { l2: new WatchedBackend(), bus: new WatchedBus() });
  expect(watches).toBe(2);
  await cache.close();
  expect(watches).toBe(0);
});
