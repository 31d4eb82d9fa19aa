import { AsyncLocalStorage } from 'node:async_hooks';

test('the async storages of a test file are off when the next file begins, in the same process', () => {
  const earlier = new AsyncLocalStorage<string>();
  earlier.run('of this file', () => {
    expect(earlier.getStore()).toBe('of this file');
    jest.isolateModules(() => {
      jest.requireActual('../jest/earlier-flows');
    });
    expect(earlier.getStore()).toBeUndefined();
  });
  // Whoever still uses one has it.
  earlier.run('again', () => {
    expect(earlier.getStore()).toBe('again');
  });
});
