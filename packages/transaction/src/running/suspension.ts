/** Thrown through the user's function to leave it; one object for all, since nobody reads its stack. */
class Suspension extends Error {
  constructor() {
    super('A read inside env.run() waits for values. Let this error pass: catch only the errors you expect.');
    this.name = 'Suspension';
  }
}

export const SUSPENSION: Suspension = new Suspension();

/** Tells a suspension from an error of the user's, so that engine code in between lets it pass. */
export function isSuspension(error: unknown): boolean {
  return error === SUSPENSION;
}
