import { NamedCache } from '../../src/named-cache/named-cache';

test('a listener that throws, at once or later, is told of as a warning, and nothing else fails', async () => {
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    const cache = new NamedCache('heard', { maxEntries: 3 });
    cache.on('set', () => {
      throw new Error('at once');
    });
    // As a program has it that does not know that nobody waits.
    cache.on('hit', (): unknown => Promise.reject(new Error('later')));
    await cache.set('k', 1);
    expect(await cache.get('k')).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(emit.mock.calls.map(([text]) => /at once|later/.exec(String(text))?.[0])).toEqual(['at once', 'later']);
  } finally {
    emit.mockRestore();
  }
});
