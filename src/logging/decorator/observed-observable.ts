import { AsyncResource } from 'node:async_hooks';
import { isObservable, Observable } from 'rxjs';
import { isRecord } from '../../common/primitives.js';
import type { CallEnd } from './call-end.js';

/** A subject is a source that others feed, and has no end of its own. */
export const isSource = (value: unknown): value is Observable<unknown> =>
  isObservable(value) && !(isRecord(value) && typeof value['next'] === 'function');

/** The same values at the same times; its end, or the last listener's going, ends the call with the last value. */
export function observeObservable(source: Observable<unknown>, end: CallEnd): Observable<unknown> {
  return new Observable((subscriber) => {
    let last: unknown;
    // What the source does belongs to the call, what its listener does to the listener.
    const outside = AsyncResource.bind((tell: () => void) => tell());
    const subscription = end.within(() =>
      source.subscribe({
        next: (value) => {
          last = value;
          outside(() => subscriber.next(value));
        },
        error: (error: unknown) => {
          end.failed(error);
          outside(() => subscriber.error(error));
        },
        complete: () => {
          end.succeeded(last);
          outside(() => subscriber.complete());
        },
      }),
    );
    return () => {
      end.succeeded(last);
      subscription.unsubscribe();
    };
  });
}
