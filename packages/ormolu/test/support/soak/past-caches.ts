import type { Rung } from '@ormolu/kernel';

/** A question for the database itself: a server's caches leave it alone, too. */
export function past<Q extends object>(question: Q): Q {
  return { ...question, past: true };
}

/** A ladder that such questions go by. */
export function passable(rung: Rung): Rung {
  const isPast = (question: object): boolean => 'past' in question;
  return {
    name: rung.name,
    capabilities: rung.capabilities,
    read: (session, question) => (isPast(question) ? session.read(question) : rung.read(session, question)),
    query: (session, query) => (isPast(query) ? session.query(query) : rung.query(session, query)),
    count: (session, query) => (isPast(query) ? session.count(query) : rung.count(session, query)),
    group: (session, query) => (isPast(query) ? session.group(query) : rung.group(session, query)),
    publish: (commit) => rung.publish(commit),
    stats: () => rung.stats(),
  };
}
