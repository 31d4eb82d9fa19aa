import { Cron } from 'croner';
import { durationMs, MisuseError, OrmoluError, typeName, type Duration } from '@ormolu/kernel';

/** When entries are taken out by themselves, and which: all, or those of one model, tag or pattern. */
export interface ScheduledInvalidation {
  /** Of the time of day: five fields, or six with seconds, or a nickname: `'0 3 * * *'`, `'@hourly'`. Either this or `every`. */
  readonly cron?: string | undefined;
  /** Whose time of day: `'Europe/Brussels'`. @defaultValue that of the process */
  readonly timeZone?: string | undefined;
  /** Again and again after so long. */
  readonly every?: Duration | undefined;
  /** At most one of these three; without, all goes. */
  readonly model?: string | undefined;
  readonly tag?: string | undefined;
  readonly pattern?: string | undefined;
}

/** What a schedule does with a cache. */
export interface Invalidated {
  deleteByModel(model: string): Promise<number>;
  deleteByTag(tag: string): Promise<number>;
  deleteByPattern(pattern: string): Promise<number>;
  clear(): Promise<void>;
}

const OPTIONS: Readonly<Record<keyof ScheduledInvalidation, true>> = { cron: true, timeZone: true, every: true, model: true, tag: true, pattern: true };

/** What a timer of Node can wait. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/**
 * Looks whether a schedule is one, and begins nothing: what is refused leaves no timer behind.
 *
 * @returns begins to take entries out whenever the time has come, and gives what ends it; the process may end meanwhile
 * @throws {MisuseError} TIER_SCHEDULE, DURATION_INVALID
 */
export function checkedSchedule(name: string, schedule: ScheduledInvalidation): (cache: Invalidated) => () => void {
  const wrong = (what: string, cause?: unknown): MisuseError => new MisuseError('TIER_SCHEDULE', `Cache '${name}': ${what}`, { cause });
  if (typeof schedule !== 'object' || (schedule as unknown) === null) throw wrong(`a schedule is ${typeName(schedule)}. Give an object, as { every: '1h' }.`);
  for (const option of Object.keys(schedule)) {
    // What it does not know might be what it was to take out: without, that would be all.
    if (!Object.hasOwn(OPTIONS, option)) throw wrong(`a schedule has no '${option}'. There are ${Object.keys(OPTIONS).join(', ')}.`);
  }
  const { cron, timeZone, every, model, tag, pattern } = schedule;
  for (const [option, value] of Object.entries({ model, tag, pattern })) if (value !== undefined && typeof value !== 'string') throw wrong(`the ${option} of a schedule is ${typeName(value)}. Give a text.`);
  if ((cron === undefined) === (every === undefined)) throw wrong("a schedule wants either cron, as { cron: '0 3 * * *' }, or every, as { every: '1h' }.");
  if ([model, tag, pattern].filter((one) => one !== undefined).length > 1) throw wrong('a schedule takes out what one model, tag or pattern says. Make several schedules of it.');
  const workOn = (cache: Invalidated) => (): void => {
    const gone: Promise<unknown> = model !== undefined ? cache.deleteByModel(model) : tag !== undefined ? cache.deleteByTag(tag) : pattern !== undefined ? cache.deleteByPattern(pattern) : cache.clear();
    // A cache without its server does what it can, and does not fail.
    void gone;
  };
  if (every !== undefined) {
    const everyMs = durationMs(every, 'every');
    if (everyMs <= 0 || everyMs > LONGEST_TIMER_MS) throw wrong('the interval of a schedule is longer than zero and at most 24 days. Give a cron text for more.');
    return (cache) => {
      const timer = setInterval(workOn(cache), everyMs).unref();
      return () => clearInterval(timer);
    };
  }
  try {
    const job = new Cron(cron ?? '', { unref: true, ...(timeZone === undefined ? {} : { timezone: timeZone }) });
    if (job.nextRun() !== null) {
      return (cache) => {
        job.schedule(workOn(cache));
        return () => job.stop();
      };
    }
  } catch (cause) {
    if (OrmoluError.is(cause)) throw cause;
    throw wrong(`'${String(cron)}' is no time for a schedule. Give five fields, minute to day of week: '0 3 * * *'; and a time zone as 'Europe/Brussels'.`, cause);
  }
  throw wrong(`'${String(cron)}' never comes again.`);
}
