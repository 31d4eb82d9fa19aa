import { MisuseError } from './errors';

/** A length of time: milliseconds, or a number with its unit: `'250ms'`, `'30s'`, `'5m'`, `'1h'`, `'2d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/**
 * A length of time in milliseconds.
 *
 * @param name - what it is for, as the error names it
 * @throws {MisuseError} DURATION_INVALID when it is none, endless, or below zero
 */
export function durationMs(duration: Duration, name: string): number {
  if (typeof duration === 'number' && duration >= 0 && Number.isFinite(duration)) return duration;
  const [, amount, unit] = typeof duration === 'string' ? (TEXT.exec(duration) ?? []) : [];
  const unitMs = unit === undefined ? undefined : UNIT_MS[unit];
  const ms = unitMs === undefined ? Infinity : Number(amount) * unitMs;
  if (Number.isFinite(ms)) return ms;
  throw new MisuseError('DURATION_INVALID', `${name} is ${typeof duration === 'number' ? String(duration) : JSON.stringify(duration)}, which is no length of time. Give milliseconds, or a number with its unit: '250ms', '30s', '5m', '1h', '2d'; a ttl of 0 never expires.`);
}
