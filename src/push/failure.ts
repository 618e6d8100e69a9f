/** Why a push was not sent, in words of ours: log lines and tests name them, replies do not. */

export type PushReason =
  | 'no_credentials' // nothing is configured for this app
  | 'credentials' // a key, certificate or account file is missing, unreadable or broken
  | 'wrong_key' // the service does not accept our key for this app
  | 'bad_topic' // the app named by `pn_param` is unknown to the service, or is no name of an app
  | 'bad_device' // `pn_prid` is no device of this app
  | 'unregistered' // the app was removed from the device
  | 'rate_limited'
  | 'refused' // any other answer that says no
  | 'unavailable' // the service answered that it is out of order
  | 'connection' // no connection, or one that broke
  | 'timeout'
  | 'program' // the operator's program ended with a status other than 0, or could not be started

interface Details {
  /** HTTP status, or exit status of the program. */
  readonly status?: number | null
  /** What the service says in its own word, such as `BadDeviceToken`. Never an answer's body. */
  readonly detail?: string | null
  readonly cause?: unknown
}

export class PushFailure extends Error {
  readonly reason: PushReason
  readonly status: number | null
  readonly detail: string | null

  constructor(reason: PushReason, { status = null, detail = null, cause }: Details = {}) {
    super(detail === null ? reason : `${reason}: ${detail}`, { cause })
    this.name = 'PushFailure'
    this.reason = reason
    this.status = status
    this.detail = detail
  }
}

/** What `work` gives, or the reason of `signal` as soon as it is aborted. */
export const unlessAborted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const giveUp = () => reject(signal.reason)
  if (signal.aborted) giveUp()
  else signal.addEventListener('abort', giveUp, { once: true })
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', giveUp))
}
