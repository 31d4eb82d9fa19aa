import './global-setup';

/** After the last test file. A run that dies before this leaves no server either: the supervisor sees it. */
export default async function tearDown(): Promise<void> {
  await globalThis.ormoluServices?.stop();
}
