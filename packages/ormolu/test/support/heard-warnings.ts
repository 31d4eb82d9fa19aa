/** The warnings of this process from now on, by their codes and texts; they are not printed. Jest gives tests a `process` whose events are others. */
export function heardWarnings(): { readonly take: () => readonly string[]; readonly end: () => void } {
  const heard: string[] = [];
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation((warning, options) => {
    heard.push(`${typeof options === 'object' ? String((options as { readonly code?: string }).code) : ''} ${String(warning)}`);
  });
  return { take: () => heard.splice(0), end: () => { spy.mockRestore(); } };
}
