/** From this version on the server keeps its statistics where asking when they were reset takes no time. */
const KEEPS_STATISTICS = 150_000;

/**
 * Asks since when the server runs, and when it has last begun its statistics anew, which it does when it comes up from a crash.
 *
 * A crash loses what was not written down: commits of who did not wait for that, and numbers of transactions that left nothing else. The server gives
 * those numbers out again, and who goes on polling from where it was never hears of the new ones. When a server is restarted in order, the statistics stay.
 */
export const RUNNING: string = `concat(extract(epoch from pg_postmaster_start_time()), '+', case when current_setting('server_version_num')::int4 >= ${KEEPS_STATISTICS} then extract(epoch from pg_stat_get_bgwriter_stat_reset_time()) end)`;

/** Of what was answered, the part that is another one after a crash: without statistics, each start of the server may have followed one. */
export function crashOf(running: string): string {
  const [started = '', reset = ''] = running.split('+');
  return reset === '' ? started : reset;
}
