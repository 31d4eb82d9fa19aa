/** What a second level has done. */
export interface SharedCounts {
  /** Of the keys that were asked of the server: there was something that holds. */
  hits: number;
  /** There was nothing, or nothing but who is loading it or has failed to. */
  misses: number;
  /** Entries that are no longer believed: the cache was emptied, a tag taken out, the server restarted. */
  overruled: number;
  /** Bytes that are no entry of ours, were cut off or changed, or are not sealed as they are to be. */
  unreadable: number;
  tooLarge: number;
  /** Values that are no data: functions, objects of classes. */
  noData: number;
  /** Times that all it holds was given up. */
  forgotten: number;
}
