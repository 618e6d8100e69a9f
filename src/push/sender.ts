export type PushProvider = 'apns' | 'apns.dev' | 'fcm'

export interface PushMessage {
  readonly provider: PushProvider
  /** The app: `TEAMID.bundle.id.voip` at Apple, the project at Google. */
  readonly param: string
  /** The device, as its push service names it. */
  readonly prid: string
  readonly type: 'background' | 'message' | 'call'
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
