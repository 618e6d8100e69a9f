export const PUSH_PROVIDERS = ['apns.dev', 'apns', 'fcm'] as const
export type PushProvider = (typeof PUSH_PROVIDERS)[number]

export const PUSH_TYPES = ['background', 'message', 'call'] as const

/** What `pn_param` and `pn_prid` may be made of, in any push service. */
export const PN_PARAM = /^[A-Za-z0-9_.]+$/
export const PN_PRID = /^[A-Za-z0-9_:-]+$/

/** After so long a phone that was off gets too late what it was sent. */
export const LIFETIME_SECONDS = { background: 3600, message: 28 * 86_400, call: 60 } as const

export interface PushMessage {
  readonly provider: PushProvider
  /** The app: `TEAMID.bundle.id.voip` at Apple, the project at Google. */
  readonly param: string
  /** The device, as its push service names it. */
  readonly prid: string
  readonly type: (typeof PUSH_TYPES)[number]
  /** Members that the app finds at the top level of what it receives. */
  readonly payload: Readonly<Record<string, string>> | null
  readonly callId: string | null
}

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** It works, and yet somebody should look. */
  readonly warns?: boolean
  /** What to do about it, as a sentence. */
  readonly hint?: string
}

/** One way to send. Gives up when `signal` says so, and fails with a `PushFailure`. */
export interface Sender {
  readonly send: (message: PushMessage, signal: AbortSignal) => Promise<void>
  readonly check: () => Promise<readonly Check[]>
  readonly close: () => Promise<void>
}
